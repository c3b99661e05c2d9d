"""The type that a column has after rows of another type are added to it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from dao.arrow.convert import make_list_type
from dao.arrow.convert._exact import family, may_cast, plain_type

__all__ = ["widened"]


def widened(table: pa.DataType, data: pa.DataType) -> pa.DataType:
    """The narrowest type that holds all values of both types; the table's where it does, or where there is none.

    Where there is none, such as for 64-bit integers and floats, or decimals and floats, values of the data that the
    table's type can't hold exactly are refused as they are cast. The layouts of text, bytes, lists and categories, the
    order of struct fields and the zone of timestamps stay the table's.

    >>> str(widened(pa.int8(), pa.int32())), str(widened(pa.int32(), pa.float32()))
    ('int32', 'double')
    >>> str(widened(pa.string_view(), pa.string())), str(widened(pa.int64(), pa.float64()))
    ('string_view', 'int64')
    """
    if table.equals(data) or pt.is_null(data):
        return table
    if pt.is_null(table):
        return data
    encoded = _widened_encoded(table, data)
    if encoded is not None:
        return encoded
    if pt.is_nested(table) and family(table) == family(data):
        return _widened_nested(table, data)
    kind = _widened_leaf(table, data)
    # Stored rows are read as that type, and new rows are cast to it.
    fits = kind is not None and may_cast(table, kind) is None and may_cast(data, kind) is None
    return kind if fits else table


def _widened_encoded(table: pa.DataType, data: pa.DataType) -> pa.DataType | None:
    """The widened type where a type is dictionary or run-end encoded: encoded as the table's; None if neither is."""
    if pt.is_dictionary(table):
        index = widened(table.index_type, data.index_type) if pt.is_dictionary(data) else table.index_type
        return pa.dictionary(index, widened(table.value_type, plain_type(data)), table.ordered)
    if pt.is_run_end_encoded(table):
        return pa.run_end_encoded(table.run_end_type, widened(table.value_type, plain_type(data)))
    return None if plain_type(data).equals(data) else widened(table, plain_type(data))


def _widened_nested(table: pa.DataType, data: pa.DataType) -> pa.DataType:
    if pt.is_struct(table):
        others = {field.name: field for field in data}
        if sorted(field.name for field in table) != sorted(others):
            return table
        return pa.struct([_widened_field(field, others[field.name]) for field in table])
    if pt.is_map(table):
        items = _widened_field(table.item_field, data.item_field)
        return pa.map_(_widened_field(table.key_field, data.key_field), items, keys_sorted=table.keys_sorted)
    size = [kind.list_size if pt.is_fixed_size_list(kind) else None for kind in (table, data)]
    if size[0] is not None and size[0] != size[1]:
        table = pa.list_(table.value_field)
    lists: Any = make_list_type(table, lambda item: _widened_field(item, data.value_field))
    return lists


def _widened_field(table: pa.Field, data: pa.Field) -> pa.Field:
    kind = widened(table.type, data.type)
    return pa.field(table.name, kind, table.nullable or data.nullable, table.metadata)


def _widened_leaf(table: pa.DataType, data: pa.DataType) -> pa.DataType | None:
    """The type that holds all values of both types; None if there is none, or if they differ in layout or zone only."""
    if _mixes_integers_and_floats(table, data):
        whole = table if pt.is_integer(table) else data
        return pa.float64() if whole.bit_width < 64 else None
    variable = _kind(table) == "characters" or (_kind(table) == "bytes" and not pt.is_fixed_size_binary(table))
    if variable or _kind(table) != _kind(data):
        return None
    if pt.is_timestamp(table) and pt.is_timestamp(data) and table.tz and data.tz:
        data = pa.timestamp(data.unit, table.tz)
    units = {getattr(kind, "unit", None) for kind in (table, data)}
    if "ns" in units and len(units) > 1:
        # Neither holds all values of the other: nanoseconds end in 2262, and must not make stored rows unreadable.
        return None
    try:
        found = pa.unify_schemas([pa.schema([("", table)]), pa.schema([("", data)])], promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return None
    kind = found.field(0).type
    return None if pt.is_uint64(table) != pt.is_uint64(data) and pt.is_signed_integer(kind) else kind


def _kind(kind: pa.DataType) -> str:
    """The kind of a type's values; decimals are apart from floats and integers, text from bytes of any content."""
    if pt.is_decimal(kind):
        return "decimals"
    if pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind):
        return "characters"
    return "bytes" if family(kind) == "text" else family(kind)


def _mixes_integers_and_floats(one: pa.DataType, other: pa.DataType) -> bool:
    return any(map(pt.is_integer, (one, other))) and any(map(pt.is_floating, (one, other)))
