"""The target of a write: how to write it, and the existing table."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import evolve, field, frozen

from dao.data_object import DataObject
from dao.errors import DaoError, DataError
from dao_files._actions.committing import log_of
from dao_files._actions.contents import check_replaceable, holds_table, other_formats, shown_files
from dao_files._actions.log import Log
from dao_files._actions.tables import StoredTable, open_table
from dao_files.formats import get_format

if TYPE_CHECKING:
    from dao_files._storage.storage import Change

__all__ = ["Writing", "open_target", "table_there"]


@frozen
class Writing:
    """How to write rows, according to the call and the object.

    Attributes:
        data_object: the object.
        mode: what to do with what is there.
        format: the format's name, None where only a file's name says it.
        partition_by: the partition columns; None if undeclared, empty for none.
        schema_mode: ``strict`` or ``evolve``.
        options: the format's options that the call gives.
        held: the bytes that the rows take in memory already.
        schema: what the call or the object declares the data to be.
        default: the format of a new table without a declared one.
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


def table_there(change: Change, writing: Writing) -> StoredTable | None:
    """The table to append to or replace; None if there is nothing, or only markers.

    Raises:
        DataError: rows are to be added to a table of another format; or files would be replaced that are no rows.
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
    log = log_of(change)
    if writing.format is not None:
        newest = log.newest
        name = get_format(writing.format).name
        there = [newest.format] if newest is not None and newest.format else other_formats(shown_files(base), name)
        if there and name not in there:
            raise DataError(
                f"{base.key!r} is a table of {', '.join(there)} files: {name} files can't be added to it; overwrite it "
                "to change its format"
            )
    return open_target(change, writing, log=log)


def open_target(
    change: Change, writing: Writing, schema: pa.Schema | None = None, *, log: Log | None = None
) -> StoredTable:
    """What is at the key of a change, opened as the table that rows are added to; ``schema`` is what it becomes."""
    assert change.base is not None
    table = open_table(
        change.base, writing.data_object, format=writing.format, schema=schema, options=writing.options, log=log
    )
    if schema is None and table.record is None and writing.schema is not None:
        return evolve(table, declared=_type_as(table, writing.schema))
    return table


def _type_as(table: StoredTable, declared: pa.Schema) -> pa.Schema:
    """The schema of a table that others made: what its files leave open has the types that are declared."""
    left_open = set(table.partition_by if table.format.has_schema else table.schema.names)
    left_open &= set(declared.names)
    fields = [declared.field(field.name) if field.name in left_open else field for field in table.schema]
    return pa.schema(fields, metadata=table.schema.metadata)
