"""Change rows of ``read_changes``, marked and selected; writes, upserts and deletes of a table in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from dao.arrow.convert import conform, find_names, repeated, select_fields
from dao.arrow.predicates import filter_table, parse
from dao.errors import AlreadyExistsError, DataError
from dao.results import Version
from dao.tables._deletes import CHANGE_COLUMNS, split_deletes
from dao.tables._matching import Matcher, numbers, precedes, winners
from dao.tables._schemas import reconcile

__all__ = [
    "CHANGE_COLUMNS",
    "ChangeType",
    "Merged",
    "check_change_columns",
    "delete_from_table",
    "mark_changes",
    "merge_tables",
    "select_changes",
    "write_to_table",
]

ChangeType = Literal["insert", "delete", "update_before", "update_after"]


def check_change_columns(names: Sequence[str]) -> None:
    """Check that a table has no column of :data:`CHANGE_COLUMNS`, which ``read_changes`` adds to its rows.

    Args:
        names: the table's columns.

    Raises:
        DataError: it has one.

    >>> check_change_columns(["id", "version"])
    """
    taken = [name for name in names if name in CHANGE_COLUMNS]
    if taken:
        raise DataError(
            f"the table has a column {taken[0]!r}, which read_changes and incremental copies add to its rows: rename it"
        )


def mark_changes(rows: pa.Table, change_type: ChangeType, version: Version) -> pa.Table:
    """Append :data:`CHANGE_COLUMNS` to rows: ``_timestamp`` is in microseconds, UTC.

    Args:
        rows: the rows that a version added or removed.
        change_type: the kind of change, the same for all rows.
        version: the version, with its commit time.

    Raises:
        DataError: the rows have one of these columns.

    >>> from datetime import UTC, datetime
    >>> marked = mark_changes(pa.table({"id": [7]}), "insert", Version(3, datetime(2025, 3, 1, tzinfo=UTC)))
    >>> marked.drop_columns("_timestamp").to_pylist()
    [{'id': 7, '_change_type': 'insert', '_version': 3}]
    """
    check_change_columns(rows.column_names)
    kinds = (pa.string(), pa.string() if isinstance(version.version, str) else pa.int64(), pa.timestamp("us", "UTC"))
    values = (change_type, version.version, version.timestamp)
    for name, value, kind in zip(CHANGE_COLUMNS, values, kinds, strict=True):
        rows = rows.append_column(name, repeated(value, kind, rows.num_rows))
    return rows


def select_changes(
    changes: pa.Table, columns: Sequence[str] | None = None, where: Any = None, limit: int | None = None
) -> pa.Table:
    """Filter and project change rows.

    Args:
        changes: rows of :func:`mark_changes`.
        columns: the projection, in this order, None for all columns; :data:`CHANGE_COLUMNS` always follow it.
        where: a predicate, which may use :data:`CHANGE_COLUMNS` too.
        limit: the maximum number of rows; None for no limit.

    Raises:
        DataError: a column doesn't exist, or the predicate doesn't fit the columns.
    """
    found = changes if where is None else filter_table(changes, where)
    names = [name for name in select_fields(changes.schema, columns).names if name not in CHANGE_COLUMNS]
    return found.slice(0, limit).select([*names, *CHANGE_COLUMNS])


@frozen
class Merged:
    """The result of a write, an upsert or a delete on the rows of a table.

    Attributes:
        rows: all rows of the table afterwards.
        gone: the stored rows that were updated, with their old values, followed by the deleted ones.
        came: the new values of the updated rows, in the order of ``gone``, followed by the inserted rows.
        updated: how many rows were updated.
    """

    rows: pa.Table
    gone: pa.Table
    came: pa.Table
    updated: int = 0


def merge_tables(
    stored: pa.Table | None,
    source: pa.Table,
    keys: Sequence[str] | None,
    order_by: Sequence[str] | None = None,
    delete_when: Any = None,
) -> Merged:
    """Upsert rows into a table in memory, by the rules of the contract.

    Args:
        stored: the table's rows; None if the table doesn't exist yet.
        source: the rows to upsert, with the table's columns.
        keys: the columns that identify a row.
        order_by: a source row that is older by these columns than the stored row of its key is ignored.
        delete_when: a predicate on the source's rows: where it is true, the stored row of the key is deleted. See
            :func:`split_deletes` for the columns that aren't stored then.

    Raises:
        DataError: the columns or the predicate don't fit, a key is null or NaN, or a key is repeated and there is no
            ``order_by``.

    >>> stored, source = pa.table({"id": [1, 2], "v": ["a", "b"]}), pa.table({"id": [2, 3], "v": ["B", "C"]})
    >>> merge_tables(stored, source, ["id"]).rows.to_pylist()
    [{'id': 1, 'v': 'a'}, {'id': 2, 'v': 'B'}, {'id': 3, 'v': 'C'}]
    >>> merge_tables(stored, source, ["id"], delete_when="v = 'B'").rows.to_pylist()
    [{'id': 1, 'v': 'a'}, {'id': 3, 'v': 'C'}]
    """
    names = find_names(source.schema, keys or (), "keys")
    order = find_names(source.schema, order_by or (), "order_by")
    known = None if stored is None else stored.schema
    split = split_deletes(winners(source, names, order), delete_when, known, names, order)
    schema = reconcile(split.rows.schema if known is None else known, split.rows.schema, "strict", names)
    rows = conform(split.rows.to_reader(), schema).read_all()
    old = rows.slice(0, 0) if stored is None else stored
    arrivals = _compared(rows, split.deletes, schema)
    place = Matcher.of(arrivals, names).match(old)
    met, at = old.filter(place.is_valid()), place.drop_null()
    newer = pc.invert(precedes(arrivals.take(at), met, order))
    updating = pc.less(at, rows.num_rows)
    updated = pc.and_(newer, updating)
    kept = pa.concat_tables([old.filter(place.is_null()), met.filter(pc.invert(newer))])
    unknown = pc.invert(pc.is_in(numbers(rows.num_rows), value_set=at))
    came = pa.concat_tables([rows.take(at.filter(updated)), rows.filter(unknown)])
    gone = pa.concat_tables([met.filter(updated), met.filter(pc.and_not(newer, updating))])
    return Merged(pa.concat_tables([kept, came]), gone, came, pc.sum(updated).as_py() or 0)


def _compared(rows: pa.Table, deletes: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns that decide, of the rows to store and, after them, of those that delete."""
    fields = pa.schema([schema.field(name) for name in deletes.column_names])
    return pa.concat_tables([rows.select(deletes.column_names), conform(deletes.to_reader(), fields).read_all()])


