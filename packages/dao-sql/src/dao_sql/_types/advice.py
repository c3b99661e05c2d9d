"""What to do with a column for which a database has no type: the end of the error that refuses it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.types as pt

__all__ = ["way_out"]


def way_out(kind: pa.DataType, digits: int) -> str:
    """What would work for values of an Arrow type, with a colon before it; empty where nothing is known.

    Values in nanoseconds are refused whatever they are, as a later one may not fit into a column of microseconds.

    Args:
        kind: the type, of values that aren't encoded.
        digits: the most digits of a decimal of the database; 0 if it has none.

    >>> way_out(pa.uint64(), 38), way_out(pa.duration("s"), 38)
    (': cast it to decimal128(20, 0)', ': cast it to int64, its number of s')
    >>> way_out(pa.decimal128(5, -2), 38), way_out(pa.decimal256(40, 2), 38)
    (': cast it to decimal128(7, 0)', ': decimals have up to 38 digits: cast it to fewer, or to text')
    """
    if (pt.is_timestamp(kind) or pt.is_time64(kind)) and kind.unit == "ns":
        wanted = pa.time64("us") if pt.is_time64(kind) else pa.timestamp("us", kind.tz)
        return f": cast it to {wanted}, or give schema= with that, which refuses a value that would be cut"
    if pt.is_uint64(kind):
        return ": cast it to decimal128(20, 0)" if digits >= 20 else ": cast it to int64, which refuses what is above"
    if pt.is_duration(kind):
        return f": cast it to int64, its number of {kind.unit}"
    if pt.is_interval(kind):
        return ": give its months, days and nanoseconds as columns of integers"
    if pt.is_nested(kind) or pt.is_list_view(kind):
        return ": give it as JSON text"
    return _of_decimals(kind, digits) if pt.is_decimal(kind) else ""


def _of_decimals(kind: pa.DataType, digits: int) -> str:
    scale = max(kind.scale, 0)
    precision = max(kind.precision - min(kind.scale, 0), scale)
    if precision > digits:
        return f": decimals have up to {digits} digits: cast it to fewer, or to text" if digits else ": cast it to text"
    return f": cast it to {(pa.decimal128 if precision <= 38 else pa.decimal256)(precision, scale)}"
