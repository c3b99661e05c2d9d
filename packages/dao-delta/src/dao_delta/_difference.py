"""The difference of two sets of rows, each as often as it is there: what a rewrite copied is in both, and no change."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

__all__ = ["without_common"]


def without_common(gone: pa.Table, came: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Both tables without the rows that they have in common, one for one.

    Rows are equal if all their bits are: NaN equals itself, null equals null, and 0.0 is not -0.0.

    >>> gone, came = without_common(pa.table({"a": [1, 1, None, 2]}), pa.table({"a": [1, None, 3]}))
    >>> gone["a"].to_pylist(), came["a"].to_pylist()
    ([1, 2], [3])
    """
    if not gone.num_rows or not came.num_rows:
        return gone, came
    numbers = _row_numbers(pa.concat_tables([gone, came]))
    left, right = numbers.slice(0, gone.num_rows), numbers.slice(gone.num_rows)
    return gone.filter(_surplus(left, right)), came.filter(_surplus(right, left))


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


def _surplus(numbers: pa.Array, others: pa.Array) -> pa.Array:
    """By row, whether it is there more often than among the others."""
    counts = pc.value_counts(others)
    common = pc.fill_null(counts.field("counts").take(pc.index_in(numbers, counts.field("values"))), 0)
    order = pc.sort_indices(numbers)
    ends = pc.run_end_encode(numbers.take(order), run_end_type=pa.int64()).run_ends
    begins = pa.concat_arrays([pa.array([0], pa.int64()), ends.slice(0, len(ends) - 1)])
    first = pc.run_end_decode(pa.RunEndEncodedArray.from_arrays(ends, begins))
    places = pc.subtract(pa.array(range(len(numbers)), pa.int64()), first)
    kept = pc.greater_equal(places, common.take(order))
    return kept.take(pc.sort_indices(order))
