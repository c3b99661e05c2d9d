"""The target of a write: the arguments of the write, and the existing table."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import evolve, field, frozen

from dao.data_object import DataObject
from dao.errors import DaoError, DataError
from dao.increments import Position
from dao_files._actions.committing import read_log
from dao_files._actions.contents import check_replaceable, holds_table, other_formats, shown_files
from dao_files._actions.keyed import Keyed
from dao_files._actions.log import Log
from dao_files._actions.opening import open_table
from dao_files._actions.tables import StoredTable
from dao_files.formats import get_format
from dao_files.formats._options import Direction

if TYPE_CHECKING:
    from dao_files._storage.storage import Change

__all__ = ["Writing", "open_existing", "open_target"]


@frozen
class Writing:
    """The arguments of a write of rows.

    Attributes:
        data_object: the object.
        mode: how existing content is treated.
        format: the format's name; None to infer it from existing files or the file's name.
        partition_by: the partition columns; None if undeclared, empty for none.
        schema_mode: ``strict`` or ``evolve``.
        options: the format's options of the call.
        held: the bytes that the rows already take in the caller's memory; 0 for a stream.
        schema: the schema of the data that the call or the object declares.
        default: the format of a new table without a declared one.
        direction: what the call does; None for one that rewrites files.
        keyed: the call, if it has an idempotency key.
        position: the position that the table gets to, if there is one.
    """

    data_object: DataObject
    mode: str = "error"
    format: str | None = None
    partition_by: tuple[str, ...] | None = None
    schema_mode: str = "strict"
    options: Mapping[str, Any] = field(factory=dict)
    held: int = 0
    schema: pa.Schema | None = None
    default: str = "parquet"
    direction: Direction | None = "writing"
    keyed: Keyed | None = None
    position: Position | None = None


def open_existing(change: Change, writing: Writing) -> StoredTable | None:
    """Open the table to append to or replace; None if there is none, or only markers.

    Raises:
        DataError: rows would be added to a table of another format or by other options, or foreign files would be
            replaced.
    """
    base = change.base
    if base is not None and writing.mode == "overwrite":
        check_replaceable(base, writing.format, leaves_hidden=True)
    if base is None or not holds_table(base.files, base.key):
        return None
    if writing.mode == "overwrite":
        with suppress(DaoError):  # an unreadable table can be replaced
            return open_target(change, Writing(writing.data_object))
        return None
    log = read_log(change)
    if writing.format is not None:
        newest = log.newest
        name = get_format(writing.format).name
        found = [newest.format] if newest is not None and newest.format else other_formats(shown_files(base), name)
        if found and name not in found:
            raise DataError(
                f"{base.key!r} is a table of {', '.join(found)} files: {name} files can't be added to it; overwrite it "
                "to change its format"
            )
    return open_target(change, writing, log=log).in_own_spelling()


def open_target(
    change: Change, writing: Writing, schema: pa.Schema | None = None, *, log: Log | None = None
) -> StoredTable:
    """Open the base of a change as the table to add rows to, read by ``schema`` if given."""
    assert change.base is not None
    table = open_table(
        change.base,
        writing.data_object,
        format=writing.format,
        schema=schema,
        options=writing.options,
        direction=writing.direction,
        log=log,
    )
    if schema is None and table.record is None and writing.schema is not None:
        return evolve(table, declared=_apply_declared(table, writing.schema))
    return table


def _apply_declared(table: StoredTable, declared: pa.Schema) -> pa.Schema:
    """Apply declared types to a table of another program, where its files don't store the types."""
    untyped = set(table.partition_by if table.format.has_schema else table.schema.names)
    untyped &= set(declared.names)
    fields = [declared.field(field.name) if field.name in untyped else field for field in table.schema]
    return pa.schema(fields, metadata=table.schema.metadata)
