"""Casts of arrays and types between layouts that ``Array.cast`` doesn't support, nested ones included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.arrow.convert._equal import same_type
from dao.arrow.convert._items import items_of

__all__ = ["cast_array", "change_types", "make_list_type", "rebuild_nested"]

Change = Callable[[pa.Array, pa.DataType], pa.Array]

_NEAR = 1e-9
"""How far a float may be from the number that it is the nearest of, in parts of it: what Arrow cuts off is far more."""

_FAR = r"[eE][+-]?[0-9]{3}|[0-9.]{100}"
"""Texts of numbers that may be nearest to 0 or infinity as floats."""


def cast_array(array: pa.Array, kind: pa.DataType, *, safe: bool = True) -> pa.Array:
    """Cast an array as Arrow does, and also to and from dictionaries, run-end encoding and list views, nested or not.

    A cast between dictionary types preserves the order of the categories, and unused categories if the type can hold
    them. Between floats and decimals a value is cast by its shortest decimal text: 0.1 becomes Decimal("0.1"), and
    Decimal("0.7") the float nearest to it.

    Args:
        array: the array.
        kind: the target type.
        safe: refuse overflow and truncation; decimals that a float can't hold, and floats, are still rounded.

    Returns:
        The cast array; ``array`` itself if it has the type already.

    Raises:
        pyarrow.ArrowInvalid: a value that the type can't hold.
        pyarrow.ArrowNotImplementedError: there is no cast between the types.

    >>> cast_array(pa.array(["a", "b", "a"]), pa.dictionary(pa.int8(), pa.large_string())).indices.to_pylist()
    [0, 1, 0]
    """

    def change(part: pa.Array, into: pa.DataType) -> pa.Array:
        return cast_array(part, into, safe=safe)

    found = array.type
    if same_type(found, kind):
        return array
    if pt.is_dictionary(found):
        return _cast_dictionary(array, kind, change)
    if pt.is_run_end_encoded(found):
        return change(pc.run_end_decode(array), kind)
    if pt.is_dictionary(kind):
        return _encode(change(array, kind.value_type), kind)
    if pt.is_run_end_encoded(kind):
        return pc.run_end_encode(change(array, kind.value_type), kind.run_end_type)
    if _needs_care(found, kind):
        return _cast_parts(array, kind, change) if pt.is_nested(found) else _cast_with_decimals(array, kind, safe)
    if _is_view(found) or _is_view(kind):  # pyarrow 26 casts views with nulls to invalid arrays
        return _cast_parts(array, kind, change)
    if pt.is_integer(found) and pt.is_decimal(kind):
        return _cast_integers(array, kind)
    try:
        return array.cast(kind, safe=safe)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        # Arrow refuses a required field that is null where its struct is, as readers make them.
        cast = rebuild_nested(array, kind, change)
        if cast is None:
            raise
        return cast


def _cast_integers(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cast integers to decimals; Arrow itself refuses types that can't hold the largest integer of 64 bits."""
    whole = array.cast(pa.decimal128(20, 0))
    cast = cast_array(whole, kind)
    if kind.bit_width < whole.type.bit_width and not cast.cast(whole.type).equals(whole):  # Arrow cuts bits off
        raise pa.ArrowInvalid(f"an integer doesn't fit {kind}")
    return cast


def _encode(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if kind.ordered:
        raise pa.ArrowInvalid("values alone don't tell the order of their categories; an unordered dictionary does")
    encoded = values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices.cast(kind.index_type), encoded.dictionary)


def _cast_dictionary(array: pa.DictionaryArray, kind: pa.DataType, change: Change) -> pa.Array:
    if not pt.is_dictionary(kind):
        return change(array.dictionary_decode(), kind)
    if kind.ordered and not array.type.ordered:
        raise pa.ArrowInvalid("the dictionary is not ordered, so it can't become an ordered one")
    try:
        indices, values = array.indices.cast(kind.index_type), change(array.dictionary, kind.value_type)
    except pa.ArrowInvalid:
        if kind.ordered:
            raise
        return _encode(change(array.dictionary_decode(), kind.value_type), kind)  # drops the unused categories
    return pa.DictionaryArray.from_arrays(indices, values, ordered=kind.ordered)


