"""Conversion between Avro's stored values and Arrow arrays: integers for dates and times, bytes for decimals.

Integers rather than Python's dates, which have neither all years of Arrow and Avro nor nanoseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

__all__ = ["build_leaf", "raw_values"]


def raw_values(array: pa.Array) -> list[Any]:
    """Convert an array that is not nested to the values that fastavro writes: temporal types as integers, lossless."""
    kind = array.type
    if pa.types.is_timestamp(kind) and kind.unit == "s":
        array = array.cast(pa.timestamp("ms", kind.tz))
    elif kind.equals(pa.time32("s")):
        array = array.cast(pa.time32("ms"))
    elif pa.types.is_date64(kind):
        array = array.cast(pa.date32())
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind) or pa.types.is_time64(kind) or kind == pa.uint64():
        array = array.cast(pa.int64())
    elif pa.types.is_time32(kind) or pa.types.is_date(kind):
        array = array.cast(pa.int32())
    return array.to_pylist()  # type: ignore[no-any-return]


def build_leaf(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Build an array of a type that is not nested from Avro's stored values.

    Raises:
        pyarrow.ArrowInvalid, TypeError, OverflowError: a value that is not of the type.
    """
    if pa.types.is_decimal(kind):
        return _decimals(values, kind)
    stored = _STAND_INS.get(kind, kind)
    if pa.types.is_timestamp(kind) and kind.unit == "s":
        stored = pa.timestamp("ms", kind.tz)
    if pa.types.is_temporal(stored):
        raw = pa.int32() if stored.bit_width == 32 else pa.int64()
        return pa.array(values, raw).view(stored).cast(kind)
    return pa.array(values, kind)


_STAND_INS = {pa.time32("s"): pa.time32("ms"), pa.date64(): pa.date32()}


def _decimals(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Build decimals: Avro stores big-endian integers of minimal length, Arrow little-endian ones of fixed width."""
    width = kind.bit_width // 8
    zero = bytes(width)
    numbers = (
        zero if value is None else int.from_bytes(value, "big", signed=True).to_bytes(width, "little", signed=True)
        for value in values
    )
    present = pa.array([value is not None for value in values], pa.bool_())
    return pa.Array.from_buffers(kind, len(values), [present.buffers()[1], pa.py_buffer(b"".join(numbers))])
