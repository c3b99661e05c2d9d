"""The routes of ``run``: operations on a table that change no row, or bring older ones back."""

from __future__ import annotations

from dao_iceberg._base import IcebergBase

__all__ = ["OperationRoutes"]


class OperationRoutes(IcebergBase):
    """See :class:`dao_iceberg.IcebergInterface`."""
