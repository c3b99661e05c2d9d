"""OpenLineage: events of what was read, written and copied. The extra ``lineage`` has what it needs.

It is off until it is enabled: by ``DAO_ENABLE=lineage`` in the environment, by ``Plugins(enable=["lineage"])``, or,
with a client of your own, by registering a :class:`Lineage`. Where events go is up to OpenLineage's own configuration.

Within a :func:`job` all that is read leads to all that is written; outside, each call is a job by itself. A whole
process is a job where ``DAO_LINEAGE_JOB`` in the environment names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao.lineage._jobs import job
    from dao.lineage._plugin import Lineage

_HOMES = {"Lineage": "dao.lineage._plugin", "job": "dao.lineage._jobs"}

__all__ = ["Lineage", "job"]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
