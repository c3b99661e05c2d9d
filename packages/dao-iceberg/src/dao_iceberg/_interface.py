"""The interface ``iceberg``: the actions on Iceberg tables of a folder or an object store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import define

from dao.capabilities import Capabilities
from dao.data_object import DataObject
from dao.display import even_half_made
from dao.errors import DaoError
from dao_iceberg._routes.operations import OperationRoutes
from dao_iceberg._routes.reading import ReadingRoutes
from dao_iceberg._routes.tables import TableRoutes
from dao_iceberg._routes.writing import WritingRoutes

__all__ = ["IcebergInterface"]

_TABLES = "a store of Iceberg tables keeps tables alone"

CAPABILITIES = Capabilities(
    lacks_operations={
        "vacuum": "expire deletes the files of old versions, and orphans those of none",
        "analyze": "each write gathers the statistics by which files are skipped",
    },
    lacks_features={
        "files": _TABLES,
        "foreign_files": "an Iceberg table is the files that its manifests name",
    },
    lacks_types={
        "null": "Iceberg has no such type that can be written",
        "uint64": "Iceberg has no unsigned integers",
        "decimal256": "Iceberg's decimals have up to 38 digits",
        "time_ns": "Iceberg's times are of microseconds",
        "timestamp_ns": "Iceberg's timestamps are of microseconds",
        "duration": "Iceberg has no lengths of time",
    },
    relaxes=dict.fromkeys(
        ("layout", "dictionary", "fixed_size", "integers", "floats", "units", "zones"),
        "Iceberg has one type for them",
    ),
)


@even_half_made
@define(slots=False, kw_only=True)
class IcebergInterface(ReadingRoutes, WritingRoutes, OperationRoutes, TableRoutes):
    """Iceberg tables without a JVM.

    **Objects** are tables: the object's key is the table's name in the catalog, its folders are the namespace, and the
    files of a new table are in the folder of that key.

    **Safety.** A change is one commit: all of it or nothing, whatever fails and whenever the process is killed. Readers
    see one snapshot whole. After a conflict with another writer a change is planned again on the new snapshot, for up
    to ``conflict_timeout`` seconds, then it is a ConflictError. A commit whose answer was lost is found by
    its snapshot.

    Attributes:
        conflict_timeout: seconds for which an action is tried again after a conflict with another writer.
        compression: the codec of new data files: ``zstd``, ``snappy``, ``gzip``, ``lz4`` or ``none``.
        target_file_size: bytes after which a new data file is begun.
    """

    capabilities: ClassVar[Capabilities] = CAPABILITIES
    table_formats: ClassVar[tuple[str, ...]] = ("iceberg", "parquet")

    def plan_call(
        self, action: str, data_object: DataObject, arguments: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Plan a call, raising its errors that don't depend on the store's content; see :mod:`dao.interface`."""
        from dao_iceberg._routes.calls import plan

        return plan(self._client, action, data_object, arguments)

    def translate_error(self, error: Exception) -> DaoError | None:
        """Translate a driver's error; None for one that is a bug rather than a refusal."""
        from dao_iceberg._errors import translate

        return translate(error)
