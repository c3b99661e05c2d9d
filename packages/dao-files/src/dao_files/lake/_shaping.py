"""Shapes rows: arriving ones for a table, with the storage of extension types and nulls in columns that they lack; and
those that are read, in the table's own types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.types as pt

from dao.arrow.convert import cast_array, change_types, rebuild_nested, refuse_invalid
from dao.errors import DataError

__all__ = ["grouped", "typed", "valid_rows", "with_missing", "without_extensions"]


def without_extensions(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same rows with the storage of extension types, such as the 16 bytes of a UUID; the reader if it has none."""
    schema = pa.schema([field.with_type(_storage_type(field.type)) for field in reader.schema])
    if schema.equals(reader.schema):
        return reader
    return pa.RecordBatchReader.from_batches(
        schema,
        (pa.RecordBatch.from_arrays([*map(_storage, batch.columns, schema.types)], schema=schema) for batch in reader),
    )


def _storage_type(kind: pa.DataType) -> pa.DataType:
    return change_types(kind, _plain)


def _plain(kind: pa.DataType) -> pa.DataType:
    if not isinstance(kind, pa.BaseExtensionType):
        return kind
    if kind.extension_name in _BARE:
        raise DataError(
            f"a column is of pandas' type {kind.extension_name}, of which bare numbers would be kept: give times or "
            "texts, as by .dt.to_timestamp() or .astype(str)"
        )
    return kind.storage_type


_BARE = ("pandas.period", "pandas.interval")
"""Extension types whose storage doesn't say what its values are."""


def _storage(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if isinstance(array.type, pa.BaseExtensionType):
        return _storage(array.storage, kind)
    if array.type.equals(kind) or not pt.is_nested(kind):
        return array
    return rebuild_nested(array, kind, _storage)


def with_missing(reader: pa.RecordBatchReader, schema: pa.Schema) -> pa.RecordBatchReader:
    """The same rows with nulls in those columns of a schema that they lack; the reader if they lack none."""
    missing = [field for field in schema if field.name not in reader.schema.names]
    if not missing:
        return reader
    wider = pa.schema([*reader.schema, *missing])
    return pa.RecordBatchReader.from_batches(
        wider,
        (
            pa.RecordBatch.from_arrays(
                [*batch.columns, *(pa.nulls(batch.num_rows, field.type) for field in missing)], schema=wider
            )
            for batch in reader
        ),
    )


def valid_rows(
    rows: pa.RecordBatchReader, check: Callable[[pa.RecordBatch], None] | None = None
) -> Iterator[pa.RecordBatch]:
    """New rows of a table, each batch checked before it is written."""
    for batch in rows:
        refuse_invalid(batch)
        if check is not None:
            check(batch)
        yield batch


def typed(batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    """The rows of some batches in the columns and types of a schema."""
    table = pa.Table.from_batches(batches)
    try:
        columns = [_cast_chunks(table.column(field.name), field.type) for field in schema]
    except pa.ArrowCapacityError:
        if table.num_rows < 2:
            raise
        halves = [half for batch in batches for half in _halves(batch)]
        return pa.concat_tables([typed([half], schema) for half in halves])
    return pa.Table.from_arrays(columns, schema=schema)


def _halves(batch: pa.RecordBatch) -> list[pa.RecordBatch]:
    middle = batch.num_rows // 2
    return [batch.slice(0, middle), batch.slice(middle)] if middle else [batch]


def _cast_chunks(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type.equals(kind):
        return column
    if pt.is_string_view(column.type) or pt.is_binary_view(column.type):
        return column.cast(kind)
    return pa.chunked_array([_cast(chunk, kind) for chunk in column.chunks], kind)


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cast an array level by level: Arrow refuses a null struct that has a required field if it casts it whole."""
    if array.type.equals(kind):
        return array
    nested = rebuild_nested(array, kind, _cast) if pt.is_nested(array.type) else None
    return cast_array(array, kind) if nested is None else nested


def grouped(
    batches: Iterable[pa.RecordBatch], size: int, weigh: Callable[[pa.RecordBatch], int] = lambda one: int(one.nbytes)
) -> Iterator[list[pa.RecordBatch]]:
    """Batches in groups of about as many bytes.

    Args:
        batches: the batches, of which some may be small.
        size: bytes from which on a group is complete.
        weigh: says how many bytes a batch has; ``pa.RecordBatch.get_total_buffer_size`` is 40 times as fast, but counts
            what a slice is of.

    >>> rows = pa.record_batch({"x": [1, 2, 3]})
    >>> [len(group) for group in grouped([rows] * 5, 2 * rows.nbytes)]
    [2, 2, 1]
    """
    held: list[pa.RecordBatch] = []
    weight = 0
    for batch in batches:
        held.append(batch)
        weight += weigh(batch)
        if weight >= size:
            yield held
            held, weight = [], 0
    if held:
        yield held