def write_to_table(stored: pa.Table | None, source: pa.Table, mode: str) -> Merged | None:
    """Write rows to a table in memory, by the rules of every ``mode=`` but ``overwrite_partitions``.

    Args:
        stored: the table's rows; None if the table doesn't exist yet.
        source: the rows to write.
        mode: a mode that passed :func:`check_mode`.

    Returns:
        The table's rows after the write, and the change; None if the table exists and the mode is ``ignore``.

    Raises:
        AlreadyExistsError: the table exists and the mode is ``error``.
        DataError: the rows are to be appended and don't have the table's columns.

    >>> write_to_table(pa.table({"id": [1]}), pa.table({"id": [2]}), "append").rows.to_pylist()
    [{'id': 1}, {'id': 2}]
    """
    none = source.slice(0, 0)
    if stored is None or mode == "overwrite":
        return Merged(source, none if stored is None else stored, source)
    if mode == "error":
        raise AlreadyExistsError("the table exists; use mode='append', 'overwrite' or 'ignore'")
    if mode == "ignore":
        return None
    came = conform(source.to_reader(), reconcile(stored.schema, source.schema, "strict")).read_all()
    return Merged(pa.concat_tables([stored, came]), came.slice(0, 0), came)


def delete_from_table(stored: pa.Table, where: Any) -> Merged:
    """Delete the rows of a table in memory for which ``where`` is true; rows for which it is NULL remain.

    Raises:
        DataError: the predicate doesn't fit the table's columns.

    >>> delete_from_table(pa.table({"id": [1, None]}), "id = 1").rows.to_pylist()
    [{'id': None}]
    """
    kept = filter_table(stored, f"({parse(where)}) IS NOT TRUE")
    return Merged(kept, filter_table(stored, where), stored.slice(0, 0))
