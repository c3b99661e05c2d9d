"""The bounds of Parquet statistics as typed values, and the guarantees that they imply for the rows of a row group."""

from __future__ import annotations

import math
import struct
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dao_files.formats._parquet_footer import ColumnChunk

__all__ = ["bounds", "guarantee"]

_NUMBERS = {"INT32": "<i", "INT64": "<q", "FLOAT": "<f", "DOUBLE": "<d", "BOOLEAN": "<?"}
_OLD_MAX, _OLD_MIN, _NULLS, _MAX, _MIN = 1, 2, 3, 5, 6  # Statistics in parquet.thrift


def bounds(chunk: ColumnChunk, kind: pa.DataType) -> tuple[pa.Scalar | None, pa.Scalar | None]:
    """Decode the lower and upper bound of a column chunk, None where the statistics are missing or unreliable.

    Statistics ignore nulls and NaN, and may truncate long texts (the upper bound rounded up). The deprecated pair of
    fields was compared as signed numbers, so it is used only for these.

    Args:
        chunk: the column chunk.
        kind: the column's Arrow type, in the unit that the file stores.
    """
    found = chunk.statistics
    old = chunk.physical in _NUMBERS and not pa.types.is_unsigned_integer(kind)
    return (
        _decode_or_none(found.get(_MIN, found.get(_OLD_MIN) if old else None), chunk.physical, kind),
        _decode_or_none(found.get(_MAX, found.get(_OLD_MAX) if old else None), chunk.physical, kind),
    )


def _decode_or_none(raw: Any, physical: str, kind: pa.DataType) -> pa.Scalar | None:
    if not isinstance(raw, bytes):
        return None
    try:
        return _decode(raw, physical, kind)
    except (struct.error, ValueError, OverflowError, pa.ArrowException):
        return None  # not of the column's type, or a text truncated inside a character


def _decode(raw: bytes, physical: str, kind: pa.DataType) -> pa.Scalar | None:
    if pa.types.is_decimal(kind):
        whole = int.from_bytes(raw, "little" if physical in _NUMBERS else "big", signed=True)
        return pa.scalar(Decimal(whole).scaleb(-kind.scale), kind)
    if pa.types.is_unsigned_integer(kind):
        return pa.scalar(int.from_bytes(raw, "little"), kind)
    if physical in _NUMBERS:
        value = struct.unpack(_NUMBERS[physical], raw)[0]
        if isinstance(value, float) and math.isnan(value):
            return None
        plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
        timed = pa.types.is_date32(kind) or pa.types.is_timestamp(kind)
        return pa.scalar(value, kind) if plain or timed else None
    if physical == "BYTE_ARRAY" and (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return pa.scalar(raw.decode(), kind)
    return None


def guarantee(name: str, chunk: ColumnChunk, kind: pa.DataType) -> pc.Expression:
    """Build the expression that the statistics guarantee to be true of a column in all rows of its row group."""
    least, greatest = bounds(chunk, kind)
    nulls = chunk.statistics.get(_NULLS)
    column = pc.field(name)
    if nulls is not None and nulls == chunk.values:
        return column.is_null()
    if least is None or greatest is None:
        return pc.scalar(True)
    inside = (column >= least) & (column <= greatest)
    return inside if nulls == 0 else inside | column.is_null()
