"""Which types of columnar files a COPY loads into which columns.

Redshift's Spectrum reads by the physical types of Parquet, as Impala does, whose messages it has. Nothing is widened:
an ``int64`` doesn't go into an INT, nor an ``int32`` into a BIGINT
(https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html and the reports of users).
TIME isn't loaded from columnar files, and a JSON text becomes a string in SUPER
(https://dlthub.com/docs/dlt-ecosystem/destinations/redshift); a Parquet column of the type JSON, as UNLOAD writes for
SUPER, is parsed.
"""

from __future__ import annotations

import pyarrow as pa
from pyarrow import types

from dao_redshift.testing._bulk._columns import Column

__all__ = ["fits", "orc_name", "parquet_name"]

_INTEGERS = {"int2": {"int8", "int16", "int32"}, "int4": {"int8", "int16", "int32"}, "int8": {"int64"}}
_ORC_INTEGERS = {"int2": {"int8", "int16"}, "int4": {"int32"}, "int8": {"int64"}}
_ORC_NAMES = {
    "int8": "tinyint", "int16": "smallint", "int32": "int", "int64": "bigint", "bool": "boolean", "float": "float",
    "double": "double", "date32[day]": "date", "string": "string", "large_string": "string", "binary": "binary",
}  # fmt: skip
_PHYSICAL = {
    "BOOLEAN": "boolean", "INT32": "int32", "INT64": "int64", "INT96": "int96", "FLOAT": "float", "DOUBLE": "double",
    "BYTE_ARRAY": "byte_array", "FIXED_LEN_BYTE_ARRAY": "fixed_len_byte_array",
}  # fmt: skip


def fits(kind: pa.DataType, column: Column, *, orc: bool) -> bool:
    """Whether a column of a file with this Arrow type is loaded into `column`; anything is into SUPER."""
    if column.type in _INTEGERS:
        return str(kind) in (_ORC_INTEGERS if orc else _INTEGERS)[column.type]
    if column.type == "numeric":
        decimal = types.is_decimal128(kind) and kind.precision <= column.precision
        return decimal and (column.modifier < 0 or kind.scale == column.scale)
    if column.type in ("varchar", "bpchar", "text"):
        binary = types.is_binary(kind) or types.is_large_binary(kind)
        return types.is_string(kind) or types.is_large_string(kind) or (binary and not orc)
    if column.type in ("timestamp", "timestamptz"):
        return bool(types.is_timestamp(kind)) and (orc or kind.unit in ("ms", "us"))
    if column.type == "jsonb":
        return True
    is_loaded = {
        "float4": types.is_float32,
        "float8": types.is_float64,
        "bool": types.is_boolean,
        "date": types.is_date32,
        "bytea": lambda kind: types.is_binary(kind) or types.is_large_binary(kind),
    }.get(column.type)
    return is_loaded is not None and bool(is_loaded(kind))


def parquet_name(schema: object, field: int, name: str, kind: pa.DataType) -> str:
    """A Parquet column as Spectrum's errors describe it, such as ``optional int32 a [i:0 d:1 r:0]``."""
    if types.is_nested(kind):
        return f"optional group {name} [i:{field} d:1 r:0]"
    for index in range(len(schema)):  # type: ignore[arg-type]
        leaf = schema.column(index)  # type: ignore[attr-defined]
        if leaf.path == name:
            optional = "optional" if leaf.max_definition_level else "required"
            physical = _PHYSICAL.get(leaf.physical_type, leaf.physical_type.lower())
            return (
                f"{optional} {physical} {name} [i:{field} d:{leaf.max_definition_level} r:{leaf.max_repetition_level}]"
            )
    return f"optional {kind} {name}"


def orc_name(kind: pa.DataType) -> str:
    """An ORC type as Spectrum's errors name it."""
    if types.is_timestamp(kind):
        return "timestamp"
    if types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    return _ORC_NAMES.get(str(kind), str(kind))
