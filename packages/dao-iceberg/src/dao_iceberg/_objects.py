"""Iceberg tables as data objects: which table of the catalog one is, and how a new one is laid out."""

from __future__ import annotations

from typing import Any, ClassVar

from dao.data_object import TableObject
from dao.data_store import DataStore
from dao.errors import DataError

__all__ = ["IcebergObject", "S3IcebergObject"]


class IcebergObject(TableObject):
    """An Iceberg table. Its key is its name in the catalog: ``sales/eu/orders`` is ``orders`` of the namespace
    ``sales.eu``.

    ``partition_by`` (or ``partition_keys``) says how a new table is partitioned: by columns, or by transforms of them:
    ``bucket(16, id)``, ``truncate(4, name)``, ``year(at)``, ``month(at)``, ``day(at)`` and ``hour(at)``. ``sort_by``
    says in which order rows are in its files: ``at``, ``at desc``, ``bucket(16, id) nulls last``. ``keys`` are the
    columns that identify a row.

    >>> IcebergObject("orders", prefix="sales/orders", partition_by=["day(at)"]).key
    'sales/orders'
    """

    type_name = "iceberg"
    table_format: ClassVar[str] = "iceberg"

    def __init__(self, identifier: str, data_store: DataStore | None = None, **properties: Any) -> None:
        if properties.get("format") not in (None, "iceberg", "parquet"):
            raise DataError(
                f"format: found {properties['format']!r} for an Iceberg table, whose data files are Parquet"
            )
        super().__init__(identifier, data_store, **properties)


class S3IcebergObject(IcebergObject):
    """An Iceberg table on S3.

    >>> S3IcebergObject("orders", prefix="sales/orders", partition_keys=["bucket(16, id)"]).key
    'sales/orders'
    """

    type_name = "s3.iceberg"
