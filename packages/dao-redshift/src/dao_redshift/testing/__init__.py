"""A local Redshift for tests: a gateway in front of PostgreSQL that Redshift's own drivers talk to."""

from __future__ import annotations

__all__: list[str] = []
