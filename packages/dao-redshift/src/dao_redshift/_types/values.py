"""Values between Arrow and the driver: rows of results become typed columns, columns become texts to be bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from attrs import frozen

from dao.errors import DataError, StoreError, UnsupportedError

__all__ = ["ResultColumn", "as_texts", "batch_of", "result_columns", "times_of", "use_plain_values"]

_TEXT, _BINARY = 0, 1  # the protocol's codes of formats
_EPOCH = 946_684_800_000_000  # 2000-01-01, from which timestamps are counted, in microseconds after 1970-01-01

_BOOL, _INT8, _INT2, _INT4, _OID = 16, 20, 21, 23, 26
_FLOAT4, _FLOAT8, _NUMERIC = 700, 701, 1700
_DATE, _TIME, _TIMESTAMP, _TIMESTAMPTZ = 1082, 1083, 1114, 1184
_VARBYTE, _BYTEA = 6551, 17
_AS_TEXT = (_NUMERIC, _DATE, _TIME, 1266, 1186, 1188, 1190)  # and TIMETZ, the intervals

_TYPES: Mapping[int, pa.DataType] = {
    _BOOL: pa.bool_(),
    _INT2: pa.int16(),
    _INT4: pa.int32(),
    _INT8: pa.int64(),
    _OID: pa.int64(),
    _FLOAT4: pa.float32(),
    _FLOAT8: pa.float64(),
    _DATE: pa.date32(),
    _TIME: pa.time64("us"),
    _TIMESTAMP: pa.timestamp("us"),
    _TIMESTAMPTZ: pa.timestamp("us", "UTC"),
    _VARBYTE: pa.binary(),
    _BYTEA: pa.binary(),
}


@frozen
class ResultColumn:
    """A column of a result, as the warehouse describes it.

    Attributes:
        name: its name.
        oid: the type's number.
        modifier: what the type's parameters are made of, such as a decimal's precision; -1 for none.
    """

    name: str
    oid: int
    modifier: int

    @property
    def type(self) -> pa.DataType:
        """Its type in Arrow; text for what Arrow hasn't, such as SUPER."""
        if self.oid != _NUMERIC:
            return _TYPES.get(self.oid, pa.string())
        if self.modifier < 4:
            return pa.decimal128(38, 10)
        digits = self.modifier - 4
        return pa.decimal128((digits >> 16) & 0xFFFF, digits & 0xFFFF)


def use_plain_values(connection: Any) -> None:
    """Have a connection of the driver give what Arrow takes without loss, in place of Python's dates and decimals.

    Python's own have no infinity and take longer; bytes the driver would decode as text.
    """
    types = connection.redshift_types
    for oid in _AS_TEXT:
        types[oid] = (_TEXT, _text)
    whole = types[_INT8][1]
    types[_TIMESTAMP] = types[_TIMESTAMPTZ] = (_BINARY, whole)
    types[_VARBYTE] = types[_BYTEA] = (_TEXT, _hex)


def _text(data: bytes, offset: int, length: int) -> str:
    return data[offset : offset + length].decode()


def _hex(data: bytes, offset: int, length: int) -> bytes:
    return bytes.fromhex(data[offset : offset + length].decode().removeprefix("\\x"))


def result_columns(described: Sequence[Mapping[str, Any]]) -> tuple[ResultColumn, ...]:
    """The columns of a result, from the driver's row description."""
    return tuple(ResultColumn(one["label"].decode(), one["type_oid"], one["type_modifier"]) for one in described)


def batch_of(rows: Sequence[Sequence[Any]], columns: Sequence[ResultColumn]) -> pa.RecordBatch:
    """Rows of the driver as a batch, in the types of the result.

    Raises:
        StoreError: a value that Arrow can't hold, such as an infinite timestamp.
    """
    values: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    arrays = [_array(column, given) for column, given in zip(columns, values, strict=True)]
    schema = pa.schema([(one.name, array.type) for one, array in zip(columns, arrays, strict=True)])
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(column: ResultColumn, values: Sequence[Any]) -> pa.Array:
    kind = column.type
    try:
        if column.oid in (_TIMESTAMP, _TIMESTAMPTZ):
            return pc.add_checked(pa.array(values, pa.int64()), _EPOCH).cast(kind)
        if column.oid == _TIME:
            return times_of(pa.array(values, pa.string()))
        if column.oid in _AS_TEXT:
            return pa.array(values, pa.string()).cast(kind)
        return pa.array(values, kind)
    except (pa.ArrowInvalid, OverflowError, pa.ArrowTypeError) as error:
        raise StoreError(f"column {column.name!r}: a value is none of Arrow's type {kind}: {error}") from None


def times_of(texts: pa.Array) -> pa.Array:
    """Times of day from their texts, such as ``12:30:00.5``, in microseconds; Arrow casts moments alone from texts."""
    moments = pc.binary_join_element_wise("1970-01-01", texts, " ")
    return moments.cast(pa.timestamp("us")).cast(pa.time64("us"))


def as_texts(column: pa.Array) -> list[str | None]:
    """The values of a column as texts that Redshift reads as just these values; those of bytes are hexadecimal.

    Raises:
        DataError: a text has a NUL.
        UnsupportedError: there is no such text.
    """
    kind = column.type
    if pt.is_string(kind) or pt.is_large_string(kind):
        texts: list[str | None] = column.to_pylist()
        if any("\0" in one for one in texts if one is not None):
            raise DataError("a text has a character NUL, which Redshift's texts can't have")
        return texts
    if pt.is_boolean(kind) or pt.is_floating(kind):
        return [None if one is None else repr(one).lower() for one in column.to_pylist()]
    if pt.is_decimal(kind):
        return [None if one is None else f"{one:f}" for one in column.to_pylist()]
    if pt.is_binary(kind) or pt.is_large_binary(kind):
        return [None if one is None else one.hex() for one in column.to_pylist()]
    if pt.is_timestamp(kind):
        zone = "+00" if kind.tz is not None else ""
        return _each(column.cast(pa.timestamp("us")).cast(pa.string()), lambda one: one + zone)
    if pt.is_integer(kind) or pt.is_date(kind) or pt.is_time(kind):
        return _each(column.cast(pa.string()), str)
    raise UnsupportedError(f"values of the type {kind} have no text that Redshift reads")


def _each(column: pa.Array, change: Callable[[str], str]) -> list[str | None]:
    return [None if one is None else change(one) for one in column.to_pylist()]


def rows_of(batch: pa.RecordBatch, most: int) -> Iterator[list[str | None]]:
    """The values of at most so many rows at a time, row after row."""
    for start in range(0, batch.num_rows, most):
        columns = [as_texts(column) for column in batch.slice(start, most).columns]
        yield [value for row in zip(*columns, strict=True) for value in row]
