"""A value in all rows of a column, without pandas.

``pa.scalar`` and ``pa.array`` import pandas where it is installed: 0.3 s and 50 MiB, which is most of what the first
read of a process takes.
"""

from __future__ import annotations

from array import array
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

__all__ = ["repeated"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def repeated(value: Any, kind: pa.DataType, count: int) -> pa.Array:
    """A value, or null for None, ``count`` times; equal to ``pa.repeat(pa.scalar(value, kind), count)``.

    Args:
        value: a value of Python.
        kind: the type of the array.
        count: its length.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, OverflowError: the type doesn't hold the value.

    >>> repeated("DE", pa.string(), 2).to_pylist()
    ['DE', 'DE']
    """
    if value is None:
        return pa.nulls(count, kind)
    one = _one(value, kind)
    return pa.repeat(pa.scalar(value, kind) if one is None else one[0], count)


def _one(value: Any, kind: pa.DataType) -> pa.Array | None:
    """An array of the value, for the usual types; None for others."""
    if pt.is_string(kind) and type(value) is str:
        text = value.encode()
        return pa.Array.from_buffers(kind, 1, [None, _numbers("i", 0, len(text)), pa.py_buffer(text)])
    if pt.is_int64(kind) and type(value) is int:
        return pa.Array.from_buffers(kind, 1, [None, _numbers("q", value)])
    if pt.is_int32(kind) and type(value) is int:
        return pa.Array.from_buffers(kind, 1, [None, _numbers("i", value)])
    if pt.is_date32(kind) and type(value) is date:
        return pa.Array.from_buffers(kind, 1, [None, _numbers("i", (value - _EPOCH.date()).days)])
    if pt.is_timestamp(kind) and kind.unit == "us" and type(value) is datetime:
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return pa.Array.from_buffers(kind, 1, [None, _numbers("q", (aware - _EPOCH) // timedelta(microseconds=1))])
    return None


def _numbers(code: str, *values: int) -> pa.Buffer:
    return pa.py_buffer(array(code, values))
