"""String views and binary views to plain strings and binaries, for what pyarrow can't yet do with views."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.types as pt

__all__ = ["normalise_views", "without_views"]


def without_views(kind: pa.DataType) -> pa.DataType:
    """The type with ``string`` for ``string_view`` and ``binary`` for ``binary_view``, inside nested ones too.

    >>> without_views(pa.list_(pa.string_view()))
    ListType(list<item: string>)
    """
    if pt.is_string_view(kind):
        return pa.string()
    if pt.is_binary_view(kind):
        return pa.binary()
    if pt.is_struct(kind):
        return pa.struct([_field(f) for f in kind])
    if pt.is_map(kind):
        return pa.map_(_field(kind.key_field), _field(kind.item_field), keys_sorted=kind.keys_sorted)
    if pt.is_fixed_size_list(kind):
        return pa.list_(_field(kind.value_field), kind.list_size)
    if pt.is_list(kind) or pt.is_large_list(kind):
        make = pa.list_ if pt.is_list(kind) else pa.large_list
        return make(_field(kind.value_field))
    if pt.is_dictionary(kind):
        return pa.dictionary(kind.index_type, without_views(kind.value_type), kind.ordered)
    return kind


def _field(field: pa.Field) -> pa.Field:
    return field.with_type(without_views(field.type))


def normalise_views(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same stream with ``string`` and ``binary`` columns where it has views; without views the reader itself.

    pyarrow 26 can't sort, group or join by views; polars, DataFusion and arro3 (deltalake) export them. One copy of
    these columns, batch by batch as they are read; a batch with over 2 GiB of text comes in parts.

    >>> table = pa.table({"name": pa.array(["b", "a"], pa.string_view())})
    >>> normalise_views(table.to_reader()).read_all().sort_by("name")["name"].to_pylist()
    ['a', 'b']
    """
    schema = pa.schema([_field(f) for f in reader.schema], metadata=reader.schema.metadata)
    if schema.equals(reader.schema):
        return reader
    return pa.RecordBatchReader.from_batches(schema, (part for batch in reader for part in _plain(batch, schema)))


def _plain(batch: pa.RecordBatch, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    try:
        columns = [_cast(column, field.type) for column, field in zip(batch.columns, schema, strict=True)]
    except (pa.ArrowInvalid, pa.ArrowCapacityError):
        if batch.num_rows < 2:
            raise
        middle = batch.num_rows // 2
        yield from _plain(batch.slice(0, middle), schema)
        yield from _plain(batch.slice(middle), schema)
        return
    yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.type.equals(kind):
        return column
    if pt.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(
            column.indices, column.dictionary.cast(kind.value_type), ordered=kind.ordered
        )
    return column.cast(kind)
