"""The search for nulls in fields that aren't nullable, at any depth and in any layout.

Arrow counts only the nulls of an array's own validity bitmap. The values of a dictionary, of runs and of an extension's
storage, and the members of a union, can be null without being counted.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.arrow.convert._items import items_of

__all__ = ["has_required", "null_in"]


def null_in(array: pa.Array, field: pa.Field) -> tuple[str, int] | None:
    """The dotted path and the row of the first null that ``field`` doesn't allow, at any depth; ``None`` if none.

    >>> sizes = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0]), pa.array(["S", None]))
    >>> sizes.null_count, null_in(sizes, pa.field("size", sizes.type, nullable=False))
    (0, ('size', 1))
    """
    if not field.nullable:
        row = pc.index(_nulls(array), True).as_py() if array.null_count or _is_encoded(array.type) else -1
        if row >= 0:
            return field.name, row
    if not has_required(field.type) or _null_below(array, field) is None:
        return None
    low, high = 0, len(array)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _null_below(array.slice(low, middle - low), field) else (middle, high)
    return str(_null_below(array.slice(low, 1), field)), low


def _is_encoded(kind: pa.DataType) -> bool:
    """Whether arrays of a type have nulls that their ``null_count`` leaves out."""
    layouts = (pt.is_dictionary, pt.is_run_end_encoded, pt.is_union)
    return isinstance(kind, pa.BaseExtensionType) or any(matches(kind) for matches in layouts)


def _decoded_type(kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, pa.BaseExtensionType):
        return _decoded_type(kind.storage_type)
    return _decoded_type(kind.value_type) if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind) else kind


def _decoded(array: pa.Array) -> pa.Array:
    """The rows of an array without its dictionaries, runs and extension types."""
    if isinstance(array.type, pa.BaseExtensionType):
        return _decoded(array.storage)
    if pt.is_dictionary(array.type):
        return _decoded(array.dictionary).take(array.indices)
    if pt.is_run_end_encoded(array.type):
        runs = pa.RunEndEncodedArray.from_arrays(array.run_ends, pa.array(range(len(array.values)), pa.int64()))
        return _decoded(array.values).take(pc.run_end_decode(runs.slice(array.offset, len(array))))
    return array


def _nulls(array: pa.Array) -> pa.Array:
    return _decoded(array).is_null()


def has_required(kind: pa.DataType) -> bool:
    """Whether a type has a field that isn't nullable, at any depth."""
    if pt.is_primitive(kind) or pt.is_string(kind):
        return False
    return any(not child.nullable or has_required(child.type) for child in _children(_decoded_type(kind)))


def _children(kind: pa.DataType) -> list[pa.Field]:
    """The fields of a type without encoding, in the order in which :func:`_parts` gives their values."""
    if pt.is_map(kind):
        return [kind.key_field, kind.item_field]
    if pt.is_struct(kind):
        return [kind.field(index) for index in range(kind.num_fields)]
    return [kind.value_field] if _is_list(kind) else []


def _is_list(kind: pa.DataType) -> bool:
    kinds = (pt.is_list, pt.is_large_list, pt.is_fixed_size_list, pt.is_list_view, pt.is_large_list_view)
    return any(matches(kind) for matches in kinds)


def _parts(array: pa.Array, live: pa.Array) -> tuple[list[pa.Array], pa.Array]:
    """The values of each child of a nested array, and which of them count: those of rows that do and aren't null."""
    if pt.is_struct(array.type):  # not by flatten(), which ends the process at unions under null structs (pyarrow 26)
        return [array.field(index) for index in range(array.type.num_fields)], pc.and_(live, array.is_valid())
    if pt.is_map(array.type):
        start, end = (
            array.offsets[0].as_py(),
            array.offsets[-1].as_py(),
        )  # `keys` and `items` are of the whole, unsliced
        rows = pc.list_parent_indices(pa.ListArray.from_arrays(array.offsets, array.keys))
        return [part.slice(start, end - start) for part in (array.keys, array.items)], pc.and_(
            live, array.is_valid()
        ).take(rows)
    rows = pc.list_parent_indices(array)  # with those of null lists, which flatten() leaves out
    return [items_of(array)], live.take(rows.filter(array.is_valid().take(rows)))


def _null_below(array: pa.Array, field: pa.Field, live: pa.Array | None = None) -> str | None:
    """The dotted path of the first nested field that isn't nullable and has a null in a row that counts, if any."""
    if not has_required(field.type):
        return None
    array = _decoded(array)
    parts, live = _parts(array, pa.repeat(True, len(array)) if live is None else live)
    for child, values in zip(_children(array.type), parts, strict=True):
        if not child.nullable and pc.any(pc.and_(_nulls(values), live), min_count=0).as_py():
            return f"{field.name}.{child.name}"
        path = _null_below(values, child, live)
        if path is not None:
            return f"{field.name}.{path}"
    return None
