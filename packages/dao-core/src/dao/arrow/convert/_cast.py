"""Casts of streams, batches and columns to a schema: without loss, or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from dao.arrow.convert._equal import same_type
from dao.arrow.convert._exact import ValueWouldChange, cast_exactly, describe, may_cast
from dao.arrow.convert._nulls import has_required, null_in
from dao.errors import DataError, did_you_mean

__all__ = ["cast_column", "check_names", "check_nulls", "conform", "conform_batch"]


def conform(reader: pa.RecordBatchReader, schema: pa.Schema) -> pa.RecordBatchReader:
    """Cast a stream to a schema without loss, batch by batch as the result is read.

    Columns are matched by name and returned in the schema's order. A cast must preserve every value: integers that fit,
    floats that are whole numbers, timestamps in another unit if nothing is truncated, decimals that keep all their
    digits, floats and decimals where the float's shortest text is that decimal, dates as timestamps of midnight,
    strings in another layout, dictionaries decoded. Text is never parsed, numbers are never formatted as text, a
    timestamp never gains or loses a zone. Columns that have the right type already are not copied.

    Args:
        reader: the stream; it is consumed as the result is read.
        schema: the schema of the result, including its metadata and the nullability of its fields.

    Returns:
        A stream with as many batches and rows; ``reader`` itself if it has the schema and all fields are nullable,
        nested ones too.

    Raises:
        DataError: at once: a column is missing, unknown or repeated, or has a type that can't be cast. As a batch is
            read, with the row: a value would change, or is null in a field that isn't nullable.

    >>> table = pa.table({"id": [1, 2]})
    >>> conform(table.to_reader(), pa.schema([("id", pa.int8())])).read_all().schema
    id: int8
    """
    if reader.schema.equals(schema, check_metadata=True) and all(
        f.nullable and not has_required(f.type) and same_type(f.type, kind)
        for f, kind in zip(schema, reader.schema.types, strict=True)
    ):
        return reader
    _check(reader.schema, schema)
    return pa.RecordBatchReader.from_batches(schema, _conformed(reader, schema))


def _conformed(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    row = 0
    for batch in reader:
        yield _cast_batch(batch, schema, row)
        row += batch.num_rows


def conform_batch(batch: pa.RecordBatch, schema: pa.Schema, first_row: int = 0) -> pa.RecordBatch:
    """Cast one batch to a schema as :func:`conform` does.

    Args:
        batch: the batch.
        schema: the schema of the result.
        first_row: the number of the batch's first row in its stream, for messages.

    Raises:
        DataError: as for :func:`conform`.
    """
    if not batch.schema.equals(schema, check_metadata=True):
        _check(batch.schema, schema)
    return _cast_batch(batch, schema, first_row)


def _cast_batch(batch: pa.RecordBatch, schema: pa.Schema, first_row: int) -> pa.RecordBatch:
    columns = [_cast_required(batch.column(field.name), field, first_row) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema) if columns else batch.select([])


def _cast_required(array: pa.Array, field: pa.Field, first_row: int) -> pa.Array:
    cast = cast_column(array, field, first_row)
    if not field.nullable or not pt.is_primitive(field.type):  # else no null is one too many
        check_nulls(cast, field, first_row)
    return cast


def cast_column(array: pa.Array, field: pa.Field, first_row: int | None = None) -> pa.Array:
    """Cast an array to the type of ``field`` with every value preserved.

    Unlike :func:`conform` this makes any cast that Arrow has, from text to numbers too. Nulls are not checked.

    Args:
        array: the values.
        field: the column's name, for messages, and the target type.
        first_row: the row number of the array's first value, for messages; None omits the row.

    Returns:
        The cast array; ``array`` itself if it has the type already.

    Raises:
        DataError: there is no such cast, or a value would change; the message names the column, the value and its row.

    >>> cast_column(pa.array([0.5, 0.1]), pa.field("price", pa.float32()))
    Traceback (most recent call last):
    dao.errors.DataError: column 'price': double to float would change the value 0.1
    """
    try:
        return cast_exactly(array, field.type)
    except ValueWouldChange as fault:
        at = "" if fault.row is None or first_row is None else f" at row {first_row + fault.row}"
        raise DataError(f"column {field.name!r}: {fault}{at}") from fault.__cause__


def check_nulls(array: pa.Array, field: pa.Field, first_row: int = 0) -> None:
    """Raise DataError, with the column and the row, at the first null that ``field`` doesn't allow, at any depth."""
    found = null_in(array, field)
    if found is not None:
        path, row = found
        raise DataError(
            f"column {path!r} may not be null, and is at row {first_row + row}: "
            "fill it, drop the row, or declare the column nullable"
        )


def check_names(found: list[str], wanted: list[str]) -> None:
    """Check that the columns ``found`` are those ``wanted``, each once, in any order.

    Raises:
        DataError: columns are missing, unknown or repeated; the message names them and the nearest right ones.
    """
    twice = sorted(name for name, count in Counter(found).items() if count > 1)
    there, asked = set(found), set(wanted)
    extra = [name for name in found if name not in asked]
    missing = [name for name in wanted if name not in there]
    faults = [f"column {name!r} occurs twice" for name in twice]
    faults += [f"column {name!r} is not in the schema ({_nearest(name, missing or wanted)})" for name in extra[:5]]
    faults += [
        f"column {name!r} is missing" for name in missing[:5] if not any(repr(name) in fault for fault in faults)
    ]
    more = len(extra[5:]) + len(missing[5:])
    if faults:
        raise DataError(
            "the data does not have the schema's columns: " + "; ".join(faults) + (f"; and {more} more" if more else "")
        )


def _nearest(name: str, known: list[str]) -> str:
    is_twin = any(one.casefold() == name.casefold() for one in known)
    return did_you_mean(name, known) + (" letter case matters here" if is_twin else "")


def _check(found: pa.Schema, wanted: pa.Schema) -> None:
    check_names(found.names, wanted.names)
    for field in wanted:
        given: Any = found.field(field.name).type
        reason = may_cast(given, field.type)
        if reason is not None:
            raise DataError(
                f"column {field.name!r} is {describe(given)} and the schema wants {describe(field.type)}: {reason}; "
                "cast it before, or change the schema"
            )
