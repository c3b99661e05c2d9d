"""Columns of rows by their ids, and what transforms make of them: for partitions, and for the order of rows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform, Transform

__all__ = ["counted", "transformed"]


def transformed(rows: Any, columns: Schema, number: int, transform: Transform[Any, Any]) -> pa.Array:
    """What a transform makes of a column of rows, as manifests have it.

    Args:
        rows: a batch or a table.
        columns: the table's columns.
        number: the id of the column, or of a field inside of structs.
        transform: the transform; not ``void``.
    """
    values = _source(rows, columns, number)
    if not isinstance(transform, IdentityTransform):
        values = transform.pyarrow_transform(columns.find_type(number))(values)
    return counted(values)


def _source(rows: Any, columns: Schema, number: int) -> pa.Array:
    """A column, or a field inside of structs, whose nulls are those of the structs too."""
    name = columns.find_column_name(number)
    assert name is not None
    found = next((one for one in columns.fields if one.field_id == number), None)
    if found is not None:
        return _storage(rows.column(found.name))
    head = next(one for one in columns.fields if name.startswith(f"{one.name}."))
    value = _storage(rows.column(head.name))
    rest, kind = name[len(head.name) + 1 :], head.field_type
    while rest:
        inner = next(one for one in kind.fields if rest == one.name or rest.startswith(f"{one.name}."))
        value = pc.struct_field(value, [[one.name for one in kind.fields].index(inner.name)])
        rest, kind = rest[len(inner.name) + 1 :], inner.field_type
    return _storage(value)


def _storage(values: Any) -> pa.Array:
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return values.storage if isinstance(values.type, pa.BaseExtensionType) else values


def counted(values: pa.Array) -> pa.Array:
    """Values as manifests have them: moments, dates and times as their counts."""
    if pt.is_timestamp(values.type) or pt.is_time(values.type):
        return values.cast(pa.int64())
    return values.cast(pa.int32()) if pt.is_date(values.type) else values
