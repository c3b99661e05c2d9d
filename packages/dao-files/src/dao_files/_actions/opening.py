"""Opens a snapshot as a table, and finds out its format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dao.data_object import DataObject
from dao.errors import DataError
from dao.results import FileInfo
from dao_files._actions.contents import (
    below,
    check_only_rows,
    format_within,
    no_files_error,
    refuse_lakehouses,
    shown_files,
)
from dao_files._actions.log import Log, Record, fingerprint_of
from dao_files._actions.options import format_options, refuse_versions
from dao_files._actions.tables import StoredTable, declared_schema
from dao_files.formats import FORMATS, get_format
from dao_files.formats._options import Direction

if TYPE_CHECKING:
    from dao_files._storage.storage import Snapshot

__all__ = ["open_table"]


def open_table(
    snapshot: Snapshot,
    data_object: DataObject,
    *,
    format: str | None = None,
    schema: Any = None,
    options: Mapping[str, Any] | None = None,
    direction: Direction | None = None,
    log: Log | None = None,
) -> StoredTable:
    """Open a snapshot as a table. Reads no data; a file is opened only when the schema is needed.

    Args:
        snapshot: the snapshot.
        data_object: the object that it is opened as.
        format: the format's name; None to infer it from the log or the files.
        schema: the schema that the caller or the object declares.
        options: the format's options of the call.
        direction: what the call does; None for one that reads and rewrites files.
        log: the snapshot's log, if it has been read already.

    Raises:
        NotFoundError: there is no data file.
        DataError: the format is unknown, or there are foreign files.
        UnsupportedError: an unknown format or option, an option of the other direction, or a table of a lakehouse
            format.
    """
    refuse_versions(options or {})
    log = log or Log.of(snapshot)
    shown = shown_files(snapshot)
    newest = log.newest
    if newest is not None and newest.fingerprint != fingerprint_of((below(i.key, snapshot.key), i.size) for i in shown):
        newest = None
    if newest is not None and newest.format != (get_format(format).name if format else newest.format or ""):
        newest = None
    if not shown and newest is None:
        refuse_lakehouses(snapshot)
        raise no_files_error(snapshot.key, log)
    found = get_format(format or _format_of(snapshot, shown, log, newest))
    remembered = log.spelling(found.name)
    checked_options = format_options(
        found, data_object, options or {}, direction=direction, remembered=remembered or {}
    )
    if newest is None and not snapshot.is_file:
        check_only_rows(snapshot, shown, found, checked_options)
    return StoredTable(
        snapshot,
        found,
        checked_options,
        shown,
        log,
        newest,
        declared_schema(schema),
        returned=direction == "reading",
    )


def _format_of(snapshot: Snapshot, shown: Sequence[FileInfo], log: Log, newest: Record | None) -> str:
    """Determine the format of a table without a declared one."""
    if newest is not None and newest.format is not None:
        return newest.format
    recorded = log.newest.format if log.newest is not None else None
    try:
        named = format_within(snapshot, shown)
    except DataError:
        if recorded is None:
            raise
        named = recorded
    if named is None and recorded is None:
        raise DataError(
            f"no format is known for {snapshot.key!r}: its file names don't say; give format= "
            f"({', '.join(sorted(FORMATS))}), or the object a format"
        )
    return named or str(recorded)
