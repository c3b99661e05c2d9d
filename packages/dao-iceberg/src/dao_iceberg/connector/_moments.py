"""Moments of rows as numbers, in which rows of any source and of the target are compared."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.arrow.predicates import Column, Comparison, IsNull, Predicate, conjunction, disjunction, literal
from dao.errors import DataError

__all__ = ["NEVER", "between", "moment_kind", "moment_of", "moments"]

NEVER = -(2**63)
"""The number of a null, which is older than every moment: as in ``order_by=``."""

_EPOCH = datetime(1970, 1, 1)
_DAY = 86_400_000_000


def moment_kind(kind: pa.DataType, what: str) -> str:
    """Whether a column has ``dates``, ``times`` without a zone, or ``instants``. Only those of one kind compare.

    Args:
        kind: the column's type.
        what: what it is, for messages.

    Raises:
        DataError: it has none of them.

    >>> moment_kind(pa.timestamp("ms", "UTC"), "the column"), moment_kind(pa.date32(), "the column")
    ('instants', 'dates')
    """
    if pt.is_date(kind):
        return "dates"
    if pt.is_timestamp(kind):
        return "times" if kind.tz is None else "instants"
    raise DataError(f"{what} is {kind}, expected a timestamp or a date")


def moments(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The microseconds since 1970 of each value; of null NEVER.

    Raises:
        DataError: a value of nanoseconds, which Iceberg's tables that can be written don't have.

    >>> moments(pa.chunked_array([[datetime(1970, 1, 1, 0, 0, 1), None]])).to_pylist() == [1_000_000, NEVER]
    True
    """
    if pt.is_date(column.type):
        numbers = pc.multiply(column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64()), _DAY)
    else:
        try:
            numbers = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
        except pa.ArrowInvalid as error:
            raise DataError(f"a moment isn't of whole microseconds: {error}") from None
    return pc.fill_null(numbers, NEVER)


def moment_of(when: datetime) -> int:
    """The number of a moment; one without a zone is in UTC."""
    plain = when if when.tzinfo is None else when.astimezone(UTC).replace(tzinfo=None)
    return (plain - _EPOCH) // timedelta(microseconds=1)


def between(name: str, kind: str, low: int | None, high: int | None = None, *, nulls: bool) -> Predicate | None:
    """The predicate of rows between two moments, inclusive; None if it is true for all.

    Args:
        name: the column.
        kind: see :func:`moment_kind`. A date is that of its whole day.
        low: the first moment; None for no bound.
        high: the last one.
        nulls: whether rows without a moment are among them.

    >>> print(between("at", "dates", moment_of(datetime(2026, 11, 29, 10)), nulls=True))
    ("at" >= CAST('2026-11-29' AS DATE)) OR ("at" IS NULL)
    """
    column = Column((name,))
    bounds = [
        Comparison(operator, column, literal(value))
        for operator, moment in ((">=", low), ("<=", high))
        if moment is not None and (value := _value(moment, kind)) is not None
    ]
    if not bounds:
        return None
    return disjunction([conjunction(bounds), *([IsNull(column)] if nulls else [])])


def _value(moment: int, kind: str) -> Any:
    """The moment as a value of Python; None for one that Python hasn't, and that no bound is needed for."""
    try:
        found = _EPOCH + timedelta(microseconds=moment)
    except OverflowError:
        return None
    if kind == "dates":
        return date(found.year, found.month, found.day)
    return found if kind == "times" else found.replace(tzinfo=UTC)
