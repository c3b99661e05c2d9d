"""Conversion between nested arrays and Python values; each format converts the leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dao.arrow.convert import cast_array
from dao.errors import DataError
from dao_files.formats._kinds import is_text

__all__ = ["nest", "unnest"]

Leaf = Callable[[Sequence[Any], pa.DataType], pa.Array]


def nest(values: Sequence[Any], kind: pa.DataType, leaf: Leaf) -> pa.Array:
    """Build an array of a type from dicts, lists and leaves.

    Args:
        values: None, or a dict for structs and maps, a list for lists, else a value that ``leaf`` takes.
        kind: the type.
        leaf: builds an array of a type that is not nested.

    Raises:
        DataError: a value whose shape differs from the type's.
    """
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, nest(values, kind.storage_type, leaf))
    if pa.types.is_dictionary(kind) and pa.types.is_nested(kind.value_type):
        return _nest_dictionary(values, kind, leaf)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return cast_array(nest(values, kind.value_type, leaf), kind)
    if pa.types.is_struct(kind):
        return _nest_struct(values, kind, leaf)
    if pa.types.is_map(kind):
        return _nest_map(values, kind, leaf)
    if pa.types.is_nested(kind) and not pa.types.is_union(kind):
        return _nest_list(values, kind, leaf)
    return leaf(values, kind)


def _check(values: Sequence[Any], expected: type, words: str) -> None:
    wrong = set(map(type, values)) - {expected, type(None)}
    if wrong:
        raise DataError(f"found {' and '.join(sorted(kind.__name__ for kind in wrong))}, expected {words}")


def _nest_dictionary(values: Sequence[Any], kind: pa.DataType, leaf: Leaf) -> pa.Array:
    """Arrow only encodes leaves, so nested values are distinguished by their Python representation."""
    codes: dict[str, int] = {}
    indices = [None if value is None else codes.setdefault(repr(value), len(codes)) for value in values]
    first = dict(zip(reversed(indices), reversed(values), strict=True))
    dictionary = nest([first[code] for code in range(len(codes))], kind.value_type, leaf)
    return pa.DictionaryArray.from_arrays(pa.array(indices, kind.index_type), dictionary)


def _nest_struct(values: Sequence[Any], kind: pa.DataType, leaf: Leaf) -> pa.Array:
    _check(values, dict, "objects")
    missing = [value is None for value in values]
    if kind.num_fields == 0:
        return pa.array([None if is_null else {} for is_null in missing], kind)
    children = [
        nest([None if value is None else value.get(field.name) for value in values], field.type, leaf) for field in kind
    ]
    return pa.StructArray.from_arrays(children, fields=list(kind), mask=pa.array(missing, pa.bool_()))


def _nest_list(values: Sequence[Any], kind: pa.DataType, leaf: Leaf) -> pa.Array:
    _check(values, list, "arrays")
    items = list(chain.from_iterable(value for value in values if value is not None))
    built = pa.ListArray.from_arrays(
        _offsets(values), nest(items, kind.value_type, leaf), type=pa.list_(kind.value_field), mask=_null_mask(values)
    )
    return cast_array(built, kind)


def _nest_map(values: Sequence[Any], kind: pa.DataType, leaf: Leaf) -> pa.Array:
    _check(values, dict, "objects")
    present = [value for value in values if value is not None]
    return pa.MapArray.from_arrays(
        _offsets(values),
        nest(list(chain.from_iterable(present)), kind.key_type, leaf),
        nest(list(chain.from_iterable(value.values() for value in present)), kind.item_type, leaf),
        type=kind,
        mask=_null_mask(values),
    )


def _offsets(values: Sequence[Any]) -> pa.Array:
    return pa.array(accumulate((0 if value is None else len(value) for value in values), initial=0), pa.int32())


def _null_mask(values: Sequence[Any]) -> pa.Array:
    return pa.array([value is None for value in values], pa.bool_())


def unnest(array: pa.Array, leaf: Callable[[pa.Array], list[Any]]) -> list[Any]:
    """Convert an array to dicts, lists and leaves: the inverse of :func:`nest`.

    Raises:
        DataError: a struct with repeated field names; a map with keys that are not texts, or with a repeated key.
    """
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return unnest(array.storage, leaf)
    if pa.types.is_dictionary(kind):
        return unnest(array.dictionary_decode(), leaf)
    if pa.types.is_run_end_encoded(kind):
        return unnest(pc.run_end_decode(array), leaf)
    if pa.types.is_struct(kind):
        return _unnest_struct(array, leaf)
    if pa.types.is_map(kind):
        return _unnest_map(array, leaf)
    if pa.types.is_nested(kind) and not pa.types.is_union(kind):
        return _unnest_list(array, leaf)
    return leaf(array)


def _unnest_struct(array: pa.Array, leaf: Callable[[pa.Array], list[Any]]) -> list[Any]:
    names = [field.name for field in array.type]
    if len(set(names)) < len(names):
        raise DataError(f"a struct has two fields of one name among {names}")
    children = [unnest(child, leaf) for child in array.flatten()]
    rows = zip(*children, strict=True) if names else [()] * len(array)
    present = array.is_valid().to_pylist()
    return [dict(zip(names, row, strict=True)) if valid else None for row, valid in zip(rows, present, strict=True)]


def _unnest_list(array: pa.Array, leaf: Callable[[pa.Array], list[Any]]) -> list[Any]:
    lengths = pc.list_value_length(array).to_pylist()
    items = iter(unnest(array.flatten(), leaf) if len(array) else [])
    return [None if length is None else [next(items) for _ in range(length)] for length in lengths]


def _unnest_map(array: pa.Array, leaf: Callable[[pa.Array], list[Any]]) -> list[Any]:
    key = array.type.key_type
    if not is_text(key):
        raise DataError(f"a map's keys must be texts here, found {key}")
    pairs = pa.struct([pa.field("key", key), pa.field("value", array.type.item_type)])
    found = []
    for row in _unnest_list(array.cast(pa.list_(pairs)), leaf):
        entries = None if row is None else {pair["key"]: pair["value"] for pair in row}
        if entries is not None and len(entries) < len(row):
            raise DataError("a map has a repeated key, which can't be stored here")
        found.append(entries)
    return found
