"""DAO on Apache Iceberg. Names are loaded lazily; importing this imports no driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_iceberg._interface import IcebergInterface
    from dao_iceberg._objects import IcebergObject, S3IcebergObject

_HOMES = {
    "IcebergInterface": "dao_iceberg._interface",
    "IcebergObject": "dao_iceberg._objects",
    "S3IcebergObject": "dao_iceberg._objects",
}

__all__ = ["IcebergInterface", "IcebergObject", "S3IcebergObject"]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
