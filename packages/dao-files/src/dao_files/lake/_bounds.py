"""Bounds of a column's values in each data file: what files are skipped by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
from attrs import frozen

__all__ = ["Bounds", "in_order", "texts_or_numbers"]


@frozen
class Bounds:
    """The bounds of a column in each file, in its type; null where they aren't known.

    Attributes:
        least: no value is below; NaN isn't counted.
        greatest: no value is above; NaN isn't counted.
        reached: whether a value may be equal to the greatest; if not, all are below.
    """

    least: pa.Array
    greatest: pa.Array
    reached: bool = True


def in_order(column: pa.ChunkedArray | pa.Array) -> Any:
    """Values as numbers or texts that Python compares, whatever their range: moments as their counts."""
    if pt.is_timestamp(column.type):
        return column.cast(pa.int64())
    return column.cast(pa.int32()) if pt.is_date(column.type) else column


def texts_or_numbers(bounds: pa.Array) -> Sequence[Any]:
    """Bounds as Python's values, of :func:`in_order`."""
    found: list[Any] = in_order(bounds).to_pylist()
    return found
