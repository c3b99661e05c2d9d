"""Iceberg's types and Arrow's: what a model's columns become, and what Iceberg's columns are in Arrow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

import pyarrow as pa
import pyarrow.types as pt
from attrs import field, frozen
from pyiceberg.conversions import to_json
from pyiceberg.types import (
    IcebergType,
    ListType,
    MapType,
    NestedField,
    StructType,
    TimestampNanoType,
    TimestamptzNanoType,
    UnknownType,
)

from dao.arrow.models import default_of
from dao.errors import DataError
from dao_iceberg._tables.schemas import arrow_field, iceberg_type, storable

__all__ = ["Wanted", "noted_schema", "wanted_schema"]


@frozen
class Wanted:
    """A schema that is asked for: its field ids only tell its fields apart, and it has defaults in every version.

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
        version: the format version, which decides about nanoseconds and columns without a type.
        name: what declares the columns, for messages.

    Raises:
        DataError: a type that Iceberg doesn't have, with its path and what would work.
    """
    reader = _FromArrow(version)
    struct = reader.struct(list(schema), name)
    return Wanted(struct, reader.aliases)


class _FromArrow:
    def __init__(self, version: int) -> None:
        self.version = version
        self.aliases: dict[int, tuple[str, ...]] = {}
        self._ids = count(1)

    def struct(self, fields: Sequence[pa.Field], path: str) -> StructType:
        if not fields:
            raise DataError(f"{path} has no fields, and Iceberg has no column without any")
        if len({one.name for one in fields}) < len(fields):
            raise DataError(f"{path} has two fields of one name: rename one")
        return StructType(*(self._field(one, f"{path}.{one.name}") for one in fields))

    def _field(self, one: pa.Field, path: str) -> NestedField:
        notes = one.metadata or {}
        number = next(self._ids)
        if b"aliases" in notes:
            self.aliases[number] = tuple(json.loads(notes[b"aliases"]))
        doc = notes[b"doc"].decode() if b"doc" in notes else None
        kind = self.type(one.type, path)
        default = default_of(one) if kind.is_primitive else None  # as for Iceberg's, defaults are single values
        return NestedField(number, one.name, kind, not one.nullable, doc, write_default=default)

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
        if isinstance(kind, pa.BaseExtensionType) and kind != pa.uuid():
            return self.type(kind.storage_type, path)
        if pt.is_duration(kind):
            raise DataError(
                f"{path} is {kind}, and Iceberg has no type for durations: make it a number of microseconds"
            )
        if self.version >= 3 and pt.is_timestamp(kind) and kind.unit == "ns":
            return TimestampNanoType() if kind.tz is None else TimestamptzNanoType()
        if self.version >= 3 and pt.is_null(kind):
            return UnknownType()
        return iceberg_type(storable(pa.schema([pa.field(path, kind)])).field(0).type, self._ids)


def noted_schema(struct: StructType) -> pa.Schema:
    """The Arrow schema in which Iceberg's columns are handed over, with docs and defaults in the fields' metadata.

    Raises:
        UnsupportedError: a column has a type that can't be read.
    """
    return pa.schema(list(_arrow_fields(struct, "")))


def _arrow_fields(struct: StructType, path: str) -> Iterator[pa.Field]:
    for one in struct.fields:
        notes = {"doc": one.doc} if one.doc else {}
        if one.write_default is not None:
            notes["default"] = json.dumps(to_json(one.field_type, one.write_default), ensure_ascii=False)
        kind = _arrow_type(one.field_type, f"{path}{one.name}")
        yield pa.field(one.name, kind, one.optional, notes or None)


def _arrow_type(kind: IcebergType, path: str) -> pa.DataType:
    if isinstance(kind, StructType):
        return pa.struct(list(_arrow_fields(kind, f"{path}.")))
    if isinstance(kind, ListType):
        element = _arrow_type(kind.element_type, f"{path}[]")
        return pa.list_(pa.field("element", element, not kind.element_required))
    if isinstance(kind, MapType):
        value = pa.field("value", _arrow_type(kind.value_type, f"{path}.value"), not kind.value_required)
        return pa.map_(_arrow_type(kind.key_type, f"{path}.key"), value)
    return arrow_field(NestedField(0, path, kind)).type
