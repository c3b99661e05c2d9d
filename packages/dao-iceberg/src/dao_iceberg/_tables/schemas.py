"""Arrow schemas as Iceberg keeps them, and Iceberg's schemas in Arrow: with field ids, by which columns are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
from pyiceberg import types as it
from pyiceberg.schema import Schema, index_by_name

from dao.arrow.convert import refuse_variants
from dao.errors import DataError, UnsupportedError

__all__ = [
    "FIELD_ID",
    "arrow_field",
    "arrow_schema",
    "field_id",
    "iceberg_type",
    "made_schema",
    "new_schema",
    "storable",
]

FIELD_ID = b"PARQUET:field_id"
"""The key of a field's metadata that has its id; pyarrow writes it to Parquet and reads it from there."""

_PLAIN: dict[type[Any], pa.DataType] = {
    it.BooleanType: pa.bool_(),
    it.IntegerType: pa.int32(),
    it.LongType: pa.int64(),
    it.FloatType: pa.float32(),
    it.DoubleType: pa.float64(),
    it.DateType: pa.date32(),
    it.TimeType: pa.time64("us"),
    it.TimestampType: pa.timestamp("us"),
    it.TimestamptzType: pa.timestamp("us", "UTC"),
    it.TimestampNanoType: pa.timestamp("ns"),
    it.TimestamptzNanoType: pa.timestamp("ns", "UTC"),
    it.StringType: pa.string(),
    it.BinaryType: pa.binary(),
    it.UUIDType: pa.uuid(),
    it.UnknownType: pa.null(),
}

