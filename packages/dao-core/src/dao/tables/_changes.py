"""Change rows of ``read_changes``, marked and selected; writes, upserts and deletes of a table in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from dao.arrow.convert import conform, find_names, select_fields
from dao.arrow.predicates import filter_table, parse
from dao.errors import AlreadyExistsError
from dao.results import Version
from dao.tables._matching import Matcher, numbers, precedes, winners
from dao.tables._schemas import reconcile

__all__ = [
    "CHANGE_COLUMNS",
    "ChangeType",
    "Merged",
    "delete_from_table",
    "mark_changes",
    "merge_tables",
    "select_changes",
    "write_to_table",
]

CHANGE_COLUMNS = ("_change_type", "_version", "_timestamp")
"""The columns that ``read_changes`` appends to the table's own, in this order: string, int64, timestamp[us, UTC]."""

ChangeType = Literal["insert", "delete", "update_before", "update_after"]


def mark_changes(rows: pa.Table, change_type: ChangeType, version: Version) -> pa.Table:
    """Append :data:`CHANGE_COLUMNS` to rows: ``_timestamp`` is in microseconds, UTC.

    Args:
        rows: the rows that a version added or removed.
        change_type: the kind of change, the same for all rows.
        version: the version, with its commit time.

    >>> from datetime import UTC, datetime
    >>> marked = mark_changes(pa.table({"id": [7]}), "insert", Version(3, datetime(2025, 3, 1, tzinfo=UTC)))
    >>> marked.drop_columns("_timestamp").to_pylist()
    [{'id': 7, '_change_type': 'insert', '_version': 3}]
    """
    moment = pa.scalar(version.timestamp, pa.timestamp("us", "UTC"))
    for name, value in zip(CHANGE_COLUMNS, (change_type, version.version, moment), strict=True):
        rows = rows.append_column(name, pa.repeat(value, rows.num_rows))
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
        gone: the stored rows that were deleted or updated, with their old values.
        came: the new values of the updated rows, in the order of ``gone``, followed by the inserted rows.
    """

    rows: pa.Table
    gone: pa.Table
    came: pa.Table


def merge_tables(
    stored: pa.Table | None, source: pa.Table, keys: Sequence[str] | None, order_by: Sequence[str] | None = None
) -> Merged:
    """Upsert rows into a table in memory, by the rules of the contract.

    Args:
        stored: the table's rows; None if the table doesn't exist yet.
        source: the rows to upsert, with the table's columns.
        keys: the columns that identify a row.
        order_by: a source row that is older by these columns than the stored row of its key is ignored.

    Raises:
        DataError: the columns don't fit, a key is null or NaN, or a key is repeated and there is no ``order_by``.

    >>> stored, source = pa.table({"id": [1, 2], "v": ["a", "b"]}), pa.table({"id": [2, 3], "v": ["B", "C"]})
    >>> merge_tables(stored, source, ["id"]).rows.to_pylist()
    [{'id': 1, 'v': 'a'}, {'id': 2, 'v': 'B'}, {'id': 3, 'v': 'C'}]
    """
    old = source.schema.empty_table() if stored is None else stored
    schema = reconcile(old.schema, source.schema, "strict", keys or ())
    names, order = find_names(schema, keys or (), "keys"), find_names(schema, order_by or (), "order_by")
    arrivals = winners(conform(source.to_reader(), schema).read_all(), names, order)
    place = Matcher.of(arrivals, names).match(old)
    met, theirs = old.filter(place.is_valid()), arrivals.take(place.drop_null())
    newer = pc.invert(precedes(theirs, met, order))
    kept = pa.concat_tables([old.filter(place.is_null()), met.filter(pc.invert(newer))])
    unknown = pc.invert(pc.is_in(numbers(arrivals.num_rows), value_set=place.drop_null()))
    came = pa.concat_tables([theirs.filter(newer), arrivals.filter(unknown)])
    return Merged(pa.concat_tables([kept, came]), met.filter(newer), came)


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
