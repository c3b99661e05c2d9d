"""Rows of a batch that are replaced or left out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dao.tables import numbers

__all__ = ["all_but", "first_at", "joined", "plain_array", "with_rows"]


def first_at(rows: pa.Array, least: int, begin: int) -> int:
    """The first place, from one on, of a number that isn't below another; the numbers are ascending."""
    return bisect_left(range(len(rows)), least, begin, key=lambda place: rows[place].as_py())


def with_rows(batch: pa.RecordBatch, places: pa.Array, rows: pa.RecordBatch) -> pa.RecordBatch:
    """A batch with other rows in some places."""
    place = pc.index_in(numbers(batch.num_rows), value_set=places).cast(pa.int64())
    chosen = pc.coalesce(pc.add(place, batch.num_rows), numbers(batch.num_rows))
    columns = [pa.concat_arrays([old, new]).take(chosen) for old, new in zip(batch.columns, rows.columns, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def joined(batches: Sequence[pa.RecordBatch], schema: pa.Schema | None = None) -> pa.RecordBatch:
    """Several batches as one."""
    table = pa.Table.from_batches(batches, schema or batches[0].schema)
    return pa.RecordBatch.from_arrays([plain_array(column) for column in table.columns], schema=table.schema)


def all_but(count: int, places: pa.Array) -> pa.Array:
    """A mask of all rows but those in some places."""
    return pc.invert(pc.is_in(numbers(count), value_set=places))


def plain_array(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece."""
    found = column.combine_chunks()
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
