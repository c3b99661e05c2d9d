"""Lossless casts of arrays: every value is preserved, or an error names the first one that would change."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.arrow.convert._equal import same_type
from dao.arrow.convert._layouts import cast_array

__all__ = ["ValueWouldChange", "cast_exactly", "describe", "may_cast"]

_SHOWN = 60


class ValueWouldChange(Exception):
    """A value that can't be cast without loss; callers turn it into a DataError that names the column.

    ``row`` is the value's index in the array; ``None`` if there is no such cast for any value.
    """

    def __init__(self, message: str, row: int | None = None) -> None:
        super().__init__(message)
        self.row = row


def describe(kind: pa.DataType) -> str:
    """Spell a type for a message as Arrow does, truncated."""
    text = str(kind)
    return text if len(text) <= 4 * _SHOWN else text[: 4 * _SHOWN] + "..."


def family(kind: pa.DataType) -> str:
    """The family of a type, regardless of width and layout; lossless casts stay within a family."""
    for name, tests in _FAMILIES.items():
        if any(test(kind) for test in tests):
            return name
    return str(kind)


_FAMILIES: dict[str, tuple[Any, ...]] = {
    "truth values": (pt.is_boolean,),
    "numbers": (pt.is_integer, pt.is_floating, pt.is_decimal),
    "text": (
        pt.is_string, pt.is_large_string, pt.is_string_view, pt.is_binary, pt.is_large_binary, pt.is_binary_view,
        pt.is_fixed_size_binary,
    ),
    "dates": (pt.is_date, pt.is_timestamp),
    "times": (pt.is_time,),
    "durations": (pt.is_duration,),
    "maps": (pt.is_map,),
    "lists": (pt.is_list, pt.is_large_list, pt.is_fixed_size_list, pt.is_list_view, pt.is_large_list_view),
    "structs": (pt.is_struct,),
}  # fmt: skip


_TYPED_READ = "schema= or types= of its object or read names the first value that doesn't fit, with its line"
"""What helps where a column was inferred to be text because of some of its values."""


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The value type of a dictionary-encoded or run-end encoded type; any other type itself."""
    return kind.value_type if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind) else kind


def may_cast(given: pa.DataType, wanted: pa.DataType) -> str | None:
    """The reason why no values of type ``given`` can be cast to ``wanted``; ``None`` if some may."""
    given, wanted = plain_type(given), plain_type(wanted)
    if given.equals(wanted) or pt.is_null(given):
        return None
    if family(given) != family(wanted):
        hint = f" (of a text file: {_TYPED_READ})" if family(given) == "text" else ""
        return f"{family(given)} can't become {family(wanted)}{hint}"
    if family(given) == "dates":
        return _may_cast_dates(given, wanted)
    if family(given) == "lists":
        return may_cast(given.value_type, wanted.value_type)
    if family(given) == "maps":
        return may_cast(given.key_type, wanted.key_type) or may_cast(given.item_type, wanted.item_type)
    if family(given) == "structs":
        return _may_cast_structs(given, wanted)
    return None


def _may_cast_dates(given: pa.DataType, wanted: pa.DataType) -> str | None:
    zones = [getattr(kind, "tz", None) for kind in (given, wanted)]
    if (zones[0] is None) == (zones[1] is None):
        return None
    return "a zone is neither assumed nor dropped"


def _may_cast_structs(given: pa.DataType, wanted: pa.DataType) -> str | None:
    have, want = ({f.name: f.type for f in kind} for kind in (given, wanted))
    if have.keys() != want.keys():
        return f"the fields differ: {', '.join(sorted(map(repr, have.keys() ^ want.keys())))}"
    reasons = (may_cast(have[name], want[name]) for name in want)
    return next((reason for reason in reasons if reason is not None), None)


def cast_exactly(array: pa.Array, wanted: pa.DataType, *, round_floats: bool = False) -> pa.Array:
    """Cast ``array`` to ``wanted`` with every value preserved; returns the array itself if it has the type already.

    A float and a decimal are the same value if the float's shortest decimal text is that number: Decimal("0.7") and 0.7
    are, Decimal("0.30") and 0.30000000000000004 are not.

    Args:
        array: the values, of a type that :func:`may_cast` allows to be cast to ``wanted``.
        wanted: the target type.
        round_floats: allow floats to be rounded to fewer bits, for values from Python, which has only 64-bit floats.

    Raises:
        ValueWouldChange: a value can't be preserved, or pyarrow lacks the cast.
    """
    if same_type(array.type, wanted):
        return array
    cast = _attempt(array, wanted, round_floats)
    if cast is None and pt.is_nested(array.type):
        array = _compact(array)
        cast = _attempt(array, wanted, round_floats)
    if cast is not None:
        return cast
    row = _first_failing(array, wanted, round_floats)
    shown = _shown(array[row])
    shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."
    raise ValueWouldChange(f"{describe(array.type)} to {describe(wanted)} would change the value {shown}", row)


