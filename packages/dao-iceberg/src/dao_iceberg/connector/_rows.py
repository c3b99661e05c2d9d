"""Rows as the connector compares them: by a key and a moment. What a target has, what it lacks, what comes first."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.arrow.convert import without_views
from dao.errors import DataError
from dao.tables import Matcher, numbers
from dao_iceberg.connector._moments import moments

__all__ = ["common", "first_rows", "marks_of", "newer", "pairs_of", "rows_of_pairs"]

_KEY, _AT, _ROW = "key", "at", "row"


def pairs_of(rows: pa.Table, index: str, datetime: str) -> pa.Table:
    """The keys of rows, as ``key``, with their moments, as ``at``."""
    return pa.table({_KEY: _comparable(rows.column(index)), _AT: moments(rows.column(datetime))})


def _comparable(keys: pa.ChunkedArray) -> pa.ChunkedArray:
    """Keys in one type for all that hold the same values."""
    kind = keys.type
    if isinstance(kind, pa.BaseExtensionType):
        return _comparable(keys.cast(kind.storage_type))
    if pt.is_dictionary(kind):
        return _comparable(keys.cast(kind.value_type))
    if pt.is_integer(kind) and kind != pa.uint64():
        return keys.cast(pa.int64())
    plain = without_views(kind)
    if pt.is_large_string(plain):
        return keys.cast(pa.string())
    return keys if plain.equals(kind) else keys.cast(plain)


def marks_of(pairs: pa.Table) -> pa.Table:
    """The newest moment of each key; rows without a key have none."""
    known = pairs.filter(pc.is_valid(pairs.column(_KEY)))
    newest = known.group_by(_KEY, use_threads=False).aggregate([(_AT, "max")])
    return newest.rename_columns([_KEY, _AT])


def newer(pairs: pa.Table, marks: pa.Table) -> pa.Table:
    """The pairs, each once, whose key has no mark, or an older one. Keys of other types are other keys.

    Raises:
        DataError: a row without a key.
    """
    distinct = pairs.group_by([_KEY, _AT], use_threads=False).aggregate([])
    missing = distinct.column(_KEY).null_count
    if missing:
        raise DataError("rows without a value in index_field are no record's: leave them out with where=")
    if not marks.num_rows or distinct.schema.field(_KEY).type != marks.schema.field(_KEY).type:
        return distinct
    found = Matcher.of(marks, [_KEY]).match(distinct)
    mark = marks.column(_AT).take(found)
    return distinct.filter(pc.or_(pc.is_null(mark), pc.fill_null(pc.greater(distinct.column(_AT), mark), True)))


def common(pairs: pa.Table, others: pa.Table) -> pa.Table:
    """The pairs that are among others, too; and all those without a key."""
    distinct = others.group_by([_KEY, _AT], use_threads=False).aggregate([])
    found = pc.is_valid(Matcher.of(distinct, [_KEY, _AT]).match(pairs))
    return pairs.filter(pc.or_(found, pc.is_null(pairs.column(_KEY))))


def first_rows(parts: Sequence[pa.Table], limit: int | None) -> list[pa.Table]:
    """Of pairs of several tables the oldest ones together, as many as there may be."""
    if limit is None or sum(part.num_rows for part in parts) <= limit:
        return list(parts)
    places = [
        pa.table({_AT: part.column(_AT), "part": pa.repeat(number, part.num_rows), _ROW: numbers(part.num_rows)})
        for number, part in enumerate(parts)
    ]
    every = pa.concat_tables(places).combine_chunks()
    order = pc.sort_indices(every, sort_keys=[(name, "ascending") for name in (_AT, "part", _ROW)])
    first = every.take(order.slice(0, limit))
    return [part.take(first.filter(pc.equal(first.column("part"), n)).column(_ROW)) for n, part in enumerate(parts)]


def rows_of_pairs(rows: pa.Table, index: str, datetime: str, pairs: pa.Table) -> pa.Table:
    """The rows that have one of some pairs, the oldest first. Of twins, with one key and moment, the last one is kept:
    an upsert would keep no other.
    """
    own = pairs_of(rows, index, datetime)
    wanted = Matcher.of(pairs, [_KEY, _AT]).match(own)
    found = pa.table({"pair": wanted, _ROW: numbers(rows.num_rows), _AT: own.column(_AT)})
    found = found.filter(pc.is_valid(found.column("pair")))
    last = found.group_by(["pair", _AT], use_threads=False).aggregate([(_ROW, "max")])
    order = pc.sort_indices(last, sort_keys=[(_AT, "ascending"), (f"{_ROW}_max", "ascending")])
    return rows.take(last.column(f"{_ROW}_max").take(order))
