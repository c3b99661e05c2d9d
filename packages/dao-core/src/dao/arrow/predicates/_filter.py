"""Filtering of tables, batches and streams by a predicate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from dao.arrow.predicates._compile import to_arrow
from dao.errors import DataError

__all__ = ["filter_batch", "filter_reader", "filter_table", "mask"]


def filter_table(table: pa.Table, predicate: Any) -> pa.Table:
    """Return the rows of a table for which a predicate is TRUE, in their order, with the table's schema.

    Args:
        table: any table.
        predicate: a tree, or anything else that `parse` accepts.

    Raises:
        DataError: the predicate can't be parsed, doesn't fit the table, or can't be evaluated.

    >>> filter_table(pa.table({"a": [1, 2, None]}), "a > 1").to_pylist()
    [{'a': 2}]
    """
    return _filter(table, to_arrow(predicate, table.schema, guard_statistics=False))


def filter_reader(reader: pa.RecordBatchReader, predicate: Any) -> pa.RecordBatchReader:
    """Filter a stream lazily: yield the rows for which a predicate is TRUE, in their order, with the stream's schema.

    For each batch of the result, batches are read until one has a matching row; nothing is read ahead. The predicate is
    checked at once. The given reader is closed when the result is exhausted or dropped.

    Args:
        reader: any record batch reader; the result takes ownership of it.
        predicate: a tree, or anything else that `parse` accepts.

    Raises:
        DataError: the predicate can't be parsed or doesn't fit the stream's schema (raised at once), or can't be
            evaluated (raised as the result is read).
    """
    expression = to_arrow(predicate, reader.schema, guard_statistics=False)
    return pa.RecordBatchReader.from_batches(reader.schema, _kept_batches(reader, expression))


def _kept_batches(reader: pa.RecordBatchReader, expression: Any) -> Iterator[pa.RecordBatch]:
    with reader:
        for batch in reader:
            yield from _filter(pa.Table.from_batches([batch]), expression).to_batches()


def _filter(table: pa.Table, expression: Any) -> pa.Table:
    filterable = _without_views(table.schema)
    try:
        if filterable is None:
            return table.filter(mask(table, expression))
        # Arrow can't filter view types yet: they are cast to large types and back.
        plain = table.cast(filterable)
        return plain.filter(mask(plain, expression)).cast(table.schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"the predicate can't be evaluated: {error}") from error


def mask(table: pa.Table, expression: Any) -> pa.ChunkedArray:
    """Evaluate an Expression for each row of a table: a boolean ``ChunkedArray``, null where the result is NULL.

    Arrow's threads aren't used, as ``Table.filter`` of an Expression would: they may release the rows after the call,
    and rows in Python's memory (NumPy's, bytes) must not outlive the interpreter.
    """
    from pyarrow import acero  # imports pandas if that is installed: 50 MiB that most reads don't need

    source = acero.Declaration("table_source", acero.TableSourceNodeOptions(table))
    projection = acero.Declaration("project", acero.ProjectNodeOptions([expression], ["kept"]))
    return acero.Declaration.from_sequence([source, projection]).to_table(use_threads=False)["kept"]


def filter_batch(batch: pa.RecordBatch, expression: Any) -> pa.RecordBatch:
    """Return the rows of a batch for which an Expression is true, evaluated by :func:`mask`."""
    return batch.filter(mask(pa.Table.from_batches([batch]), expression).combine_chunks())


_LARGE = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}


def _without_views(schema: pa.Schema) -> pa.Schema | None:
    """The schema with large types instead of view types; None if it has no views."""
    if not any(field.type in _LARGE for field in schema):
        return None
    return pa.schema([field.with_type(_LARGE.get(field.type, field.type)) for field in schema], schema.metadata)
