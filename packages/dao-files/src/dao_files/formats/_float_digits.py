"""Whether floats hold the numbers that texts spell."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from math import isfinite

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["EVERY_WHOLE", "describe_rounding", "first_changed", "first_rounded", "may_change"]

EVERY_WHOLE = 2.0**53
"""The magnitude up to which a double holds every whole number."""

_MOST_SHOWN = 60

_ALWAYS_HELD = {16: (3, 2.0**-14), 32: (6, 2.0**-126), 64: (15, 2.0**-1022)}
"""By the bits of a float: the decimal digits that it always preserves, from which magnitude on."""

_ZEROS = ("0", "0.0", "0.00", "0.000", "0.0000")
"""Texts of zero that many columns are full of."""


def first_rounded(texts: pa.Array, values: pa.Array) -> int:
    """Return the index of the first number of which a float lost digits; -1 if there is none.

    A float holds a text's number if formatting it with as many digits, not counting zeros at the end, yields that
    number. So a float holds its shortest text, and any longer text of itself.

    Args:
        texts: the numbers, with a decimal point.
        values: the floats parsed from them; nulls aren't checked.

    >>> texts = pa.array(["0.1", "0.100000001", "0.1000000000", "0.1234567890123"])
    >>> first_rounded(texts, texts.cast(pa.float32())), first_rounded(texts, texts.cast(pa.float64()))
    (3, -1)
    """
    doubtful = pc.invert(_are_held(texts, values)).fill_null(False)
    if not pc.any(doubtful).as_py():
        return -1
    some, floats = texts.filter(doubtful), values.filter(doubtful)
    other = pc.not_equal(floats.cast(pa.string()), some)  # most are written as Arrow writes them
    pairs = pa.table({"text": some.filter(other), "float": floats.filter(other).cast(pa.float64())})
    unique = pairs.group_by("text", use_threads=False).aggregate([("float", "min")])
    for text, value in zip(unique["text"].to_pylist(), unique["float_min"].to_pylist(), strict=True):
        if not _holds(value, text):
            return int(pc.index(texts, text).as_py())
    return -1


def first_changed(texts: pa.Array, values: pa.Array) -> int:
    """Return the index of the first number that a float of a declared type doesn't stand for; -1 if there is none.

    A float of less than 64 bits must hold all digits, as for :func:`first_rounded`. A double is the nearest one, and
    must hold the digits only where that may be another number altogether, see :func:`may_change`.

    >>> texts = pa.array(["0.1234567890123456789", "9007199254740992", "9007199254740993", "1e400", "1e-400"])
    >>> [first_changed(texts[at:at + 1], texts[at:at + 1].cast(pa.float64())) for at in range(5)]
    [-1, -1, 0, 0, 0]
    """
    if values.type.bit_width == 64:
        texts = pc.if_else(may_change(values), texts, pa.scalar(None, texts.type))
    return first_rounded(texts, values)


def may_change(doubles: pa.Array) -> pa.Array:
    """Return the mask of the doubles that may stand for another number: a large whole one, one beyond the range."""
    return pc.or_(pc.greater_equal(pc.abs(doubles), EVERY_WHOLE), pc.equal(doubles, 0.0))


def describe_rounding(text: str, value: pa.Scalar) -> str:
    """Describe a number that a float would change, and the types that hold it."""
    wider = "decimals" if value.type.bit_width == 64 else "double, decimals"
    shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
    return f"{value.type} would round {shown} to {value.as_py()}; types of more digits are {wider} and text"


def _are_held(texts: pa.Array, values: pa.Array) -> pa.Array:
    """The mask of the numbers whose digits are preserved by their count alone."""
    digits, least = _ALWAYS_HELD[values.type.bit_width]
    sizes = pc.abs(values.cast(pa.float64()))
    short = pc.less_equal(pc.binary_length(texts), digits)
    held = pc.and_(short, pc.and_(pc.is_finite(sizes), pc.greater_equal(sizes, least)))
    return pc.or_(held, pc.is_in(texts, pa.array(_ZEROS))) if pc.any(pc.equal(sizes, 0.0)).as_py() else held


def _holds(value: float, text: str) -> bool:
    try:
        exact = Decimal(text)
    except InvalidOperation:  # an exponent beyond those of Decimal
        return False
    if not exact.is_finite() or not isfinite(value):
        return not exact.is_finite()
    digits = exact.as_tuple().digits
    zeros = next((count for count, digit in enumerate(reversed(digits)) if digit), len(digits) - 1)
    return Decimal(f"{value:.{len(digits) - zeros - 1}e}") == exact
