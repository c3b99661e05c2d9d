"""DAO on SQL databases. Names are loaded lazily; importing this imports no driver."""

from __future__ import annotations

__all__: list[str] = []
