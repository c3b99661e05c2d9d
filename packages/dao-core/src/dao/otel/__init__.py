"""OpenTelemetry: a span and metrics for every action. The extra ``otel`` has what it needs, the API alone.

It is off until it is enabled: by ``DAO_ENABLE=otel`` in the environment, by ``Plugins(enable=["otel"])``, or, with
providers that aren't the global ones, by registering an :class:`OpenTelemetry`. Where spans and metrics go is up to the
SDK that the program sets up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao.otel._plugin import OpenTelemetry

_HOMES = {"OpenTelemetry": "dao.otel._plugin"}

__all__ = ["OpenTelemetry"]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
