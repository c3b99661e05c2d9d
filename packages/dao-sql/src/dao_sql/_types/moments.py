"""Dates, times and moments that DAO has: of the years 1 to 9999, and of one day."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.errors import StoreError

__all__ = ["has_other_year", "refuse_other_moments"]

_DAY = 86_400
_FIRST, _LAST = -719_162, 2_932_896  # the days of 0001-01-01 and 9999-12-31 after 1970-01-01
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def has_other_year(values: pa.Array | pa.ChunkedArray) -> bool:
    """Whether a date or a moment is outside of the years 1 to 9999; False for values of other types.

    >>> has_other_year(pa.array([2_932_896, 2_932_897], pa.date32()))
    True
    """
    kind = values.type
    if pt.is_date(kind):
        number, scale = (pa.int32(), 1) if pt.is_date32(kind) else (pa.int64(), _DAY * 1000)
    elif pt.is_timestamp(kind):
        number, scale = pa.int64(), _DAY * _PER_SECOND[kind.unit]
    else:
        return False
    low, high = _FIRST * scale, (_LAST + 1) * scale - 1
    if high >= 2**63:  # nanoseconds don't reach as far
        return False
    return _is_outside(values.cast(number), low, high)


def refuse_other_moments(name: str, values: pa.Array | pa.ChunkedArray, database: str) -> None:
    """Check that a column as it was read has nothing that a database has and DAO hasn't.

    Drivers make other moments of ``infinity``, and of those that are too far away for their numbers: what is outside of
    the years 1 to 9999 after that was so before.

    Raises:
        StoreError: it has.
    """
    if pt.is_list(values.type):
        values = pc.list_flatten(values)
    if has_other_year(values):
        raise StoreError(
            f"column {name!r} has a year that isn't one of 1 to 9999, or infinity, which {database} keeps and DAO "
            "doesn't read: leave such rows out with where=, or the column with columns="
        )
    if pt.is_time(values.type) and _is_outside_of_a_day(values):
        raise StoreError(
            f"column {name!r} has a time that isn't before 24:00, which {database} keeps and DAO doesn't read: leave "
            "such rows out with where=, or the column with columns="
        )


def _is_outside_of_a_day(values: pa.Array | pa.ChunkedArray) -> bool:
    number = pa.int32() if pt.is_time32(values.type) else pa.int64()
    return _is_outside(values.cast(number), 0, _DAY * _PER_SECOND[values.type.unit] - 1)


def _is_outside(numbers: pa.Array | pa.ChunkedArray, low: int, high: int) -> bool:
    found = pc.min_max(numbers).as_py()
    return found["min"] is not None and (found["min"] < low or found["max"] > high)
