"""Casts of string views and binary views to plain strings and binaries, for operations that pyarrow lacks for views."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.types as pt

from dao.arrow.convert._layouts import cast_array, change_types

__all__ = ["normalise_dictionaries", "normalise_views", "without_views"]


def without_views(kind: pa.DataType) -> pa.DataType:
    """Replace ``string_view`` by ``string`` and ``binary_view`` by ``binary`` in a type, at any depth.

    >>> without_views(pa.list_(pa.string_view()))
    ListType(list<item: string>)
    """
    return change_types(kind, _without_view)


def _without_view(kind: pa.DataType) -> pa.DataType:
    if pt.is_dictionary(kind):
        return _plain_dictionary(kind)
    return pa.string() if pt.is_string_view(kind) else pa.binary() if pt.is_binary_view(kind) else kind


def _plain_dictionary(kind: pa.DataType) -> pa.DataType:
    if not pt.is_dictionary(kind):
        return kind
    return pa.dictionary(kind.index_type, _without_view(kind.value_type), kind.ordered)


def normalise_views(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Cast the string and binary views of a stream to ``string`` and ``binary``; returns the reader if it has none.

    pyarrow 26 can't sort, group or join by views; polars, DataFusion and arro3 (deltalake) export them. These columns
    are copied once, batch by batch as they are read; a batch with over 2 GiB of text is split into several.

    >>> table = pa.table({"name": pa.array(["b", "a"], pa.string_view())})
    >>> normalise_views(table.to_reader()).read_all().sort_by("name")["name"].to_pylist()
    ['a', 'b']
    """
    return _cast_leaves(reader, _without_view)


def normalise_dictionaries(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Cast dictionaries of views in a stream to dictionaries of strings and binaries; other columns are unchanged.

    Polars exports Categorical and Enum as such dictionaries, which pyarrow 26 can neither decode nor store.
    """
    return _cast_leaves(reader, _plain_dictionary)


def _cast_leaves(reader: pa.RecordBatchReader, change: Callable[[pa.DataType], pa.DataType]) -> pa.RecordBatchReader:
    fields = [field.with_type(change_types(field.type, change)) for field in reader.schema]
    schema = pa.schema(fields, metadata=reader.schema.metadata)
    if schema.equals(reader.schema):
        return reader
    return pa.RecordBatchReader.from_batches(schema, (part for batch in reader for part in _plain(batch, schema)))


def _plain(batch: pa.RecordBatch, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    try:
        columns = [cast_array(column, field.type) for column, field in zip(batch.columns, schema, strict=True)]
    except (pa.ArrowInvalid, pa.ArrowCapacityError):
        if batch.num_rows < 2:
            raise
        middle = batch.num_rows // 2
        yield from _plain(batch.slice(0, middle), schema)
        yield from _plain(batch.slice(middle), schema)
        return
    yield pa.RecordBatch.from_arrays(columns, schema=schema)
