"""Conversion of rows and columns of Python values to Arrow tables and batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from dao.arrow.convert._cast import check_names, check_nulls
from dao.arrow.convert._columns import column_array
from dao.arrow.convert._recognise import is_row
from dao.arrow.convert._records import row_values
from dao.arrow.convert._values import build_array
from dao.errors import DataError, did_you_mean

__all__ = ["columns_to_table", "rows_in_batches", "rows_to_table"]

ROWS_PER_BATCH = 65_536


def rows_to_table(rows: Sequence[Any], schema: pa.Schema | None = None, first_row: int = 0) -> pa.Table:
    """Convert dicts or records to a table, see :func:`dao.arrow.convert.to_reader`.

    ``first_row`` is the number of the first row in its stream, for messages.
    """
    mappings = _mappings(rows, first_row)
    names = dict.fromkeys(chain.from_iterable(mappings))
    types = _types_of_model(rows, names) if schema is None else {f.name: f.type for f in schema}
    _check_row_names(mappings, names, schema, first_row)
    order = list(names) if schema is None else schema.names
    numbers = range(first_row, first_row + len(mappings))
    arrays = [build_array([row.get(n) for row in mappings], types.get(n), n, numbers) for n in order]
    if schema is None:
        return pa.table(arrays, names=order)
    for array, field in zip(arrays, schema, strict=True):
        check_nulls(array, field, first_row)
    return pa.Table.from_arrays(arrays, schema=schema)


def _mappings(rows: Sequence[Any], first_row: int) -> Sequence[Mapping[Any, Any]]:
    if set(map(type, rows)) == {dict}:
        return rows
    for number, row in enumerate(rows, start=first_row):
        if not is_row(row):
            raise DataError(f"row {number} is {type(row).__name__}, where the first row is {type(rows[0]).__name__}")
    return [row_values(row) for row in rows]


def _check_row_names(
    rows: Sequence[Mapping[Any, Any]], names: Mapping[Any, Any], schema: pa.Schema | None, first_row: int
) -> None:
    for name in names:
        if isinstance(name, str) and (schema is None or name in schema.names):
            continue
        number = next(i for i, row in enumerate(rows, start=first_row) if name in row)
        hint = did_you_mean(name, schema.names) if schema is not None and isinstance(name, str) else "names are text"
        raise DataError(f"row {number} has {name!r}, which is no column ({hint})")


def _types_of_model(rows: Sequence[Any], names: Mapping[str, Any]) -> dict[str, pa.DataType]:
    """The types that the rows' class declares, which take precedence over values; empty for dicts and mixed classes."""
    kind = type(rows[0])
    if isinstance(rows[0], Mapping) or any(type(row) is not kind for row in rows):
        return {}
    from dao.arrow.models import schema_of

    try:
        declared = schema_of(kind)
    except DataError:  # a field without a declared Arrow type, such as Any: types are inferred from the values
        return {}
    return {f.name: f.type for f in declared if not _zone_left_open(f.type, rows, f.name)}


def _zone_left_open(kind: pa.DataType, rows: Sequence[Any], name: str) -> bool:
    """Whether a field annotated ``datetime`` has values with a zone, so that its type is inferred from them."""
    if not pt.is_timestamp(kind) or kind.tz is not None:
        return False
    return any(getattr(getattr(row, name), "tzinfo", None) is not None for row in rows)


def rows_in_batches(first: Any, rest: Iterator[Any], schema: pa.Schema | None = None) -> pa.RecordBatchReader:
    """Stream the rows of an iterator in batches. Without ``schema`` the first batch is read at once, for its types."""
    rows = chain([first], rest)
    if schema is not None:
        return pa.RecordBatchReader.from_batches(schema, _batches(rows, schema, 0))
    head = list(islice(rows, ROWS_PER_BATCH))
    table = rows_to_table(head)
    return pa.RecordBatchReader.from_batches(
        table.schema, chain(table.to_batches(), _type_by_head(rows, table.schema, len(head)))
    )


def _type_by_head(rows: Iterator[Any], schema: pa.Schema, first_row: int) -> Iterator[pa.RecordBatch]:
    try:
        yield from _batches(rows, schema, first_row)
    except DataError as error:
        raise DataError(
            f"{error} (the types were inferred from the first {first_row} rows; schema= sets them)"
        ) from error


def _batches(rows: Iterator[Any], schema: pa.Schema, first_row: int) -> Iterator[pa.RecordBatch]:
    while some := list(islice(rows, ROWS_PER_BATCH)):
        yield from rows_to_table(some, schema, first_row).to_batches()
        first_row += len(some)


def columns_to_table(columns: Mapping[Any, Any], schema: pa.Schema | None = None) -> pa.Table:
    """Convert a dict of columns (lists, Arrow or numpy arrays, pandas or polars Series) to a table."""
    for name in columns:
        if not isinstance(name, str):
            raise DataError(f"{name!r} is no column name: names are text")
    if schema is not None:
        check_names(list(columns), schema.names)
    kinds = {} if schema is None else {f.name: f.type for f in schema}
    arrays = {name: column_array(values, kinds.get(name), name) for name, values in columns.items()}
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(
            f"the columns differ in length: {', '.join(f'{n!r} has {length}' for n, length in lengths.items())}"
        )
    return pa.table(arrays)
