"""Which numeric type a column of texts converts to without losing any part of the texts."""

from __future__ import annotations

import re
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from dao_files.formats._float_digits import first_rounded

__all__ = ["lossless_kind", "without_thousands"]

_LONG_WHOLE = r"^-?[0-9]{16,}$"  # a double may not hold it
_ALTERED = r"^(\+|-?0[0-9xX_]|-[nN])"  # a sign, zeros or a base that numbers lose
_EXACT_DIGITS = 15  # decimal digits that a double always preserves


def lossless_kind(texts: pa.Array, values: pa.Array) -> pa.DataType:
    """Choose the type of a column that pyarrow infers as numbers: the type of ``values`` if lossless, else text.

    Args:
        texts: the column's texts, with a decimal point.
        values: the numbers that pyarrow parses them to, int64 or double.
    """
    texts = pc.ascii_trim(texts, " \t")
    if pa.types.is_integer(values.type):
        if _any(pc.and_(pc.starts_with(texts, "0"), pc.greater(pc.binary_length(texts), 1))):
            return pa.string()
        if _any(pc.starts_with(texts, "-0")):  # a double has a signed zero
            return pa.string() if _any(pc.match_substring_regex(texts, "^-0.")) else pa.float64()
        return values.type
    if _is_altered(texts):
        return pa.string()
    return values.type if first_rounded(texts, values) < 0 else pa.string()


def _is_altered(texts: pa.Array) -> bool:
    """Check for texts that a double would alter. Patterns cost most, so they run only on texts that may match."""
    zero_first = pc.and_not(pc.starts_with(texts, "0"), pc.starts_with(texts, "0."))
    marked = [pc.starts_with(texts, mark) for mark in ("+", "-0", "-n", "-N")]
    long = pc.greater(pc.binary_length(texts), _EXACT_DIGITS)
    suspects = (
        (_ALTERED, reduce(pc.or_, marked, zero_first)),
        (_LONG_WHOLE, pc.and_not(long, pc.match_substring(texts, "."))),
    )
    return any(_any(mask) and _any(pc.match_substring_regex(texts.filter(mask), text)) for text, mask in suspects)


def without_thousands(texts: pa.Array, separator: str, decimal_point: str) -> tuple[pa.Array, pa.Array]:
    """Remove thousands separators and make the decimal point a dot; also return the mask of texts that may be numbers.

    A number has a separator before each three digits of the whole part, or none.
    """
    mark, point = re.escape(separator), re.escape(decimal_point)
    texts = pc.ascii_trim(texts, " \t")
    grouped = pc.match_substring_regex(texts, f"^[+-]?[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:{point}[0-9]*)?(?:[eE].*)?$")
    plain = pc.invert(pc.match_substring(texts, separator))
    texts = pc.replace_substring(texts, separator, "")
    if decimal_point != ".":
        plain = pc.and_(plain, pc.invert(pc.match_substring(texts, ".")))
        texts = pc.replace_substring(texts, decimal_point, ".")
    return texts, pc.or_(grouped, plain)


def _any(mask: pa.Array) -> bool:
    return bool(pc.any(mask).as_py())
