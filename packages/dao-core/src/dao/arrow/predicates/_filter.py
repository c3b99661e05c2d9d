"""Rows kept by a predicate: of a table, or of a stream as it flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from dao.arrow.predicates._compile import to_arrow
from dao.errors import DataError

__all__ = ["filter_batch", "filter_reader", "filter_table", "mask"]


def filter_table(table: pa.Table, predicate: Any) -> pa.Table:
    """The rows of a table for which a predicate is TRUE, in their order, with the table's schema.

    Args:
        table: any table.
        predicate: a tree, or whatever else `parse` takes.

    Raises:
        DataError: the predicate does not fit the table.

    >>> filter_table(pa.table({"a": [1, 2, None]}), "a > 1").to_pylist()
    [{'a': 2}]
    """
    return _filter(table, to_arrow(predicate, table.schema, guard_statistics=False))


def filter_reader(reader: pa.RecordBatchReader, predicate: Any) -> pa.RecordBatchReader:
    """The rows of a stream for which a predicate is TRUE, in their order, with the stream's schema.

    Lazy: one batch is read when one is asked for, or more while they have no row to keep; nothing is held back.
    The predicate is checked at once. The given reader is closed when the new one ends or is dropped.

    Args:
        reader: any record batch reader; the result takes it over.
        predicate: a tree, or whatever else `parse` takes.

    Raises:
        DataError: the predicate does not fit the stream's schema.
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
        # Arrow has no filter for view types yet: the same values as large types go through it
        plain = table.cast(filterable)
        return plain.filter(mask(plain, expression)).cast(table.schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"the predicate can't be evaluated: {error}") from error


def mask(table: pa.Table, expression: Any) -> pa.ChunkedArray:
    """For each row whether an Expression is true; null where it is unknown.

    Without Arrow's threads, which ``Table.filter`` of an Expression uses: they may release the rows after the call, and
    rows in Python's memory (NumPy's, bytes) must not outlive the interpreter.
    """
    from pyarrow import acero  # it imports pandas where that is installed: 50 MiB that most reads do without

    source = acero.Declaration("table_source", acero.TableSourceNodeOptions(table))
    asked = acero.Declaration("project", acero.ProjectNodeOptions([expression], ["kept"]))
    return acero.Declaration.from_sequence([source, asked]).to_table(use_threads=False)["kept"]


def filter_batch(batch: pa.RecordBatch, expression: Any) -> pa.RecordBatch:
    """The rows of a batch for which an Expression is true, found as by :func:`mask`."""
    return batch.filter(mask(pa.Table.from_batches([batch]), expression).combine_chunks())


_LARGE = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}


def _without_views(schema: pa.Schema) -> pa.Schema | None:
    """The schema with large types for views, or None if there are none."""
    if not any(field.type in _LARGE for field in schema):
        return None
    return pa.schema([field.with_type(_LARGE.get(field.type, field.type)) for field in schema], schema.metadata)
