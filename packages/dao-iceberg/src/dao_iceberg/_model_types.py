"""Iceberg's types and Arrow's: what a model's columns become, and what Iceberg's columns are in Arrow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
from attrs import field, frozen
from pyiceberg.conversions import to_json
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampNanoType,
    TimestampType,
    TimestamptzNanoType,
    TimestamptzType,
    TimeType,
    UnknownType,
    UUIDType,
)

from dao.arrow.models import default_of
from dao.errors import DataError, UnsupportedError

__all__ = ["Wanted", "arrow_schema", "wanted_schema"]


@frozen
class Wanted:
    """A schema that is asked for: its field ids only tell its fields apart.

    Attributes:
        struct: its columns.
        aliases: other names of fields, by field id.
    """

    struct: StructType
    aliases: Mapping[int, tuple[str, ...]] = field(factory=dict)


def wanted_schema(schema: pa.Schema, version: int, name: str) -> Wanted:
    """The Iceberg columns that hold what an Arrow schema's columns hold, without loss.

    Args:
        schema: the columns; fields may carry ``doc``, ``default`` and ``aliases``, see :func:`dao.arrow.schema_of`.
        version: the format version, which decides about nanoseconds, defaults and columns without a type.
        name: what declares the columns, for messages.

    Raises:
        DataError: a type that Iceberg doesn't have, with its path and what would work.
    """
    reader = _FromArrow(version)
    struct = reader.struct(schema, name)
    return Wanted(struct, reader.aliases)


_LEAVES: tuple[tuple[Callable[[pa.DataType], bool], type[IcebergType]], ...] = (
    (pt.is_boolean, BooleanType),
    (pt.is_int64, LongType),
    (pt.is_uint32, LongType),
    (pt.is_float64, DoubleType),
    (pt.is_floating, FloatType),
    (pt.is_string, StringType),
    (pt.is_large_string, StringType),
    (pt.is_string_view, StringType),
    (pt.is_binary, BinaryType),
    (pt.is_large_binary, BinaryType),
    (pt.is_binary_view, BinaryType),
    (pt.is_date, DateType),
)


class _FromArrow:
    def __init__(self, version: int) -> None:
        self.version = version
        self.aliases: dict[int, tuple[str, ...]] = {}
        self._ids = count(1)

    def struct(self, fields: Any, path: str) -> StructType:
        if not len(list(fields)):
            raise DataError(f"{path} has no fields, and Iceberg has no column without any")
        return StructType(*(self._field(one, f"{path}.{one.name}") for one in fields))

    def _field(self, one: pa.Field, path: str) -> NestedField:
        notes = one.metadata or {}
        number = next(self._ids)
        if b"aliases" in notes:
            self.aliases[number] = tuple(json.loads(notes[b"aliases"]))
        doc = notes[b"doc"].decode() if b"doc" in notes else None
        kind = self.type(one.type, path)
        default = self._default(one, kind)
        return NestedField(number, one.name, kind, not one.nullable, doc, write_default=default)

    def _default(self, one: pa.Field, kind: IcebergType) -> Any:
        """The default that the table keeps: only version 3 has them, and only for single values."""
        if self.version < 3 or b"default" not in (one.metadata or {}) or not kind.is_primitive:
            return None
        return default_of(one)

    def type(self, kind: pa.DataType, path: str) -> IcebergType:
        if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
            return self.type(kind.value_type, path)
        if pt.is_struct(kind):
            return self.struct(list(kind), path)
        if pt.is_map(kind):
            key, value = (self.type(k, f"{path}.{n}") for n, k in (("key", kind.key_type), ("value", kind.item_type)))
            return MapType(next(self._ids), key, next(self._ids), value, not kind.item_field.nullable)
        if pt.is_nested(kind) and hasattr(kind, "value_field"):
            item = kind.value_field
            return ListType(next(self._ids), self.type(item.type, f"{path}[]"), not item.nullable)
        return self._leaf(kind, path)

    def _leaf(self, kind: pa.DataType, path: str) -> IcebergType:
        if kind.equals(pa.uuid()):
            return UUIDType()
        if isinstance(kind, pa.BaseExtensionType):
            return self.type(kind.storage_type, path)
        for test, leaf in _LEAVES:
            if test(kind):
                return leaf()
        if pt.is_integer(kind) and kind.bit_width <= 32:
            return IntegerType()
        if pt.is_decimal(kind) and 0 <= kind.scale <= kind.precision <= 38:
            return DecimalType(kind.precision, kind.scale)
        if pt.is_fixed_size_binary(kind):
            return FixedType(kind.byte_width)
        if pt.is_timestamp(kind):
            return self._moment(kind, path)
        if pt.is_time(kind) and kind.unit != "ns":
            return TimeType()
        if pt.is_null(kind) and self.version >= 3:
            return UnknownType()
        raise DataError(f"{path} is {kind}, which Iceberg has no type for: {_way_out(kind)}")

    def _moment(self, kind: pa.TimestampType, path: str) -> IcebergType:
        if kind.unit != "ns":
            return TimestampType() if kind.tz is None else TimestamptzType()
        if self.version >= 3:
            return TimestampNanoType() if kind.tz is None else TimestamptzNanoType()
        raise DataError(
            f"{path} is {kind}, and Iceberg has nanoseconds from version 3 on; use {kind}".replace("ns", "us")
        )


def _way_out(kind: pa.DataType) -> str:
    if pt.is_duration(kind):
        return "make it a number, such as microseconds: Annotated[int, ...]"
    if pt.is_decimal(kind):
        return "its decimals have at most 38 digits, none of them beyond the scale"
    if pt.is_uint64(kind):
        return "int64, or decimal128(20, 0), which holds all its values"
    if pt.is_time(kind):
        return "time64[us]"
    return "give the field a type"


def arrow_schema(struct: StructType) -> pa.Schema:
    """The Arrow schema in which Iceberg's columns are handed over; docs and defaults are in the fields' metadata.

    Raises:
        UnsupportedError: a type that has no Arrow type, such as a geometry.
    """
    return pa.schema(list(_arrow_fields(struct, "")))


def _arrow_fields(struct: StructType, path: str) -> Iterator[pa.Field]:
    for one in struct.fields:
        notes = {"doc": one.doc} if one.doc else {}
        if one.write_default is not None:
            notes["default"] = json.dumps(to_json(one.field_type, one.write_default), ensure_ascii=False)
        kind = _arrow_type(one.field_type, f"{path}{one.name}")
        yield pa.field(one.name, kind, one.optional, notes or None)


_ARROW: dict[type[IcebergType], pa.DataType] = {
    BooleanType: pa.bool_(),
    IntegerType: pa.int32(),
    LongType: pa.int64(),
    FloatType: pa.float32(),
    DoubleType: pa.float64(),
    DateType: pa.date32(),
    TimeType: pa.time64("us"),
    TimestampType: pa.timestamp("us"),
    TimestamptzType: pa.timestamp("us", "UTC"),
    TimestampNanoType: pa.timestamp("ns"),
    TimestamptzNanoType: pa.timestamp("ns", "UTC"),
    StringType: pa.string(),
    BinaryType: pa.binary(),
    UUIDType: pa.uuid(),
    UnknownType: pa.null(),
}


def _arrow_type(kind: IcebergType, path: str) -> pa.DataType:
    if isinstance(kind, StructType):
        return pa.struct(list(_arrow_fields(kind, f"{path}.")))
    if isinstance(kind, ListType):
        element = _arrow_type(kind.element_type, f"{path}[]")
        return pa.list_(pa.field("element", element, not kind.element_required))
    if isinstance(kind, MapType):
        value = pa.field("value", _arrow_type(kind.value_type, f"{path}.value"), not kind.value_required)
        return pa.map_(_arrow_type(kind.key_type, f"{path}.key"), value)
    if isinstance(kind, DecimalType):
        return pa.decimal128(kind.precision, kind.scale)
    if isinstance(kind, FixedType):
        return pa.binary(len(kind))
    try:
        return _ARROW[type(kind)]
    except KeyError:
        raise UnsupportedError(f"{path} is {kind}, which has no type in Arrow or Python here") from None
