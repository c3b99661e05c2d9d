"""Nested arrays with what they hold replaced."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["rebuilt"]

Change = Callable[[pa.Array, pa.DataType], pa.Array]


def rebuilt(array: pa.Array, kind: pa.DataType, change: Change) -> pa.Array | None:
    """A struct, list or map with each of its children changed, compact, and with its nulls repeated in its children.

    Args:
        array: the array.
        kind: the type to give, of the same shape.
        change: what becomes of a child, given the type that it has in ``kind``.

    Returns:
        The array, or None where the two types are not of one shape, or have no children.
    """
    found = array.type
    if pa.types.is_struct(found) and pa.types.is_struct(kind):
        if [part.name for part in found] != [part.name for part in kind] or not kind.num_fields:
            return None
        children = [change(child, part.type) for child, part in zip(array.flatten(), kind, strict=True)]
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=array.is_null())
    if pa.types.is_map(found) and pa.types.is_map(kind):
        pairs = array.cast(pa.list_(pa.struct([pa.field("key", found.key_type, False), ("value", found.item_type)])))
        entries = pairs.flatten()
        keys, items = change(entries.field(0), kind.key_type), change(entries.field(1), kind.item_type)
        return pa.MapArray.from_arrays(_offsets(pairs), keys, items, type=kind, mask=array.is_null())
    if pa.types.is_fixed_size_list(found) and pa.types.is_fixed_size_list(kind) and found.list_size == kind.list_size:
        values = array.values.slice(array.offset * kind.list_size, len(array) * kind.list_size)
        return pa.FixedSizeListArray.from_arrays(change(values, kind.value_type), type=kind, mask=array.is_null())
    for matches, make in ((pa.types.is_list, pa.ListArray), (pa.types.is_large_list, pa.LargeListArray)):
        if matches(found) and matches(kind):
            items = change(array.flatten(), kind.value_type)
            return make.from_arrays(_offsets(array), items, type=kind, mask=array.is_null())
    return None


def _offsets(lists: pa.Array) -> pa.Array:
    """Where each list starts in ``lists.flatten()``, which has no room for null ones."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    return pa.concat_arrays([pa.array([0], lengths.type), pc.cumulative_sum(lengths)])
