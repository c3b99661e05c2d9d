"""Conversion between Avro schemas and Arrow schemas."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from dao.errors import DataError, StoreError
from dao_files.formats._avro_file import least_bytes
from dao_files.formats._kinds import is_text

__all__ = ["arrow_schema", "avro_schema", "embed_schema", "original_schema"]

_KEY = "ARROW:schema"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def embed_schema(schema: pa.Schema) -> dict[str, str]:
    """Encode an Arrow schema as an entry of the file's header, under the key that Parquet uses too."""
    return {_KEY: base64.b64encode(schema.serialize().to_pybytes()).decode()}


def original_schema(metadata: Mapping[str, Any], schema: Any) -> pa.Schema | None:
    """Decode the Arrow schema embedded in a file's header; None where the file's Avro schema does not match it."""
    text = metadata.get(_KEY)
    if text is None:
        return None
    original = pa.ipc.read_schema(pa.BufferReader(base64.b64decode(text)))
    try:
        written = arrow_schema(avro_schema(original, "row"))
    except DataError:
        return None
    return original if written.equals(arrow_schema(schema)) else None


def arrow_schema(schema: Any) -> pa.Schema:
    """Derive the Arrow schema of the rows of an Avro file.

    Raises:
        StoreError: an Avro type without an Arrow counterpart, such as a union of a text and a number.
    """
    if not isinstance(schema, Mapping) or schema.get("type") != "record":
        raise StoreError("the Avro file does not hold records")
    return pa.schema(_fields(schema, {}))


def _fields(record: Mapping[str, Any], names: dict[str, Any]) -> list[pa.Field]:
    names[record["name"]] = None  # a recursive type has no Arrow counterpart
    found = []
    for part in record["fields"]:
        kind, nullable = _arrow_type(part["type"], names)
        found.append(pa.field(part["name"], kind, nullable))
    names[record["name"]] = pa.struct(found)
    return found


_PRIMITIVES = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
}
_LOGICAL = {
    ("int", "date"): pa.date32(),
    ("int", "time-millis"): pa.time32("ms"),
    ("long", "time-micros"): pa.time64("us"),
    ("long", "timestamp-millis"): pa.timestamp("ms", "UTC"),
    ("long", "timestamp-micros"): pa.timestamp("us", "UTC"),
    ("long", "timestamp-nanos"): pa.timestamp("ns", "UTC"),
    ("long", "local-timestamp-millis"): pa.timestamp("ms"),
    ("long", "local-timestamp-micros"): pa.timestamp("us"),
    ("long", "local-timestamp-nanos"): pa.timestamp("ns"),
    ("string", "uuid"): pa.string(),
}


def _arrow_type(kind: Any, names: dict[str, Any]) -> tuple[pa.DataType, bool]:
    if isinstance(kind, list):
        return _union(kind, names)
    if isinstance(kind, str):
        if kind in _PRIMITIVES:
            return _PRIMITIVES[kind], kind == "null"
        if names.get(kind) is None:
            raise StoreError(f"the Avro type {kind!r} is recursive, which no Arrow type can be")
        return names[kind], False
    base = kind["type"]
    if isinstance(base, Mapping | list):
        return _arrow_type(base, names)
    logical = kind.get("logicalType")
    if logical == "decimal" and base in ("bytes", "fixed"):
        return _decimal(kind), False
    if (base, logical) in _LOGICAL:
        return _LOGICAL[base, logical], False
    if base == "record":
        return pa.struct(_fields(kind, names)), False
    if base == "array":
        item, nullable = _arrow_type(kind["items"], names)
        return pa.list_(pa.field("item", item, nullable)), False
    if base == "map":
        item, nullable = _arrow_type(kind["values"], names)
        return pa.map_(pa.string(), pa.field("value", item, nullable)), False
    if base in ("enum", "fixed"):
        names[kind["name"]] = pa.string() if base == "enum" else pa.binary(kind["size"])
        return names[kind["name"]], False
    return _arrow_type(base, names)


def _decimal(kind: Mapping[str, Any]) -> pa.DataType:
    precision, scale = kind["precision"], kind.get("scale", 0)
    return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)


_WIDER = [pa.int32(), pa.int64(), pa.float64()]


