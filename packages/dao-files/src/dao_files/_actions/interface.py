"""The interface to files: all actions over any file storage.

An interface inherits :class:`FilesInterface` and defines its :class:`~dao_files.storage.Storage`; see
:mod:`dao_files._local.interface` for a short example. Arrow is imported when a route needs it: configs are checked,
bytes are read and written, and files are listed, copied and deleted without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import define

from dao.capabilities import Capabilities
from dao.data_object import DataObject
from dao.errors import DaoError
from dao_files._actions.reading_routes import ReadingRoutes
from dao_files._actions.writing_routes import WritingRoutes
from dao_files._storage.faults import translate  # early: imports fail once too many files are open

__all__ = ["FilesInterface"]

_NOW = "files keep what is there now"

_FILES = Capabilities(
    lacks_actions={"read_changes": _NOW},
    lacks_operations={
        "compact": "a write rewrites a table's layout; write it again with mode='overwrite'",
        "vacuum": "each write removes what killed ones have left",
        "expire": _NOW,
        "orphans": "each write removes leftovers of killed writers; other files aren't DAO's",
        "restore": _NOW,
        "analyze": "the files bring their own statistics",
    },
    lacks_features={
        "time_travel": _NOW,
        "branches": _NOW,
        "tags": _NOW,
    },
    formats=("parquet", "csv", "ndjson", "json", "arrow", "orc", "avro"),
)
"""The capabilities that tables of files lack on any storage."""


@define(slots=False)
class FilesInterface(ReadingRoutes, WritingRoutes):
    """All actions over the files of a :class:`~dao_files.storage.Storage`.

    **Objects.** A :class:`~dao.data_object.FileObject` is one file. A :class:`~dao.data_object.TableObject` or
    :class:`~dao.data_object.DirectoryObject` is a directory: all files below it, except files whose names, or whose
    folders' names, begin with ``.`` or ``_``. The kind of a plain :class:`~dao.data_object.DataObject` is the kind of
    the existing content; a new one is a file if its key has the suffix of a format (``.csv``, ``.parquet``...), else a
    directory. ``path=`` is one file: its path relative to the store's root, or its full URI.

    **Formats.** The format is ``format=``, else the object's ``format``, else the format of the files' suffixes, else,
    for a new table, Parquet; in memory Arrow. Options of a format (``delimiter``, ``compression``...) are keyword
    arguments or properties of the object.

    **Partitions.** Folders such as ``country=DE`` are columns. Their types are those of the declared ``schema``, else
    of the table as DAO wrote it, else inferred from the folders' texts: int64, date32 or string.

    **Safety.** Each change is published in one step. Readers, including those that began before, see all of the old
    data or all of the new, whatever fails and whenever the process is killed; the next writer removes the leftovers of
    a killed one. Concurrent writers of one object wait for each other.

    **Versions.** DAO stores a log in each tree that it writes, so results have version numbers. There's no time travel.
    """

    takes_format_options: ClassVar[bool] = True
    capabilities: ClassVar[Capabilities] = _FILES

    def plan_call(
        self, action: str, data_object: DataObject, arguments: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Plan a call, raising its errors that don't depend on the store's content; see :mod:`dao.interface`."""
        from dao_files._actions.planning import plan

        return plan(self.storage, action, data_object, arguments, options)

    def translate_error(self, error: Exception) -> DaoError | None:
        """Translate a driver's error; None for one that is a bug rather than a refusal."""
        return translate(error, self.storage)
