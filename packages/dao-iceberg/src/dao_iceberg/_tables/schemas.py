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
from dao_files.lake import StorableTypes

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
    return pa.schema([_TYPES.field(field, field.name) for field in schema])


def _check_names(names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"the columns {', '.join(map(repr, repeated))} occur more than once: rename them")
    if "" in names:
        raise DataError("found a column without a name, which Iceberg can't keep; name it")


def _own_type(kind: pa.DataType) -> pa.DataType | None:
    if kind == pa.uuid() or (pt.is_fixed_size_binary(kind) and kind.byte_width):
        return kind
    return pa.time64("us") if pt.is_time(kind) and kind.unit != "ns" else None


_TYPES = StorableTypes(
    format="Iceberg",
    whole=dict.fromkeys((pa.int8(), pa.int16(), pa.uint8()), pa.int32()),
    own=_own_type,
    check_names=_check_names,
)


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