def _union(kinds: list[Any], names: dict[str, Any]) -> tuple[pa.DataType, bool]:
    parts = [_arrow_type(kind, names)[0] for kind in kinds if kind != "null"]
    nullable = "null" in kinds
    if not parts:
        return pa.null(), True
    if all(part.equals(parts[0]) for part in parts):
        return parts[0], nullable
    numbers = [pa.float64() if part.equals(pa.float32()) else part for part in parts]
    if all(part in _WIDER for part in numbers) and set(numbers) != {pa.int64(), pa.float64()}:
        return max(numbers, key=_WIDER.index), nullable
    raise StoreError(f"an Avro union of {', '.join(map(str, parts))} has no common Arrow type")


def avro_schema(schema: pa.Schema, name: str) -> dict[str, Any]:
    """Derive the Avro record schema for an Arrow schema.

    Raises:
        DataError: a column name or type that Avro can't store.
    """
    return {"type": "record", "name": name, "fields": [_avro_field(part, name) for part in schema]}


def _avro_field(part: pa.Field, above: str) -> dict[str, Any]:
    if not _NAME.match(part.name):
        raise DataError(f"column {part.name!r}: Avro names are ASCII letters, digits and _, not starting with a digit")
    kind = _item(part.name, part, f"{above}_{part.name}")
    nullable = {"default": None} if part.nullable else {}
    return {"name": part.name, "type": kind, **nullable}


_UNITS = {"ms": "millis", "us": "micros", "ns": "nanos"}


def _avro_type(column: str, kind: pa.DataType, path: str) -> Any:
    if isinstance(kind, pa.BaseExtensionType):
        return _avro_type(column, kind.storage_type, path)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _avro_type(column, kind.value_type, path)
    if pa.types.is_timestamp(kind):
        unit = _UNITS["ms" if kind.unit == "s" else kind.unit]
        return {"type": "long", "logicalType": f"{'' if kind.tz else 'local-'}timestamp-{unit}"}
    if pa.types.is_decimal(kind):
        if kind.scale < 0:
            raise DataError(f"column {column!r}: Avro can't hold a decimal of negative scale, found {kind}")
        return {"type": "bytes", "logicalType": "decimal", "precision": kind.precision, "scale": kind.scale}
    if pa.types.is_fixed_size_binary(kind):
        return {"type": "fixed", "name": f"{path}_fixed", "size": kind.byte_width}
    if pa.types.is_struct(kind):
        return {"type": "record", "name": path, "fields": [_avro_field(part, path) for part in kind]}
    if pa.types.is_map(kind):
        if not (pa.types.is_string(kind.key_type) or pa.types.is_large_string(kind.key_type)):
            raise DataError(f"column {column!r}: the keys of an Avro map are texts, found {kind.key_type}")
        return {"type": "map", "values": _item(column, kind.item_field, f"{path}_item")}
    if pa.types.is_nested(kind) and not pa.types.is_union(kind):
        return {"type": "array", "items": _item(column, kind.value_field, f"{path}_item")}
    for matches, found in _TYPES:
        if matches(kind):
            return found
    raise DataError(f"column {column!r}: Avro can't hold {kind}; Parquet or Arrow IPC can")


def _item(column: str, part: pa.Field, path: str) -> Any:
    """Derive the Avro type of a record's field, an array's item or a map's value."""
    kind = _avro_type(column, part.type, path)
    if kind == "null" or (not part.nullable and least_bytes(kind) == 0):
        return [kind]  # a union of one takes a byte: readers can't verify a count of zero-byte items
    return ["null", kind] if part.nullable else kind


_is = pa.types
_TYPES: list[tuple[Any, Any]] = [
    (_is.is_null, "null"),
    (_is.is_boolean, "boolean"),
    (lambda kind: kind in (pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16()), "int"),
    (lambda kind: kind in (pa.int64(), pa.uint32(), pa.uint64()), "long"),
    (lambda kind: kind in (pa.float16(), pa.float32()), "float"),
    (_is.is_float64, "double"),
    (is_text, "string"),
    (lambda kind: _is.is_binary(kind) or _is.is_large_binary(kind) or _is.is_binary_view(kind), "bytes"),
    (_is.is_date, {"type": "int", "logicalType": "date"}),
    (_is.is_time32, {"type": "int", "logicalType": "time-millis"}),
    (lambda kind: kind.equals(pa.time64("us")), {"type": "long", "logicalType": "time-micros"}),
    (lambda kind: kind.equals(pa.time64("ns")) or _is.is_duration(kind), "long"),
]
