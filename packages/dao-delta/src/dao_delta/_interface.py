"""The interface ``delta``: the actions on Delta tables of a folder or an object store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import define

from dao.capabilities import Capabilities
from dao.data_object import DataObject
from dao.display import even_half_made
from dao.errors import DaoError
from dao_delta._routes.operations import OperationRoutes
from dao_delta._routes.reading import ReadingRoutes
from dao_delta._routes.writing import WritingRoutes

__all__ = ["DeltaInterface"]

_ONE_LINE = "a Delta table has one line of versions"
_TABLES = "a store of Delta tables keeps tables alone"

CAPABILITIES = Capabilities(
    lacks_operations={
        "expire": "vacuum removes what old versions need, and the log's own retention the versions",
        "orphans": "vacuum removes them too",
        "analyze": "statistics are written with the rows",
    },
    lacks_features={
        "files": _TABLES,
        "foreign_files": "a Delta table is the files that its log names",
        "branches": _ONE_LINE,
        "tags": _ONE_LINE,
    },
    lacks_types={
        "null": "Delta has no such type",
        "uint64": "Delta has no unsigned integers",
        "decimal256": "Delta's decimals have up to 38 digits",
        **dict.fromkeys(("time_s", "time_ms", "time_us", "time_ns"), "Delta has no times of day"),
        "timestamp_ns": "Delta's timestamps are of microseconds",
        "duration": "Delta has no lengths of time",
        "names_by_case": "Delta ignores the case of names",
    },
    relaxes={
        "layout": "Delta has one type of text and one of bytes",
        "dictionary": "Delta has values alone",
        "fixed_size": "Delta has bytes and lists of any length alone",
        "integers": "Delta has signed integers of 8, 16, 32 and 64 bits: uint8 becomes int16",
        "floats": "Delta has floats of 32 and 64 bits",
        "units": "Delta has microseconds alone, and dates in days",
        "zones": "Delta keeps instants, in UTC",
        "uuid": "Delta has no such type",
    },
)


@even_half_made
@define(slots=False, kw_only=True)
class DeltaInterface(ReadingRoutes, WritingRoutes, OperationRoutes):
    """Delta tables without a JVM.

    **Objects** are tables: the folder of one is the object's key below the store's root.

    **Safety.** A change is one commit: all of it or nothing, whatever fails and whenever the process is killed. Readers
    see one version whole. After a conflict with another writer a change is planned again on the new version, for up to
    ``conflict_timeout`` seconds, then it is a ConflictError. A commit whose answer was lost is found in the log.

    Attributes:
        conflict_timeout: seconds for which an action is tried again after a conflict with another writer.
        compression: the codec of new data files: ``snappy``, ``zstd``, ``gzip``, ``lz4`` or ``none``.
        target_file_size: bytes after which a new data file is begun.
    """

    capabilities: ClassVar[Capabilities] = CAPABILITIES
    table_formats: ClassVar[tuple[str, ...]] = ("delta", "parquet")

    def plan_call(
        self, action: str, data_object: DataObject, arguments: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Plan a call, raising its errors that don't depend on the store's content; see :mod:`dao.interface`."""
        from dao_delta._routes.calls import plan

        return plan(self._client, action, data_object, arguments)

    def translate_error(self, error: Exception) -> DaoError | None:
        """Translate a driver's error; None for one that is a bug rather than a refusal."""
        from dao_delta._errors import translate

        return translate(error)