_WIDER = {
    pa.int8(): pa.int32(),
    pa.int16(): pa.int32(),
    pa.uint8(): pa.int32(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.float16(): pa.float32(),
    pa.date64(): pa.date32(),
}
_KEPT = (pt.is_boolean, pt.is_int32, pt.is_int64, pt.is_float32, pt.is_float64, pt.is_date32)
_TEXTS = (pt.is_string, pt.is_large_string, pt.is_string_view)
_BYTES = (pt.is_binary, pt.is_large_binary, pt.is_binary_view)
_LISTS = (pt.is_list, pt.is_large_list, pt.is_fixed_size_list, pt.is_list_view, pt.is_large_list_view)


def arrow_schema(schema: Schema, *, ids: bool = False) -> pa.Schema:
    """A table's schema in Arrow, as rows are read.

    Args:
        schema: of the table.
        ids: whether fields have their ids in their metadata, as data files have them.

    Raises:
        UnsupportedError: a column has a type that can't be read.
    """
    return pa.schema([arrow_field(one, ids=ids) for one in schema.fields])


def arrow_field(field: it.NestedField, *, ids: bool = False) -> pa.Field:
    """A field in Arrow; see :func:`arrow_schema`."""
    kind = _arrow_type(field.field_type, field.name, ids)
    return pa.field(field.name, kind, not field.required, _id(field.field_id) if ids else None)


def _id(number: int) -> dict[bytes, bytes]:
    return {FIELD_ID: str(number).encode()}


def field_id(field: pa.Field) -> int | None:
    """The id of a field; None if it has none."""
    found = (field.metadata or {}).get(FIELD_ID)
    return None if found is None or int(found) < 0 else int(found)


def _arrow_type(kind: it.IcebergType, place: str, ids: bool) -> pa.DataType:
    if type(kind) in _PLAIN:
        return _PLAIN[type(kind)]
    match kind:
        case it.DecimalType():
            return pa.decimal128(kind.precision, kind.scale)
        case it.FixedType():
            return pa.binary(len(kind))
        case it.StructType():
            return pa.struct([arrow_field(one, ids=ids) for one in kind.fields])
        case it.ListType():
            return pa.list_(arrow_field(kind.element_field, ids=ids))
        case it.MapType():
            return pa.map_(arrow_field(kind.key_field, ids=ids), arrow_field(kind.value_field, ids=ids))
    raise UnsupportedError(f"column {place!r} has the type {kind}, which can't be read")


_DIGITS = 38
"""The most digits of a decimal."""


def storable(schema: pa.Schema) -> pa.Schema:
    """The schema in which a new table keeps rows of a schema: the narrowest types of Iceberg that hold all values.

    Raises:
        DataError: Iceberg has no type for a column, it was read from a VARIANT, or two columns have one name.

    >>> print(storable(pa.schema({"id": pa.uint8(), "at": pa.timestamp("s")})))
    id: int32
    at: timestamp[us]
    """
    _check_names(schema.names)
    refuse_variants(schema)
    return pa.schema([_storable_field(field, field.name) for field in schema])


def _check_names(names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"the columns {', '.join(map(repr, repeated))} occur more than once: rename them")
    if "" in names:
        raise DataError("found a column without a name, which Iceberg can't keep; name it")


def _storable_field(field: pa.Field, place: str) -> pa.Field:
    return pa.field(field.name, _storable_type(field.type, place), field.nullable)


def _storable_type(kind: pa.DataType, place: str) -> pa.DataType:
    if kind == pa.uuid():
        return kind
    if isinstance(kind, pa.BaseExtensionType):
        return _storable_type(kind.storage_type, place)
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return _storable_type(kind.value_type, place)
    if any(test(kind) for test in _KEPT):
        return kind
    if kind in _WIDER:
        return _WIDER[kind]
    if any(test(kind) for test in _TEXTS):
        return pa.string()
    if any(test(kind) for test in _BYTES):
        return pa.binary()
    if pt.is_fixed_size_binary(kind) and kind.byte_width:
        return kind
    if pt.is_decimal(kind) and 0 <= kind.scale <= kind.precision <= _DIGITS:
        return pa.decimal128(kind.precision, kind.scale)
    if pt.is_time(kind) and kind.unit != "ns":
        return pa.time64("us")
    if pt.is_timestamp(kind) and kind.unit != "ns":
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if any(test(kind) for test in _LISTS):
        return pa.list_(_element(kind.value_field, "element", f"{place}[]"))
    if pt.is_map(kind):
        key, value = _element(kind.key_field, "key", f"{place}.key"), _element(kind.item_field, "value", f"{place}[]")
        return pa.map_(key, value)
    if pt.is_struct(kind) and kind.num_fields:
        _check_names([field.name for field in kind])
        return pa.struct([_storable_field(field, f"{place}.{field.name}") for field in kind])
    raise DataError(f"column {place!r} is {kind}, for which Iceberg has no type{_way_out(kind)}")


def _element(field: pa.Field, name: str, place: str) -> pa.Field:
    return pa.field(name, _storable_type(field.type, place), field.nullable)


def _way_out(kind: pa.DataType) -> str:
    if pt.is_timestamp(kind) or pt.is_time(kind):
        return ": its times are of microseconds; cast to them"
    if pt.is_null(kind):
        return ": cast it to the type that its values will have"
    if pt.is_uint64(kind):
        return ": cast it to int64, or to decimal128(20, 0)"
    return "; cast it"


def iceberg_type(kind: pa.DataType, ids: Iterator[int]) -> it.IcebergType:
    """A type of :func:`storable` as Iceberg has it; fields inside of it get new ids.

    Args:
        kind: the type.
        ids: gives the ids.

    Raises:
        DataError: a decimal of more digits than Iceberg has, to which a column was to be widened.
    """
    for plain, arrow in _PLAIN.items():
        if arrow.equals(kind):
            return plain()
    if pt.is_decimal(kind):
        if kind.precision > _DIGITS:
            raise DataError(f"found values that need {kind}, expected decimals of {_DIGITS} digits at most")
        return it.DecimalType(kind.precision, kind.scale)
    if pt.is_fixed_size_binary(kind):
        return it.FixedType(kind.byte_width)
    if pt.is_list(kind):
        element = kind.value_field
        number = next(ids)
        return it.ListType(number, iceberg_type(element.type, ids), element_required=not element.nullable)
    if pt.is_map(kind):
        key, value = next(ids), next(ids)
        return it.MapType(
            key,
            iceberg_type(kind.key_type, ids),
            value,
            iceberg_type(kind.item_type, ids),
            value_required=not kind.item_field.nullable,
        )
    numbers = [next(ids) for _ in kind]
    return it.StructType(
        *(
            it.NestedField(number, field.name, iceberg_type(field.type, ids), required=not field.nullable)
            for number, field in zip(numbers, kind, strict=True)
        )
    )


def new_schema(schema: pa.Schema, first: int = 1) -> Schema:
    """The schema of a new table, with ids from a first one on: those of the columns before those inside of them.

    Args:
        schema: of :func:`storable`.
        first: the first id.

    Raises:
        DataError: a column has the name of a field inside of another one.
    """
    ids = iter(range(first, first + 1_000_000))
    made = iceberg_type(pa.struct(list(schema)), ids)
    assert isinstance(made, it.StructType)
    return made_schema(made.fields)


def made_schema(fields: Sequence[it.NestedField], **more: Any) -> Schema:
    """A schema of some columns.

    Args:
        fields: the columns.
        more: what else it has, see :class:`pyiceberg.schema.Schema`.

    Raises:
        DataError: a column has the name of a field inside of another one, as Iceberg writes it: ``place.city``.
    """
    try:
        made = Schema(*fields, **more)
        index_by_name(made)
    except ValueError as error:
        told = next((one.name for one in fields if "." in one.name), "")
        raise DataError(
            f"a column and a field inside of another one would have one name in Iceberg, such as {told!r}: rename one"
        ) from error
    return made