def _needs_care(found: pa.DataType, kind: pa.DataType) -> bool:
    """Whether Arrow's own cast may change decimals, at any depth.

    Between floats and decimals it multiplies or divides by a power of ten, which rounds a second time. Texts, and
    decimals that get fewer digits before the point and more behind it, are multiplied by one without a look at
    whether the product fits: what is beyond is cut off, bit by bit.
    """
    if pt.is_nested(found) and pt.is_nested(kind):
        children = ([one.field(i) for i in range(one.num_fields)] for one in (found, kind))
        return any(_needs_care(one.type, other.type) for one, other in _paired(*children))
    given, wanted = (
        one.value_type if pt.is_dictionary(one) or pt.is_run_end_encoded(one) else one for one in (found, kind)
    )
    if pt.is_decimal(given):
        return bool(pt.is_floating(wanted) or (pt.is_decimal(wanted) and _may_wrap(given, wanted)))
    return bool(pt.is_decimal(wanted) and (pt.is_floating(given) or _is_text(given)))


def _may_wrap(given: pa.DataType, wanted: pa.DataType) -> bool:
    before, after = (one.precision - one.scale for one in (given, wanted))
    return bool(after < before and wanted.scale > given.scale)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def _cast_with_decimals(array: pa.Array, kind: pa.DataType, safe: bool) -> pa.Array:
    if pt.is_floating(kind):
        return array.cast(pa.string()).cast(kind)
    if pt.is_decimal(array.type):
        _refuse_beyond(array.cast(pa.float64(), safe=False), kind)
        return array.cast(kind, safe=safe)
    texts = array.cast(pa.string())
    # The text of a narrower float is nearest to another float of 64 bits than itself: float32's 0.1 is 0.10000000149.
    return _texts_to_decimals(texts, array if pt.is_float64(array.type) else texts.cast(pa.float64()), kind)


def _refuse_beyond(numbers: pa.Array, kind: pa.DataType) -> None:
    """Refuse what is too wide for the type; below this bound nothing is cut off, and Arrow refuses too many digits."""
    bound = 1.5 * 10.0 ** (kind.precision - kind.scale)
    if pc.any(pc.greater_equal(pc.abs(numbers), bound)).as_py():
        raise pa.ArrowInvalid(f"a number doesn't fit {kind}")


def _texts_to_decimals(texts: pa.Array, nearest: pa.Array, kind: pa.DataType) -> pa.Array:
    """Decimals of texts, compared with ``nearest``, the floats of 64 bits that the texts are nearest to.

    Arrow makes 0 of what has many more digits behind the point than the type, and cuts what is wider than the type.
    """
    _refuse_beyond(nearest, kind)
    if pc.any(pc.match_substring_regex(texts, _FAR)).as_py():
        return _python_decimals(texts, kind)
    wide = texts.cast(pa.decimal256(76, kind.scale))
    cast = wide.cast(kind)
    is_near = pc.less_equal(pc.abs(pc.subtract(nearest, wide.cast(pa.float64()))), pc.multiply(pc.abs(nearest), _NEAR))
    if not (pc.all(is_near, min_count=0).as_py() and cast.cast(wide.type).equals(wide)):
        raise pa.ArrowInvalid(f"a number doesn't fit {kind}")
    return cast


def _python_decimals(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return pa.array([None if text is None else Decimal(text) for text in texts.to_pylist()], kind)
    except InvalidOperation as error:
        raise pa.ArrowInvalid(f"a text is no number: {error}") from error


def _paired(some: list[pa.Field], others: list[pa.Field]) -> Iterator[tuple[pa.Field, pa.Field]]:
    """The fields of one name; an only child, such as the items of a list, pairs with the other whatever its name."""
    if len(some) == len(others) == 1:
        return zip(some, others, strict=True)
    named = {field.name: field for field in others}
    return ((field, named[field.name]) for field in some if field.name in named)


def _is_view(kind: pa.DataType) -> bool:
    return bool(pt.is_list_view(kind) or pt.is_large_list_view(kind))


def _cast_parts(array: pa.Array, kind: pa.DataType, change: Change) -> pa.Array:
    found = array.type
    if pt.is_fixed_size_list(found) or pt.is_fixed_size_list(kind):
        field = (kind if pt.is_fixed_size_list(kind) else found).value_field
        return change(change(array, pa.large_list(field)), kind)
    cast = rebuild_nested(array, kind, change)
    if cast is None:
        raise pa.ArrowNotImplementedError(f"there is no cast from {found} to {kind}")
    return cast


def rebuild_nested(array: pa.Array, kind: pa.DataType, change: Change) -> pa.Array | None:
    """Rebuild a struct, list or map with converted children, compacted, and with its nulls pushed into its children.

    Args:
        array: the array.
        kind: the target type, of the same shape; lists, large lists and views of both are one shape, as are structs
            with the same fields in any order.
        change: converts a child array to the type that the child has in ``kind``; called with the array and that type.

    Returns:
        The array of type ``kind``; None if the types differ in shape or have no children.
    """
    found = array.type
    if pt.is_struct(found) and pt.is_struct(kind):
        parts = _in_order(array, kind)
        if not parts:
            return None
        for part, field in zip(parts, kind, strict=True):
            if not field.nullable and part.null_count > array.null_count:
                raise pa.ArrowInvalid(f"field {field.name!r} is required and has nulls")
        children = [change(part, field.type) for part, field in zip(parts, kind, strict=True)]
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=array.is_null())
    if pt.is_map(found) and pt.is_map(kind):
        pairs = array.cast(pa.list_(pa.struct([pa.field("key", found.key_type, False), ("value", found.item_type)])))
        entries = items_of(pairs)
        keys, items = change(entries.field(0), kind.key_type), change(entries.field(1), kind.item_type)
        return pa.MapArray.from_arrays(_offsets(_lengths(pairs)), keys, items, type=kind, mask=array.is_null())
    if pt.is_fixed_size_list(found) and pt.is_fixed_size_list(kind) and found.list_size == kind.list_size:
        values = array.values.slice(array.offset * kind.list_size, len(array) * kind.list_size)
        return pa.FixedSizeListArray.from_arrays(change(values, kind.value_type), type=kind, mask=array.is_null())
    if _list_maker(found) and _list_maker(kind):
        return _rebuild_list(array, kind, change)
    return None


