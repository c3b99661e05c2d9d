"""Casting a stream to a schema: without loss, or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from dao.arrow.convert._exact import ValueWouldChange, cast_exactly, describe, may_cast, null_in
from dao.errors import DataError, did_you_mean

__all__ = ["cast_column", "check_names", "check_nulls", "conform", "conform_batch"]


def conform(reader: pa.RecordBatchReader, schema: pa.Schema) -> pa.RecordBatchReader:
    """The same rows under another schema, cast batch by batch as they are read.

    Columns are matched by name and come out in the schema's order. A cast must keep every value as it is: integers
    that fit, floats that are whole, timestamps of another unit where nothing is cut off, decimals that keep all their
    digits, or floats that give the same decimal back, dates as midnights, strings in another layout, dictionaries
    unpacked. Text is never parsed, numbers are never written out as text, a timestamp never gains or loses its zone.
    Columns that are right already are not copied.

    Args:
        reader: the stream; it is consumed as the result is read.
        schema: the schema of the result, its metadata and the nullability of its fields included.

    Raises:
        DataError: a column is missing or unknown, or has a type that can't become the one asked for (raised at once); a
            value that would change, or a null where the schema allows none (raised as the batch is read, with the row).

    >>> table = pa.table({"id": [1, 2]})
    >>> conform(table.to_reader(), pa.schema([("id", pa.int8())])).read_all().schema
    id: int8
    """
    if reader.schema.equals(schema, check_metadata=True) and all(f.nullable for f in schema):
        return reader
    _check(reader.schema, schema)
    return pa.RecordBatchReader.from_batches(schema, _conformed(reader, schema))


def _conformed(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    row = 0
    for batch in reader:
        yield _cast_batch(batch, schema, row)
        row += batch.num_rows


def conform_batch(batch: pa.RecordBatch, schema: pa.Schema, first_row: int = 0) -> pa.RecordBatch:
    """One batch under another schema, see :func:`conform`. ``first_row`` is its place in the stream, for messages."""
    if not batch.schema.equals(schema, check_metadata=True):
        _check(batch.schema, schema)
    return _cast_batch(batch, schema, first_row)


def _cast_batch(batch: pa.RecordBatch, schema: pa.Schema, first_row: int) -> pa.RecordBatch:
    columns = [_cast_required(batch.column(field.name), field, first_row) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema) if columns else batch.select([])


def _cast_required(array: pa.Array, field: pa.Field, first_row: int) -> pa.Array:
    cast = cast_column(array, field, first_row)
    check_nulls(cast, field, first_row)
    return cast


def cast_column(array: pa.Array, field: pa.Field, first_row: int | None = None) -> pa.Array:
    """A column as the type of ``field``, every value the same; the array itself where the type is right already.

    Unlike :func:`conform` this goes wherever Arrow has a cast, from text to numbers too. Nulls are not looked for.

    Args:
        array: the values.
        field: the column's name, for messages, and the type.
        first_row: the row that the array starts at, for messages; None leaves the row out.

    Raises:
        DataError: there is no such cast, or a value would change; names the column, the value, and its row.

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
    """Raise a DataError naming the first row with a null that ``field`` does not allow."""
    place = null_in(array, field)
    if place is not None:
        raise DataError(
            f"column {place[0]!r} may not be null, and is at row {first_row + place[1]}: "
            "fill it, drop the row, or declare the column nullable"
        )


def check_names(found: list[str], wanted: list[str]) -> None:
    """Raise a DataError where columns are missing, unknown or there twice, naming them and the nearest right ones."""
    twice = sorted(name for name, count in Counter(found).items() if count > 1)
    there, asked = set(found), set(wanted)
    extra = [name for name in found if name not in asked]
    missing = [name for name in wanted if name not in there]
    faults = [f"column {name!r} is there twice" for name in twice]
    faults += [f"column {name!r} is not in the schema ({did_you_mean(name, missing or wanted)})" for name in extra[:5]]
    faults += [
        f"column {name!r} is missing" for name in missing[:5] if not any(repr(name) in fault for fault in faults)
    ]
    more = len(extra[5:]) + len(missing[5:])
    if faults:
        raise DataError(
            "the data does not have the schema's columns: " + "; ".join(faults) + (f"; and {more} more" if more else "")
        )


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