def _shown(value: pa.Scalar) -> str:
    if pt.is_nested(value.type):
        return str(value)
    try:
        return repr(value.as_py())
    except (OverflowError, ValueError):  # a moment that Python has no year for
        return f"{value.value} of {value.type}"


def _compact(array: pa.Array) -> pa.Array:
    """Copy a sliced array without the list values outside the slice: Arrow casts those too, and may fail on them."""
    return pa.concat_arrays([array])


def _attempt(array: pa.Array, wanted: pa.DataType, round_floats: bool) -> pa.Array | None:
    """The cast array; ``None`` if a value doesn't fit or was changed."""
    try:
        return _cast(array, wanted, round_floats)
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise ValueWouldChange(f"pyarrow can't cast {describe(array.type)} to {describe(wanted)}") from error
    except pa.ArrowInvalid:
        return None


def _cast(array: pa.Array, wanted: pa.DataType, round_floats: bool) -> pa.Array | None:
    """Arrow's safe cast, compared with its source: Arrow doesn't report a float or a decimal that it rounds."""
    cast = cast_array(array, wanted)
    cast.validate()  # pyarrow 26 makes invalid maps where the values are of the type null
    if round_floats and pt.is_floating(array.type) and pt.is_floating(wanted):
        overflown = pc.and_(pc.is_inf(cast), pc.invert(pc.is_inf(array)))
        return None if pc.any(overflown).as_py() else cast
    return cast if _same(cast, array) else None


def _decoded(array: pa.Array) -> pa.Array:
    """The array without dictionary or run-end encoding."""
    return cast_array(array, plain_type(array.type))


def _may_lose(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether Arrow's safe cast can silently change a value of these types."""
    given, wanted = plain_type(given), plain_type(wanted)
    if given.equals(wanted) or pt.is_null(given):
        return False
    if pt.is_nested(given) and family(given) != family(wanted):
        return False  # Arrow has no such cast
    if pt.is_struct(given):
        return any(_may_lose(given.field(name).type, wanted.field(name).type) for name in _shared_fields(given, wanted))
    if family(given) == "lists":
        return _may_lose(given.value_type, wanted.value_type)
    if pt.is_map(given):
        return _may_lose(given.key_type, wanted.key_type) or _may_lose(given.item_type, wanted.item_type)
    if pt.is_integer(given):
        return bool(pt.is_float16(wanted))
    if pt.is_floating(given):
        return bool(pt.is_floating(wanted) and wanted.bit_width < given.bit_width)
    if pt.is_decimal(given):
        # Arrow cuts bits off as it casts a decimal128 to a decimal32.
        return bool(pt.is_floating(wanted) or (pt.is_decimal(wanted) and wanted.bit_width < given.bit_width))
    return family(given) == "dates" and bool(pt.is_date(wanted))


def _shared_fields(given: pa.DataType, wanted: pa.DataType) -> list[str]:
    names = {field.name for field in wanted}
    return [field.name for field in given if field.name in names]


def _same(cast: pa.Array, source: pa.Array) -> bool:
    """Whether a cast array has the same values as its source; NaN equals NaN."""
    if not _may_lose(source.type, cast.type):
        return True
    cast, source = _decoded(cast), _decoded(source)
    if pt.is_struct(source.type):
        parts = (
            (pc.struct_field(cast, name), pc.struct_field(source, name))
            for name in _shared_fields(source.type, cast.type)
        )
        return all(_same(a, b) for a, b in parts)
    if pt.is_map(source.type):
        return _same(cast.keys, source.keys) and _same(cast.items, source.items)
    if family(source.type) == "lists":
        return _same(cast.flatten(), source.flatten())
    if pt.is_decimal(source.type):
        return bool(cast_array(cast, source.type).equals(source))
    back = cast.cast(source.type, safe=False)
    if pt.is_floating(source.type):
        wide = [a.cast(pa.float64()) for a in (back, source)]
        equal = pc.or_(pc.equal(*wide), pc.and_(pc.is_nan(wide[0]), pc.is_nan(wide[1])))
        return bool(pc.all(equal, min_count=0).as_py())
    return bool(back.equals(source))


def _first_failing(array: pa.Array, wanted: pa.DataType, round_floats: bool) -> int:
    """The first row that can't be cast, found by bisection."""

    def fails(low: int, high: int) -> bool:
        return _attempt(_compact(array.slice(low, high - low)), wanted, round_floats) is None

    low, high = 0, len(array)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fails(low, middle) else (middle, high)
    return low