def _in_order(array: pa.Array, kind: pa.DataType) -> Any:
    """The children of a struct array in the order of ``kind``; None if the fields have other names."""
    found, wanted = ([part.name for part in one] for one in (array.type, kind))
    if found == wanted:
        return array.flatten()
    if sorted(found) != sorted(wanted) or len(set(found)) < len(found):
        return None
    children = dict(zip(found, array.flatten(), strict=True))
    return [children[name] for name in wanted]


def _rebuild_list(array: pa.Array, kind: pa.DataType, change: Change) -> pa.Array:
    index = pa.int64() if pt.is_large_list(kind) or pt.is_large_list_view(kind) else pa.int32()
    lengths = _lengths(array).cast(index)
    offsets, items = _offsets(lengths), change(items_of(array), kind.value_type)
    mask = array.is_null()
    if pt.is_list(kind):
        return pa.ListArray.from_arrays(offsets, items, type=kind, mask=mask)
    if pt.is_large_list(kind):
        return pa.LargeListArray.from_arrays(offsets, items, type=kind, mask=mask)
    make = pa.ListViewArray if pt.is_list_view(kind) else pa.LargeListViewArray
    return make.from_arrays(offsets[:-1], lengths, items, type=kind, mask=mask)


def _lengths(lists: pa.Array) -> pa.Array:
    return pc.fill_null(pc.list_value_length(lists), 0)


def _offsets(lengths: pa.Array) -> pa.Array:
    """The offset of each list in ``flatten()``, in which null lists have length 0."""
    return pa.concat_arrays([pa.array([0], lengths.type), pc.cumulative_sum(lengths)])


_LISTS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Field], pa.DataType]], ...] = (
    (pt.is_list, pa.list_),
    (pt.is_large_list, pa.large_list),
    (pt.is_list_view, pa.list_view),
    (pt.is_large_list_view, pa.large_list_view),
)


def _list_maker(kind: pa.DataType) -> Callable[[pa.Field], pa.DataType] | None:
    return next((make for matches, make in _LISTS if matches(kind)), None)


def make_list_type(kind: pa.DataType, item: Callable[[pa.Field], pa.Field]) -> pa.DataType | None:
    """Return ``kind``, a list type of any layout, with its item field replaced by ``item(field)``; None for others."""
    if pt.is_fixed_size_list(kind):
        return pa.list_(item(kind.value_field), kind.list_size)
    make = _list_maker(kind)
    return None if make is None else make(item(kind.value_field))


def change_types(kind: pa.DataType, change: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    """Apply ``change`` to every leaf type inside a nested type, or to the type itself; dictionaries are leaves.

    >>> change_types(pa.list_(pa.int32()), lambda leaf: pa.int64())
    ListType(list<item: int64>)
    """

    def changed(field: pa.Field) -> pa.Field:
        return field.with_type(change_types(field.type, change))

    if pt.is_struct(kind):
        return pa.struct([changed(field) for field in kind])
    if pt.is_map(kind):
        return pa.map_(changed(kind.key_field), changed(kind.item_field), keys_sorted=kind.keys_sorted)
    if pt.is_run_end_encoded(kind):
        return pa.run_end_encoded(kind.run_end_type, change_types(kind.value_type, change))
    lists: Any = make_list_type(kind, changed)
    return change(kind) if lists is None else lists
