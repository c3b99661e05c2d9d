"""The Parquet types that an UNLOAD writes.

https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html says: a TIMESTAMPTZ is its moment without a zone, and a
VARBYTE or GEOMETRY can't be unloaded. https://docs.aws.amazon.com/redshift/latest/dg/unload-super-parquet.html: a SUPER
is Parquet's type JSON. They say nothing of TIME and INTERVAL, which are refused.
"""

from __future__ import annotations

import re
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from dao_redshift.testing._bulk._result import ResultColumn
from dao_redshift.testing._statements import RedshiftError

__all__ = ["as_written", "csv_type", "manifest_type", "parquet_field"]

_TYPES = {
    "int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64(), "float4": pa.float32(), "float8": pa.float64(),
    "bool": pa.bool_(), "date": pa.date32(), "timestamp": pa.timestamp("us"), "timestamptz": pa.timestamp("us"),
    "varchar": pa.string(), "bpchar": pa.string(), "text": pa.string(), "name": pa.string(), "char": pa.string(),
    "oid": pa.int64(), "jsonb": pa.json_(pa.string()),
}  # fmt: skip
_BASES = {
    "int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision",
    "bool": "boolean", "timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone",
    "varchar": "character varying", "bpchar": "character", "text": "character varying", "jsonb": "super",
    "bytea": "binary varying", "time": "time without time zone", "timetz": "time with time zone",
}  # fmt: skip
_AS_TEXT = ("date", "timestamp", "timestamptz", "jsonb")
_MOMENT = re.compile(r"(\d+)-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?( BC)?")


def parquet_field(column: ResultColumn) -> pa.Field:
    """The field of a Parquet file.

    Raises:
        RedshiftError: the type can't be unloaded to Parquet.
    """
    if column.type == "numeric":
        return pa.field(column.name, pa.decimal128(column.precision, column.scale))
    kind = _TYPES.get(column.type)
    if kind is None:
        called = {"bytea": "VARBYTE", "time": "TIME", "timetz": "TIMETZ", "interval": "INTERVAL"}
        raise RedshiftError(f"UNLOAD to PARQUET is not supported for column {column.name} of the type "
                            f"{called.get(column.type, column.type.upper())}")  # fmt: skip
    return pa.field(column.name, kind)


def csv_type(column: ResultColumn) -> pa.DataType:
    """The type by which the CSV reader reads what PostgreSQL writes."""
    return pa.string() if column.type in _AS_TEXT else parquet_field(column).type


def manifest_type(column: ResultColumn) -> dict[str, str | int]:
    """The column's type as a verbose manifest has it."""
    described: dict[str, str | int] = {"base": _BASES.get(column.type, column.type)}
    if column.type == "numeric":
        described |= {"precision": column.precision, "scale": column.scale}
    elif column.type in ("varchar", "bpchar") and column.modifier > 4:
        described["max_length"] = column.modifier - 4
    return described


def as_written(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch that was read by :func:`csv_type`, with the types of the file.

    Raises:
        RedshiftError: a moment has no place in Parquet, such as ``infinity``.
    """
    arrays = [_as_type(batch.column(index), field.type) for index, field in enumerate(schema)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _as_type(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if array.type == kind:
        return array
    if isinstance(kind, pa.JsonType):
        return pa.ExtensionArray.from_storage(kind, array)
    try:
        return pc.cast(array, kind)
    except pa.ArrowInvalid:  # Arrow reads the years 1 to 9999
        unit = 86_400_000_000 if kind == pa.date32() else 1
        numbers = [None if one is None else _microseconds(one) // unit for one in array.to_pylist()]
        return pa.array(numbers, pa.int32() if unit > 1 else pa.int64()).view(kind)


def _microseconds(text: str) -> int:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise RedshiftError(f"UNLOAD to PARQUET is not supported for the moment {text}", "22008")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    eras, of_era = divmod((1 - year if found[8] else year) - 1, 400)  # which have 146,097 days each
    days = date(of_era + 1, month, day).toordinal() - 719163 + eras * 146097
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    return seconds * 1_000_000 + int((found[7] or "").ljust(6, "0"))
