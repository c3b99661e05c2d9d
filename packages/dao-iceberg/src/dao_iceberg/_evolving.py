"""A table's columns after rows of another schema come: ids stay, new columns get new ones."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.types as pt
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER, SortOrder
from pyiceberg.table.update import (
    AddSchemaUpdate,
    AddSortOrderUpdate,
    SetCurrentSchemaUpdate,
    SetDefaultSortOrderUpdate,
    TableUpdate,
)
from pyiceberg.types import IcebergType, ListType, MapType, NestedField, StructType

from dao.errors import UnsupportedError
from dao_iceberg._schemas import arrow_field, iceberg_type, made_schema
from dao_iceberg._specs import sort_order

__all__ = ["changed_order", "evolved_columns", "replaced_columns", "schema_updates", "widens"]


def evolved_columns(metadata: TableMetadata, wanted: pa.Schema) -> Schema:
    """The columns of a table that get the names, types and nullability of others, of the same or a wider type.

    Args:
        metadata: of the table.
        wanted: what its columns become: all of its own, in any order, and new ones; of :func:`storable`.

    Raises:
        UnsupportedError: a column would get a type that Iceberg can't give it without a rewrite.
    """
    return _Evolution(metadata).schema(wanted, replaces=False)


def replaced_columns(metadata: TableMetadata, wanted: pa.Schema) -> Schema:
    """The columns of a table whose rows are all replaced: what has the same name and a like type keeps its id."""
    return _Evolution(metadata).schema(wanted, replaces=True)


def schema_updates(metadata: TableMetadata, columns: Schema) -> tuple[TableUpdate, ...]:
    """The updates that give a table its columns; none if it has them."""
    if columns.schema_id == metadata.current_schema_id:
        return ()
    if metadata.schema_by_id(columns.schema_id) is not None:
        return (SetCurrentSchemaUpdate(schema_id=columns.schema_id),)
    return (AddSchemaUpdate(schema_=columns), SetCurrentSchemaUpdate(schema_id=-1))


def changed_order(
    metadata: TableMetadata, terms: Sequence[str] | None, columns: Schema
) -> tuple[SortOrder, tuple[TableUpdate, ...]]:
    """The sort order with some terms: one that the table has or had, or a new one; and the updates that set it.

    Args:
        metadata: of the table.
        terms: of the order; None for the table's own, or none where its columns lack one of it.
        columns: that the table has afterwards.

    Raises:
        DataError: a column is missing, or a transform doesn't fit its type.
    """
    if terms is None:
        own = metadata.sort_order_by_id(metadata.default_sort_order_id) or UNSORTED_SORT_ORDER
        if all(one.source_id in columns.field_ids for one in own.fields):
            return own, ()
    made = sort_order(terms or (), columns, max((one.order_id for one in metadata.sort_orders), default=0) + 1)
    known = next((one for one in metadata.sort_orders if one.fields == made.fields), None)
    if known is None:
        return made, (AddSortOrderUpdate(sort_order=made), SetDefaultSortOrderUpdate(sort_order_id=made.order_id))
    is_set = known.order_id == metadata.default_sort_order_id
    return known, () if is_set else (SetDefaultSortOrderUpdate(sort_order_id=known.order_id),)


class _Evolution:
    def __init__(self, metadata: TableMetadata) -> None:
        self._metadata = metadata
        self._ids = iter(range(metadata.last_column_id + 1, 1 << 31))

    def schema(self, wanted: pa.Schema, *, replaces: bool) -> Schema:
        base = self._metadata.schema()
        fields = self._fields(base.fields, list(wanted), replaces)
        identifiers = [
            one for one in base.identifier_field_ids if any(one == made.field_id and made.required for made in fields)
        ]
        for known in self._metadata.schemas:
            if known.as_struct() == StructType(*fields) and known.identifier_field_ids == identifiers:
                return known
        number = max(one.schema_id for one in self._metadata.schemas) + 1
        return made_schema(fields, schema_id=number, identifier_field_ids=identifiers)

    def _fields(self, base: Sequence[NestedField], wanted: Sequence[pa.Field], replaces: bool) -> list[NestedField]:
        known = {one.name: one for one in base}
        return [self._field(known.get(one.name), one, replaces) for one in wanted]

    def _field(self, base: NestedField | None, wanted: pa.Field, replaces: bool) -> NestedField:
        if base is None:
            number = next(self._ids)
            return NestedField(number, wanted.name, iceberg_type(wanted.type, self._ids), required=not wanted.nullable)
        kind = self._type(base.field_type, wanted.type, wanted.name, replaces)
        if kind is None:  # another column of the same name
            number = next(self._ids)
            return NestedField(number, wanted.name, iceberg_type(wanted.type, self._ids), required=not wanted.nullable)
        return base.model_copy(update={"field_type": kind, "required": not wanted.nullable})

    def _type(self, base: IcebergType, wanted: pa.DataType, place: str, replaces: bool) -> IcebergType | None:
        match base:
            case StructType() if pt.is_struct(wanted):
                return StructType(*self._fields(base.fields, list(wanted), replaces))
            case ListType() if pt.is_list(wanted):
                element = self._field(base.element_field, wanted.value_field.with_name("element"), replaces)
                return ListType(element.field_id, element.field_type, element_required=element.required)
            case MapType() if pt.is_map(wanted):
                key = self._field(base.key_field, wanted.key_field.with_name("key"), replaces)
                value = self._field(base.value_field, wanted.item_field.with_name("value"), replaces)
                return MapType(key.field_id, key.field_type, value.field_id, value.field_type, value.required)
        old = arrow_field(NestedField(0, place, base)).type
        if old.equals(wanted):
            return base
        if widens(old, wanted):
            return iceberg_type(wanted, self._ids)
        if replaces:
            return None
        raise UnsupportedError(
            f"column {place!r} would become {wanted}: Iceberg can't make that of {old} without a rewrite; cast the "
            "data, or overwrite the table"
        )


def widens(old: pa.DataType, new: pa.DataType) -> bool:
    """Whether Iceberg allows a type to become another one: see the specification, "Schema Evolution"."""
    if pt.is_decimal(old) and pt.is_decimal(new):
        return bool(old.scale == new.scale and old.precision <= new.precision)
    return (old, new) in ((pa.int32(), pa.int64()), (pa.float32(), pa.float64()))
