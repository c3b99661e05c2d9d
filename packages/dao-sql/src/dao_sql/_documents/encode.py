"""Nested values as the texts of JSON documents, column by column, without a Python value for each."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.errors import DataError

__all__ = ["to_documents"]

_NULL = "null"
_MOST_INTEGER = 2**63 - 1
_WHOLE, _PLAIN = "^-?[0-9]+$", r"^-?[0-9]+\.[0-9]+$"
_DIGITS, _SCALE = 38, 37
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # of the years 1 to 9999, after 1970-01-01
_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000}
_AS_THEY_ARE = bytes({*range(0x20, 0x100)} - {*b'\\"'})
"""The bytes of a text that stand between quotes as they are."""
_SPELLED = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "-0": "-0.0"}


def to_documents(array: pa.Array) -> pa.Array:
    """The document of each value of a nested type, as text; null where the value is null.

    - Structs are objects, lists arrays; maps are arrays of objects with ``key`` and ``value``, since an object keeps
      neither the order of its keys nor two of one name.
    - Truth values, integers of up to 64 bits with a sign and texts are JSON's own. Floats are numbers with a point and
      without an exponent, of up to 38 digits, of which a database may make decimals; others, NaN, the infinities and
      -0.0 are texts.
    - Unsigned integers beyond those are texts, as are decimals, UUIDs, dates, times and timestamps, in UTC with a Z
      where they have a zone; bytes are the text of their hexadecimal digits, lengths of time numbers of their unit.

    Raises:
        DataError: a text has a character NUL, or a year isn't one of 1 to 9999.

    >>> to_documents(pa.array([{"a": 1.5, "b": [True, None]}, None])).to_pylist()
    ['{"a":1.5,"b":[true,null]}', None]
    """
    kind = array.type
    if pt.is_struct(kind):
        return _objects(array, [field.name for field in kind], array.flatten())
    if pt.is_map(kind):
        pair = pa.struct([pa.field("key", kind.key_type, False), pa.field("value", kind.item_type)])
        return _arrays(array.cast(pa.list_(pair)))
    if pt.is_nested(kind):
        return _arrays(array)
    return _leaf(array)


def _objects(array: pa.Array, names: list[str], children: list[pa.Array]) -> pa.Array:
    if not names:
        return pc.if_else(array.is_valid(), "{}", pa.scalar(None, pa.string()))
    parts: list[pa.Array | str] = []
    for name, child in zip(names, children, strict=True):
        key = _escaped(pa.array([name]))[0].as_py()
        parts += [f'{"," if parts else "{"}"{key}":', pc.fill_null(to_documents(child), _NULL)]
    joined = pc.binary_join_element_wise(*parts, "}", "")
    return pc.if_else(array.is_valid(), joined, pa.scalar(None, pa.string()))


def _arrays(lists: pa.Array) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths).cast(pa.int32())])
    items = pc.fill_null(to_documents(lists.flatten()), _NULL)
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, items, mask=lists.is_null()), ",")
    return pc.binary_join_element_wise("[", joined, "]", "")


def _leaf(array: pa.Array) -> pa.Array:
    kind = array.type
    if pt.is_null(kind):
        return pa.nulls(len(array), pa.string())
    return next(make for matches, make in _MAKERS if matches(kind))(array)


def _quoted(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise('"', texts, '"', "")


def _texts(array: pa.Array) -> pa.Array:
    return _quoted(_escaped(array.cast(pa.string())))


def _escaped(texts: pa.Array) -> pa.Array:
    """Texts as they stand between quotes.

    Raises:
        DataError: one has a NUL.
    """
    found = _odd_letters(texts)
    if "\0" in found:
        raise DataError("found a text with a character NUL inside, which a document doesn't keep: replace it")
    for letter in sorted(found, reverse=True):  # backslashes first, as the others get some
        escaped = f"\\{letter}" if letter in '\\"' else f"\\u{ord(letter):04x}"
        texts = pc.replace_substring(texts, letter, escaped)
    return texts


def _odd_letters(texts: pa.Array) -> set[str]:
    """The letters in texts that JSON has none of between quotes."""
    _, offsets, content = texts.buffers()
    if content is None or not len(texts):
        return set()
    bounds = memoryview(offsets).cast("i")
    start, end = bounds[texts.offset], bounds[texts.offset + len(texts)]
    return set(bytes(memoryview(content)[start:end]).translate(None, _AS_THEY_ARE).decode())


def _integers(array: pa.Array) -> pa.Array:
    texts = array.cast(pa.string())
    if not pt.is_uint64(array.type):
        return texts
    return pc.if_else(pc.greater(array, pa.scalar(_MOST_INTEGER, pa.uint64())), _quoted(texts), texts)


def _floats(array: pa.Array) -> pa.Array:
    texts = (array.cast(pa.float32()) if pt.is_float16(array.type) else array).cast(pa.string())
    whole = pc.and_(pc.match_substring_regex(texts, _WHOLE), pc.not_equal(texts, "-0"))
    texts = pc.if_else(whole, pc.binary_join_element_wise(texts, ".0", ""), texts)
    odd = pc.fill_null(pc.invert(pc.match_substring_regex(texts, _PLAIN)), False)
    others = [_odd_number(text) for text in texts.filter(odd).to_pylist()]
    return pc.replace_with_mask(texts, odd, pa.array(others, pa.string()))


def _odd_number(text: str) -> str:
    """A number with an exponent, without it where it has few digits then; a text for others and for what is none."""
    if text in _SPELLED:
        return f'"{_SPELLED[text]}"'
    plain = format(Decimal(text), "f")
    whole, _, fraction = plain.lstrip("-").partition(".")
    few = len(whole) + max(1, len(fraction)) <= _DIGITS and len(fraction) <= _SCALE
    return (plain if fraction else f"{plain}.0") if few else f'"{text}"'


def _decimals(array: pa.Array) -> pa.Array:
    texts = array.cast(pa.string())
    if pc.any(pc.match_substring(texts, "E")).as_py():
        plain = [None if text is None else format(Decimal(text), "f") for text in texts.to_pylist()]
        texts = pa.array(plain, pa.string())
    return _quoted(texts)


def _bytes(array: pa.Array) -> pa.Array:
    digits = [None if value is None else value.hex() for value in array.to_pylist()]
    return _quoted(pa.array(digits, pa.string()))


def _uuids(array: pa.Array) -> pa.Array:
    values = array.storage.to_pylist()
    return _quoted(pa.array([None if value is None else str(UUID(bytes=value)) for value in values], pa.string()))


def _dates(array: pa.Array) -> pa.Array:
    days = array.cast(pa.date32())
    _check_years(days.cast(pa.int32()), 1)
    return _quoted(days.cast(pa.string()))


def _times(array: pa.Array) -> pa.Array:
    return _quoted(array.cast(pa.string()))


def _moments(array: pa.Array) -> pa.Array:
    numbers, unit = array.cast(pa.int64()), array.type.unit
    if unit in _PER_DAY:  # nanoseconds don't reach as far
        _check_years(numbers, _PER_DAY[unit])
    texts = numbers.cast(pa.timestamp(unit)).cast(pa.string())
    return _quoted(texts if array.type.tz is None else pc.binary_join_element_wise(texts, "Z", ""))


def _check_years(numbers: pa.Array, per_day: int) -> None:
    low, high = _FIRST_DAY * per_day, (_LAST_DAY + 1) * per_day - 1
    if pc.any(pc.or_(pc.less(numbers, low), pc.greater(numbers, high))).as_py():
        raise DataError("found a year inside that isn't one of 1 to 9999, which a document doesn't keep: replace it")


def _lengths_of_time(array: pa.Array) -> pa.Array:
    return array.cast(pa.int64()).cast(pa.string())


_MAKERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], pa.Array]], ...] = (
    (lambda kind: kind == pa.uuid(), _uuids),
    (pt.is_boolean, lambda array: array.cast(pa.string())),
    (pt.is_integer, _integers),
    (pt.is_floating, _floats),
    (pt.is_decimal, _decimals),
    (lambda kind: pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind), _texts),
    (pt.is_date, _dates),
    (pt.is_time, _times),
    (pt.is_timestamp, _moments),
    (pt.is_duration, _lengths_of_time),
    (lambda kind: True, _bytes),
)
