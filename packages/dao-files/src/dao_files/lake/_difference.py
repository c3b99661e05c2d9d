"""The difference of two sets of rows, each as often as it is there: what a rewrite copied is in both, and no change."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.tables import numbers

__all__ = ["compared_bytes", "without_common"]

_ROW_BYTES = 64
"""What the numbers take that a row gets while it is compared."""

_NESTED_TIMES = 4
"""How many times larger than a nested value its text is, at most mostly, by which it is compared."""

_TRIED = 4
"""Columns that are looked at for one without repetitions: keys come first."""


def compared_bytes(rows: pa.Table) -> int:
    """How many bytes rows take while they are compared, in round numbers."""
    nested = sum(column.nbytes for column in rows.columns if pt.is_nested(column.type))
    return int(rows.nbytes + (_NESTED_TIMES - 1) * nested + _ROW_BYTES * rows.num_rows)


def without_common(gone: pa.Table, came: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Both tables without the rows that they have in common, one for one.

    Rows are equal if all their bits are: NaN equals itself, null equals null, and 0.0 is not -0.0.

    >>> gone, came = without_common(pa.table({"a": [1, 1, None, 2]}), pa.table({"a": [1, None, 3]}))
    >>> gone["a"].to_pylist(), came["a"].to_pylist()
    ([1, 2], [3])
    """
    if not gone.num_rows or not came.num_rows:
        return gone, came
    pairs = _pairs(gone, came)
    if pairs is not None:
        gone, came = _without_equal(gone, came, *pairs)
        if not gone.num_rows or not came.num_rows:
            return gone, came
    found = _row_numbers(pa.concat_tables([gone, came]))
    left, right = found.slice(0, gone.num_rows), found.slice(gone.num_rows)
    return gone.filter(_surplus(left, right)), came.filter(_surplus(right, left))


def _pairs(gone: pa.Table, came: pa.Table) -> tuple[pa.Array, pa.Array] | None:
    """Numbers of rows that are probably equal, each row once: by a column without repetitions, else by their places.

    Nearly all rows of a rewrite are copies, and comparing pairs is much faster than counting rows.
    """
    for name in gone.column_names[:_TRIED]:
        left, right = gone.column(name), came.column(name)
        if pt.is_nested(left.type) or pt.is_floating(left.type) or not (_is_unique(left) and _is_unique(right)):
            continue
        found = pc.index_in(right, value_set=left.combine_chunks()).combine_chunks()
        return found.drop_null().cast(pa.int64()), pc.indices_nonzero(found.is_valid()).cast(pa.int64())
    if gone.num_rows == came.num_rows:
        every = numbers(gone.num_rows)
        return every, every
    return None


def _is_unique(column: pa.ChunkedArray) -> bool:
    return bool(column.null_count == 0 and pc.count_distinct(column).as_py() == len(column))


def _without_equal(gone: pa.Table, came: pa.Table, lefts: pa.Array, rights: pa.Array) -> tuple[pa.Table, pa.Table]:
    """Both tables without those pairs of rows that are equal."""
    equal = pa.repeat(pa.scalar(True), len(lefts))
    for left, right in zip(gone.columns, came.columns, strict=True):
        one, other = (_comparable(column).take(rows) for column, rows in ((left, lefts), (right, rights)))
        same = pc.or_(pc.fill_null(pc.equal(one, other), False), pc.and_(one.is_null(), other.is_null()))
        equal = pc.and_(equal, _array(same))
    return _others(gone, lefts.filter(equal)), _others(came, rights.filter(equal))


def _others(table: pa.Table, rows: pa.Array) -> pa.Table:
    return table.filter(pc.invert(pc.is_in(numbers(table.num_rows), value_set=rows)))


def _array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _row_numbers(rows: pa.Table) -> pa.Array:
    """A number for each row, the same for equal rows."""
    found = pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows)
    for column in rows.columns:
        codes, count = _encoded(_comparable(column))
        # encoded again, numbers stay below the count of rows, and their products in 64 bits
        found, _ = _encoded(pa.chunked_array([pc.add(pc.multiply(found, count), codes)]))
    return found


def _encoded(column: pa.ChunkedArray) -> tuple[pa.Array, int]:
    """A number for each value, below a count; null has one of its own."""
    found = column.dictionary_encode().unify_dictionaries()
    nulls = len(found.chunk(0).dictionary)
    codes = [pc.fill_null(chunk.indices.cast(pa.int64()), nulls) for chunk in found.chunks]
    return pa.concat_arrays(codes), nulls + 1


def _comparable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column whose values are equal just if the bits of the column's are."""
    if pt.is_floating(column.type):
        bits = pa.int64() if column.type.bit_width == 64 else pa.int32()
        return pa.chunked_array([chunk.view(bits) for chunk in column.chunks], bits)
    if pt.is_nested(column.type):
        return pa.chunked_array([pa.array(map(repr, chunk.to_pylist()), pa.string()) for chunk in column.chunks])
    return column


def _surplus(codes: pa.Array, others: pa.Array) -> pa.Array:
    """By row, whether it is there more often than among the others."""
    counts = pc.value_counts(others)
    common = pc.fill_null(counts.field("counts").take(pc.index_in(codes, counts.field("values"))), 0)
    order = pc.sort_indices(codes)
    ends = pc.run_end_encode(codes.take(order), run_end_type=pa.int64()).run_ends
    begins = pa.concat_arrays([pa.array([0], pa.int64()), ends.slice(0, len(ends) - 1)])
    first = pc.run_end_decode(pa.RunEndEncodedArray.from_arrays(ends, begins))
    places = pc.subtract(numbers(len(codes)), first)
    kept = pc.greater_equal(places, common.take(order))
    return kept.take(pc.sort_indices(order))
