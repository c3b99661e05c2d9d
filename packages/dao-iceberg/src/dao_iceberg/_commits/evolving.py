"""A table's columns after rows of another schema come: ids stay, new columns get new ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

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
from pyiceberg.types import NestedField, StructType

from dao.errors import UnsupportedError
from dao_iceberg._tables.schema_merging import Merge
from dao_iceberg._tables.schemas import iceberg_type, made_schema
from dao_iceberg._tables.specs import sort_order
from dao_iceberg._tables.wanted_types import Wanted

__all__ = ["changed_order", "evolved_columns", "replaced_columns", "schema_updates", "widens"]


def evolved_columns(metadata: TableMetadata, wanted: pa.Schema) -> Schema:
    """The columns of a table that get the names, types and nullability of others, of the same or a wider type.

    Args:
        metadata: of the table.
        wanted: what its columns become: all of its own, in any order, and new ones; of :func:`storable`.

    Raises:
        UnsupportedError: a column would get a type that Iceberg can't give it without a rewrite.
    """
    merge = _merge(metadata, wanted)
    columns = _merged(merge, metadata)
    for step in merge.steps:
        if step.kind in ("narrow", "retype"):
            raise UnsupportedError(
                f"column {'.'.join(step.path)!r} would change, {step.text}: Iceberg can't do that without a rewrite; "
                "cast the data, or overwrite the table"
            )
    return columns


def replaced_columns(metadata: TableMetadata, wanted: pa.Schema) -> Schema:
    """The columns of a table whose rows are all replaced: what has the same name and a like type keeps its id."""
    return _merged(_merge(metadata, wanted), metadata)


def _merge(metadata: TableMetadata, wanted: pa.Schema) -> Merge:
    numbers = count(1)
    asked = [
        NestedField(next(numbers), one.name, iceberg_type(one.type, numbers), required=not one.nullable)
        for one in wanted
    ]
    version, last = metadata.format_version, metadata.last_column_id
    return Merge(Wanted(StructType(*asked)), version=version, last_id=last, renamed={}, pinned={}, drop=True)


def _merged(merge: Merge, metadata: TableMetadata) -> Schema:
    """The columns after a merge: those of a schema that the table has or had, or new ones."""
    base = metadata.schema()
    columns = merge.run(base.as_struct())
    required = {one.field_id for one in columns.fields if one.required}
    identifiers = [number for number in base.identifier_field_ids if number in required]
    for known in metadata.schemas:
        if known.as_struct() == columns and known.identifier_field_ids == identifiers:
            return known
    number = max(one.schema_id for one in metadata.schemas) + 1
    return made_schema(columns.fields, schema_id=number, identifier_field_ids=identifiers)


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


def widens(old: pa.DataType, new: pa.DataType) -> bool:
    """Whether Iceberg allows a type to become another one: see the specification, "Schema Evolution"."""
    if pt.is_decimal(old) and pt.is_decimal(new):
        return bool(old.scale == new.scale and old.precision <= new.precision)
    return (old, new) in ((pa.int32(), pa.int64()), (pa.float32(), pa.float64()))
