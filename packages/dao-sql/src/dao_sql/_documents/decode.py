"""Values of nested types from the texts of documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.errors import StoreError

__all__ = ["from_documents"]


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_PIECE = 4 << 20  # bytes of documents that are Python's values at the same time, which take a multiple of it


def from_documents(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """The values of documents that :func:`~dao_sql._documents.encode.to_documents` made, or that look like such.

    Args:
        texts: the documents, in any type of text; null and the document ``null`` are null.
        kind: the type of the values.

    Raises:
        StoreError: a document isn't one of the type, or has an attribute that the type hasn't.

    >>> from_documents(pa.array(['{"a":"1.50"}', None]), pa.struct([("a", pa.decimal128(5, 2))])).to_pylist()
    [{'a': Decimal('1.50')}, None]
    """
    rows = max(1, len(texts) * _PIECE // max(1, texts.nbytes))
    try:
        pieces = [_values(texts.slice(start, rows), kind) for start in range(0, len(texts), rows)]
    except (pa.ArrowException, ValueError, TypeError, RecursionError) as error:
        raise StoreError(
            f"found documents that aren't of the noted type {kind}: {error}. Without the note, which is the column's "
            "comment, they are read as texts"
        ) from error
    return pa.concat_arrays(pieces) if pieces else pa.array([], kind)


def _values(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    whole = pa.ListArray.from_arrays([0, len(texts)], pc.fill_null(texts.cast(pa.string()), "null"))
    found = set[tuple[str, ...]]()

    def attributes(values: dict[str, Any]) -> dict[str, Any]:
        found.add(tuple(values))
        return values

    # Numbers stay the texts that they are: Arrow makes each column's own type of them, all digits kept.
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse, object_hook=attributes)
    values = decoder.decode(f"[{pc.binary_join(whole, ',')[0].as_py()}]")
    if len(values) != len(texts):
        raise ValueError("some texts aren't one document each")
    known = list(_attributes(kind))
    for names in found:
        if not any(one.issuperset(names) for one in known):
            raise ValueError(f"an object has the attributes {', '.join(names)}")
    return _built(pa.array(values, _wire(kind)), kind)


def _attributes(kind: pa.DataType) -> Iterator[frozenset[str]]:
    """The names of the attributes of each object that there may be in documents of a type."""
    if pt.is_struct(kind):
        yield frozenset(field.name for field in kind)
    if pt.is_map(kind):
        yield frozenset(("key", "value"))
    if pt.is_nested(kind):
        for place in range(kind.num_fields):
            yield from _attributes(kind.field(place).type)


def _wire(kind: pa.DataType) -> pa.DataType:
    """The type of what JSON has for a type: lists, structs, pairs for maps, truth values, texts for other leaves."""
    if pt.is_struct(kind):
        return pa.struct([pa.field(field.name, _wire(field.type)) for field in kind])
    if pt.is_map(kind):
        pair = [pa.field("key", _wire(kind.key_type), False), pa.field("value", _wire(kind.item_type))]
        return pa.list_(pa.struct(pair))
    if pt.is_nested(kind):
        return pa.list_(_wire(kind.value_type))
    return kind if pt.is_null(kind) or pt.is_boolean(kind) else pa.string()


def _built(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if pt.is_map(kind):
        pairs = array.flatten()
        keys, items = (_built(pairs.field(place), part) for place, part in enumerate((kind.key_type, kind.item_type)))
        return pa.MapArray.from_arrays(array.offsets, keys, items, type=kind, mask=array.is_null())
    if pt.is_struct(kind) and not kind.num_fields:
        return array.cast(kind)
    if pt.is_fixed_size_list(kind):
        return _built_fixed(array, kind)
    if pt.is_nested(kind):
        from dao.arrow.convert import rebuild_nested

        found = rebuild_nested(array, kind, _built)
        assert found is not None, f"{array.type} has the shape of {kind}"
        return found
    if array.type == kind:
        return array
    return next(make for matches, make in _MAKERS if matches(kind))(array, kind)


def _built_fixed(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Lists of one length, with nulls below null ones, where Arrow's cast leaves what was in memory."""
    size = kind.list_size
    if pc.any(pc.not_equal(pc.list_value_length(array), size)).as_py():
        raise ValueError(f"a list hasn't {size} items")
    items = _built(array.flatten(), kind.value_type)
    if array.null_count:
        places = iter(range(0, len(items), size))
        starts = [next(places, 0) if valid else None for valid in array.is_valid().to_pylist()]
        chosen = [None if start is None else start + place for start in starts for place in range(size)]
        items = items.take(pa.array(chosen, pa.int64()))
    return pa.FixedSizeListArray.from_arrays(items, type=kind, mask=array.is_null())


def _cast(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    from dao.arrow.convert import cast_array

    return cast_array(texts, kind)


def _half(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    return texts.cast(pa.float32()).cast(kind)


def _is_bytes(kind: pa.DataType) -> bool:
    kinds = (pt.is_binary, pt.is_large_binary, pt.is_binary_view, pt.is_fixed_size_binary)
    return any(matches(kind) for matches in kinds)


def _bytes(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    return pa.array([None if text is None else bytes.fromhex(text) for text in texts.to_pylist()], kind)


def _uuids(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    values = [None if text is None else UUID(text).bytes for text in texts.to_pylist()]
    return pa.ExtensionArray.from_storage(kind, pa.array(values, kind.storage_type))


def _dates(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    return texts.cast(pa.date32()).cast(kind)


def _times(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """Times of day, of which Arrow makes moments alone."""
    return pc.binary_join_element_wise("1970-01-01", texts, " ").cast(pa.timestamp(kind.unit)).cast(kind)


def _moments(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    plain = texts if kind.tz is None else pc.replace_substring_regex(texts, "Z$", "")
    try:
        found = plain.cast(pa.timestamp(kind.unit))
    except pa.ArrowInvalid:
        found = _first_second(plain)
        if kind.unit != "ns" or not found.cast(pa.string()).equals(plain):
            raise
    return found.cast(pa.int64()).cast(kind)


def _first_second(texts: pa.Array) -> pa.Array:
    """Moments in nanoseconds, also such in the first second that there is, which Arrow prints and doesn't parse.

    What is beyond 64 bits comes round.
    """
    seconds = pc.utf8_slice_codeunits(texts, 0, 19).cast(pa.timestamp("s")).cast(pa.int64())
    parts = pc.utf8_slice_codeunits(texts, 20, 29).cast(pa.int64())
    return pc.add(pc.multiply(seconds, 1_000_000_000), parts).cast(pa.timestamp("ns"))


def _lengths_of_time(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    return texts.cast(pa.int64()).cast(kind)


_MAKERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array, pa.DataType], pa.Array]], ...] = (
    (lambda kind: kind == pa.uuid(), _uuids),
    (pt.is_float16, _half),
    (pt.is_date, _dates),
    (pt.is_time, _times),
    (pt.is_timestamp, _moments),
    (pt.is_duration, _lengths_of_time),
    (_is_bytes, _bytes),
    (lambda kind: True, _cast),
)
