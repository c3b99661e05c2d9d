"""Types of columns in data files against those of the table: which of them are read right, and by whom.

Source: the Delta protocol, "Type Widening" and "Primitive Types"; what deltalake 1.6 makes of the others is tried out
in the tests.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.types as pt

__all__ = ["is_widening", "may_hold", "unwrapped"]

_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}
"""Decimal digits of integers, by their bits."""


def unwrapped(kind: pa.DataType) -> pa.DataType:
    """A type without what only its layout in memory adds: dictionaries, run ends, extension types."""
    while True:
        if isinstance(kind, pa.BaseExtensionType):
            kind = kind.storage_type
        elif pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
            kind = kind.value_type
        else:
            return kind


def is_widening(stored: pa.DataType, kind: pa.DataType) -> bool:
    """Whether deltalake reads all values of a file's column, which isn't nested, right as a type of the table's.

    >>> is_widening(pa.int32(), pa.int64()), is_widening(pa.float64(), pa.int64())
    (True, False)
    """
    if stored.equals(kind) or pt.is_null(stored):
        return True
    if pt.is_integer(stored):
        return _holds_integers(stored, kind)
    if pt.is_floating(stored):
        return bool(pt.is_floating(kind)) and stored.bit_width <= kind.bit_width
    if pt.is_decimal(stored) and pt.is_decimal(kind):
        return bool(stored.scale <= kind.scale and stored.precision - stored.scale <= kind.precision - kind.scale)
    if pt.is_timestamp(stored) and pt.is_timestamp(kind):
        return stored.unit in ("ms", "us") and (stored.tz in (None, "UTC") if kind.tz else stored.tz is None)
    if _is_text(stored):  # bytes are no text: deltalake doesn't check that they are UTF-8
        return _is_text(kind) or _is_bytes(kind)
    return (_is_bytes(stored) and _is_bytes(kind)) or (bool(pt.is_date(stored)) and bool(pt.is_date(kind)))


def _holds_integers(stored: pa.DataType, kind: pa.DataType) -> bool:
    unsigned = pt.is_unsigned_integer(stored)
    if pt.is_integer(kind):
        return bool(stored.bit_width < kind.bit_width) or (not unsigned and bool(stored.bit_width == kind.bit_width))
    if pt.is_float32(kind) or pt.is_float64(kind):
        return bool(stored.bit_width * 2 <= kind.bit_width)
    return bool(pt.is_decimal(kind)) and _DIGITS[stored.bit_width] <= kind.precision - kind.scale


def may_hold(stored: pa.DataType, kind: pa.DataType) -> bool:
    """Whether values of a file's column can be the same in a type of the table's that isn't nested: each is looked at.

    A moment is no time of day on some wall; a time without a zone is one of UTC, as old writers of Delta keep moments.
    """
    if pt.is_nested(stored) or pt.is_nested(kind):
        return bool(pt.is_null(stored))
    if is_widening(stored, kind):
        return True
    if pt.is_integer(stored):
        return bool(pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind))
    if pt.is_decimal(stored):
        return bool(pt.is_decimal(kind))
    if pt.is_timestamp(kind) and pt.is_timestamp(stored):
        return not stored.tz or bool(kind.tz)
    if pt.is_timestamp(kind):
        return bool(pt.is_date(stored)) and not kind.tz
    return _is_bytes(stored) and _is_text(kind)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_binary_view(kind) or pt.is_fixed_size_binary(kind)
    )
