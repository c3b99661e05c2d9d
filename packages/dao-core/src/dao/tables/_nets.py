"""The net of change rows: what is left of a range of versions, one row per key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dao.arrow.convert import find_names
from dao.arrow.predicates import filter_table
from dao.errors import DataError
from dao.tables._deletes import CHANGE_COLUMNS
from dao.tables._matching import Matcher, check_comparable, check_identifying, check_keys, key_columns, numbers, placed

__all__ = ["appended_rows", "net_changes"]

_CAME = ("insert", "update_after")
_ROW, _AGE, _SIGN = "__dao_row", "__dao_age", "__dao_sign"


def net_changes(changes: pa.Table, keys: Sequence[str], where: Any = None) -> pa.Table:
    """The net of change rows: for each key its last state.

    Args:
        changes: rows of ``read_changes``, in the order of their versions.
        keys: the columns that identify a row.
        where: only rows for which this predicate is true count: one that was updated so that it isn't is a deletion.

    Returns:
        A row per key, with the columns of the table and ``_change_type``: ``insert`` or ``update_after`` with the row
        as it is at the end, ``delete`` with the row as it was. Keys that came and went within the range have none.

    Raises:
        DataError: a key is null, or there are several rows of one key at a time.

    >>> changes = pa.table({
    ...     "id": [1, 2, 1, 1, 2], "v": ["a", "b", "a", "A", "b"],
    ...     "_version": [3, 3, 4, 4, 5], "_timestamp": [None] * 5,
    ...     "_change_type": ["insert", "insert", "update_before", "update_after", "delete"],
    ... })
    >>> net_changes(changes, ["id"]).to_pylist()
    [{'id': 1, 'v': 'A', '_change_type': 'insert'}]
    """
    check_keys(keys)
    names = find_names(changes.schema, keys, "keys")
    check_comparable("keys", names, changes.schema)
    check_identifying(changes, names)
    came = _column(pc.is_in(changes.column("_change_type"), value_set=pa.array(_CAME)))
    age = _ages(changes.column("_version"))
    groups = _groups(changes, names, came, age)
    place = Matcher.of(groups, names).match(changes)
    last = pc.and_(came, pc.equal(age, _column(groups.column(f"{_AGE}_max")).take(place)))
    living, dead = _split(groups, place.filter(last), names)
    rows = numbers(changes.num_rows).filter(last)
    kinds = pc.if_else(pc.equal(living, 1), "insert", "update_after")
    if where is not None:
        rows, kinds = _leaving(changes, rows, kinds, where)
    kinds = pa.concat_arrays([kinds, pa.repeat("delete", len(dead))])
    rows = pa.concat_arrays([rows, dead])
    order = pc.sort_indices(rows)
    return (
        changes.drop_columns(list(CHANGE_COLUMNS))
        .take(rows.take(order))
        .append_column("_change_type", kinds.take(order))
    )


def _ages(versions: pa.ChunkedArray) -> pa.Array:
    """For each row the number of its version in their order: the versions of some stores are no ascending numbers."""
    if len(versions) < 2:
        return numbers(len(versions))
    changed = pc.not_equal(_column(versions.slice(1)), _column(versions.slice(0, len(versions) - 1)))
    return pc.cumulative_sum(pa.concat_arrays([pa.array([0], pa.int64()), changed.cast(pa.int64())]))


def _groups(changes: pa.Table, keys: Sequence[str], came: Any, age: pa.Array) -> pa.Table:
    """For each key its last age, its last row, and how many rows more came than went."""
    compared = placed(key_columns(changes, keys))
    places = list(compared.column_names)
    sign = pc.if_else(came, pa.scalar(1, pa.int64()), pa.scalar(-1, pa.int64()))
    for name, column in ((_ROW, numbers(changes.num_rows)), (_AGE, age), (_SIGN, sign)):
        compared = compared.append_column(name, column)
    sums = [(_AGE, "max"), (_ROW, "max"), (_SIGN, "sum")]
    groups = compared.group_by(places, use_threads=False).aggregate(sums)
    return groups.rename_columns([*keys, *groups.column_names[len(places) :]])


def _split(groups: pa.Table, survivors: pa.Array, keys: Sequence[str]) -> tuple[pa.Array, pa.Array]:
    """For the rows that are left how many more came of their keys than went, and the last rows of the deleted keys.

    Args:
        groups: what :func:`_groups` gives.
        survivors: the groups of the rows that are left.
        keys: the key columns.

    Raises:
        DataError: several rows of a key are left, or more came or went than one.
    """
    net = _column(groups.column(f"{_SIGN}_sum"))
    alive = _column(pc.is_in(numbers(groups.num_rows), value_set=survivors))
    least, most = pc.if_else(alive, 0, -1), pc.if_else(alive, 1, 0)
    odd = pc.or_(pc.less(net, least), pc.greater(net, most))
    times = pc.value_counts(survivors)
    twice = times.field("values").filter(pc.greater(times.field("counts"), 1))
    odd = pc.or_(odd, pc.is_in(numbers(groups.num_rows), value_set=twice))
    if (first := pc.index(odd, True).as_py()) >= 0:
        example = ", ".join(f"{name}={groups.column(name)[first]}" for name in keys)
        raise DataError(f"keys: several rows of the source have one key, such as {example}: name what tells them apart")
    gone = pc.and_(pc.invert(alive), pc.equal(net, -1))
    return net.take(survivors), _column(groups.column(f"{_ROW}_max")).filter(gone)


def _leaving(changes: pa.Table, rows: pa.Array, kinds: Any, where: Any) -> tuple[pa.Array, Any]:
    """The rows and kinds of those that a predicate is true for; updated ones for which it isn't are deletions."""
    plain = changes.drop_columns(list(CHANGE_COLUMNS)).take(rows).append_column(_ROW, rows)
    inside = pc.is_in(rows, value_set=_column(filter_table(plain, where).column(_ROW)))
    kept = pc.or_(inside, pc.equal(kinds, "update_after"))
    return rows.filter(kept), pc.if_else(inside, kinds, "delete").filter(kept)


def appended_rows(changes: pa.Table, where: Any = None) -> pa.Table:
    """The rows that were added, where nothing else happened.

    Args:
        changes: rows of ``read_changes``.
        where: only rows for which this predicate is true count.

    Raises:
        DataError: a row was deleted or updated; the message names the first such version.
    """
    found = changes
    if where is not None:
        every = numbers(changes.num_rows)
        plain = changes.drop_columns(list(CHANGE_COLUMNS)).append_column(_ROW, every)
        found = changes.take(filter_table(plain, where).column(_ROW))
    other = pc.not_equal(found.column("_change_type"), "insert")
    if (first := pc.index(other, True).as_py()) >= 0:
        version, kind = (found.column(name)[first].as_py() for name in ("_version", "_change_type"))
        raise DataError(
            f"version {version} of the source has a row that is a {kind!r}, which can't be appended: with keys= it can "
            "be applied"
        )
    return found.drop_columns(list(CHANGE_COLUMNS))


def _column(values: Any) -> pa.Array:
    found = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
