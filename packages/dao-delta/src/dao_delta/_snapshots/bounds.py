"""Bounds of a column's values in each data file, as the log has them, made so wide that they hold for any writer.

Source: the Delta protocol, "Per-file Statistics", and what writers make of it: texts are cut to a prefix, timestamps to
milliseconds, decimals pass through doubles, and NaN is left out.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao_files.lake import Bounds

__all__ = ["EXACT_DIGITS", "bounds_of", "text_after"]

EXACT_DIGITS = 15
"""Digits of a decimal that a double holds. Bounds of more pass through one, or, in deltalake 1.6, end at 64 bits."""

_TIES = "\x7f\ufffd\uffff\U0010ffff"
"""What writers append to a prefix of a text, for all texts that begin with it."""


def bounds_of(files: pa.Table, name: str, kind: pa.DataType) -> Bounds | None:
    """The bounds of a column; None if the log has none that can be relied on.

    Args:
        files: the data files, see :attr:`Snapshot.files`.
        name: the column.
        kind: its type.
    """
    least, greatest = f"min.{name}", f"max.{name}"
    if "." in name or least not in files.column_names or greatest not in files.column_names:
        return None  # with a point in it, the name could be that of a field of a struct
    low, high = (files.column(one).combine_chunks() for one in (least, greatest))
    if pt.is_integer(kind) or pt.is_date(kind):
        return Bounds(low.cast(kind), high.cast(kind))
    if pt.is_floating(kind):
        return Bounds(_numbers(low.cast(kind)), _numbers(high.cast(kind)))
    if pt.is_timestamp(kind):
        return Bounds(_moved(low, kind, -1000), _moved(high, kind, 1000))
    if pt.is_decimal(kind) and kind.precision <= EXACT_DIGITS:
        return Bounds(_wider(low, kind, ROUND_FLOOR), _wider(high, kind, ROUND_CEILING))
    if pt.is_string(kind):
        return Bounds(low.cast(kind), pa.array([text_after(text) for text in high.to_pylist()], kind), reached=False)
    return None


def _numbers(bounds: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_finite(bounds), bounds, pa.scalar(None, bounds.type))


def _moved(bounds: pa.Array, kind: pa.TimestampType, microseconds: int) -> pa.Array:
    counts = bounds.cast(pa.timestamp("us", kind.tz)).cast(pa.int64())
    return pc.add(counts, microseconds).cast(kind)


def _wider(bounds: pa.Array, kind: pa.Decimal128Type, rounding: str) -> pa.Array:
    """Decimals that were written as doubles may be off by some units of their 16th digit."""
    with localcontext() as context:
        context.prec, context.rounding = 80, rounding
        step = Decimal(1).scaleb(-kind.scale)
        sign = -1 if rounding == ROUND_FLOOR else 1
        made = [
            None if value is None else (value + sign * abs(value) * Decimal("1e-15")).quantize(step)
            for value in bounds.to_pylist()
        ]
    return pa.array([one if one is None or len(one.as_tuple().digits) <= 38 else None for one in made], _widest(kind))


def _widest(kind: pa.Decimal128Type) -> pa.DataType:
    return pa.decimal128(38, kind.scale)


def text_after(text: str | None) -> str | None:
    """The least text above all that begin with a text, without what writers append to it; None if there is none.

    >>> text_after("ab"), text_after("a" + chr(0x10FFFF))
    ('ac', 'b')
    """
    prefix = "" if text is None else text.rstrip(_TIES)
    if not prefix:
        return None
    code = ord(prefix[-1]) + 1
    return prefix[:-1] + chr(0xE000 if code == 0xD800 else code)
