"""Delta tables as data objects: where their log and data files are, and how a new table is laid out."""

from __future__ import annotations

from typing import Any, ClassVar

from dao.data_object import TableObject
from dao.data_store import DataStore
from dao.errors import DataError

__all__ = ["DeltaObject", "S3DeltaObject"]


class DeltaObject(TableObject):
    """A Delta table: everything below its key, as its log has it.

    ``partition_by`` (or ``partition_keys``) names the columns by which a new table is partitioned.

    >>> DeltaObject("orders", prefix="silver/orders", partition_by=["day"]).key
    'silver/orders'
    """

    type_name = "delta"
    table_format: ClassVar[str] = "delta"

    def __init__(self, identifier: str, data_store: DataStore | None = None, **properties: Any) -> None:
        if properties.get("format") not in (None, "delta", "parquet"):
            raise DataError(f"format: found {properties['format']!r} for a Delta table, whose data files are Parquet")
        super().__init__(identifier, data_store, **properties)


class S3DeltaObject(DeltaObject):
    """A Delta table on S3.

    >>> S3DeltaObject("orders", prefix="silver/orders", partition_keys=["day"]).key
    'silver/orders'
    """

    type_name = "s3.delta"
