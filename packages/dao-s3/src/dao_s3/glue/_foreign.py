"""Placeholder types for tables of backends that aren't installed, so that they are listed."""

from __future__ import annotations

from dao.data_object import TableObject

__all__ = ["FOREIGN", "DeltaTable", "HudiTable", "IcebergTable"]


class IcebergTable(TableObject):
    """An Iceberg table; dao-iceberg has a class of its own for it."""

    type_name = "iceberg"
    table_format = "iceberg"


class DeltaTable(TableObject):
    """A Delta table; dao-delta has a class of its own for it."""

    type_name = "delta"
    table_format = "delta"


class HudiTable(TableObject):
    """A Hudi table; dao-hudi has a class of its own for it."""

    type_name = "hudi"
    table_format = "hudi"


FOREIGN = {kind.type_name: kind for kind in (IcebergTable, DeltaTable, HudiTable)}
"""The stand-ins by type."""
