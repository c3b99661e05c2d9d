"""The bounds of files' values in manifests, and what follows from them for rows that are deleted by value."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.types import (
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    StringType,
    TimestampType,
    TimestamptzType,
    TimeType,
)

__all__ = ["bound_of", "may_delete"]

_ORDERED = (DateType, DecimalType, IntegerType, LongType, StringType, TimeType, TimestampType, TimestamptzType)
"""The types whose bounds say what values there are: those of floats leave NaN out, which deletes NaN."""


def bound_of(bounds: Mapping[int, bytes] | None, number: int, kind: Any) -> Any:
    """A bound of a column, as pyiceberg has its values; None if there is none, or it is in the form of an older type.

    Args:
        bounds: of a file.
        number: the column's id.
        kind: its type.
    """
    found = (bounds or {}).get(number)
    if found is None:
        return None
    try:
        return from_bytes(kind, found)
    except (ValueError, TypeError, ArithmeticError, struct.error):
        return None


def may_delete(delete: DataFile, data: DataFile, kinds: Mapping[int, Any]) -> bool:
    """Whether a file with values of deleted rows may delete a row of a data file.

    A row must have all of the values, and null is equal to null: one column suffices to tell that there is none.

    Args:
        delete: the values.
        data: the data file.
        kinds: the types of columns, by their ids.
    """
    return all(
        (_may_be_null(delete, number) and _may_be_null(data, number)) or _may_meet(delete, data, number, kinds[number])
        for number in delete.equality_ids or ()
        if isinstance(kinds.get(number), _ORDERED)
    )


def _may_be_null(file: DataFile, number: int) -> bool:
    return bool((file.null_value_counts or {}).get(number) != 0)


def _may_meet(delete: DataFile, data: DataFile, number: int, kind: Any) -> bool:
    """Whether a value of a column may be in both files."""
    pairs = ((delete.lower_bounds, data.upper_bounds), (data.lower_bounds, delete.upper_bounds))
    for lower, upper in pairs:
        least, greatest = bound_of(lower, number, kind), bound_of(upper, number, kind)
        if least is not None and greatest is not None and least > greatest:
            return False
    return True
