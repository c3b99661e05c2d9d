"""DAO on Amazon Redshift. Names are loaded lazily; importing this imports no driver."""

from __future__ import annotations

__all__: list[str] = []
