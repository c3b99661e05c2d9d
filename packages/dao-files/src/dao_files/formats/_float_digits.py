"""Whether floats hold the numbers that texts spell."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from math import isfinite

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["DIGITS_LOST", "first_rounded"]

DIGITS_LOST = "types of more digits are double, decimals and text"
"""The end of an error about a number that a narrow float would round."""

_ALWAYS_HELD = {16: (3, 2.0**-14), 32: (6, 2.0**-126), 64: (15, 2.0**-1022)}
"""By the bits of a float: the decimal digits that it always preserves, from which magnitude on."""


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
    rows = pc.indices_nonzero(pc.invert(_are_held(texts, values)).fill_null(False))
    if not len(rows):
        return -1
    texts, values = texts.take(rows), values.take(rows)
    other = pc.indices_nonzero(pc.not_equal(values.cast(pa.string()), texts))  # most are written as Arrow writes them
    held: dict[str, bool] = {}
    for at, text, value in zip(other, texts.take(other).to_pylist(), values.take(other).to_pylist(), strict=True):
        if text not in held:
            held[text] = _holds(float(value), text)
        if not held[text]:
            return int(rows[at.as_py()].as_py())
    return -1


def _are_held(texts: pa.Array, values: pa.Array) -> pa.Array:
    """The mask of the numbers whose digits are preserved by their count alone."""
    digits, least = _ALWAYS_HELD[values.type.bit_width]
    sizes = pc.abs(values.cast(pa.float64()))
    short = pc.less_equal(pc.binary_length(texts), digits)
    return pc.and_(short, pc.and_(pc.is_finite(sizes), pc.greater_equal(sizes, least)))


def _holds(value: float, text: str) -> bool:
    try:
        exact = Decimal(text)
    except InvalidOperation:  # an exponent beyond those of Decimal
        return False
    if not exact.is_finite() or not isfinite(value):
        return not exact.is_finite()
    digits = "".join(map(str, exact.as_tuple().digits)).rstrip("0")
    return Decimal(f"{value:.{max(len(digits), 1) - 1}e}") == exact
