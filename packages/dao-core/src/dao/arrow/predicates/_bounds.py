"""Exact rewriting of comparisons of a column with a literal to literals of the column's own type.

A column's values are mapped to consecutive integers (a decimal counts its last digit, a timestamp its unit). The cast
to the type of the comparison is monotonic, so the values that become equal to the literal are one interval of these
integers, called a stretch, possibly empty, and every comparison is one with an end of the stretch. Nothing is
truncated, nothing overflows, and storage statistics remain usable.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from attrs import frozen

from dao.arrow.predicates import _temporal as temporal
from dao.arrow.predicates._numeric import fraction_to_float, int_to_float, scaled_decimal
from dao.arrow.predicates._tree import (
    And,
    Comparison,
    IsNull,
    Kind,
    Literal,
    Not,
    Or,
    Predicate,
)
from dao.arrow.predicates._types import Family, SqlType

__all__ = ["Stretch", "compare_float", "compare_stretch", "false_if_valid", "stretch_of", "true_if_valid"]

_NULL = Literal(None, Kind.NULL)


def false_if_valid(operand: Predicate) -> Predicate:
    """FALSE where the operand has a value, NULL where it is NULL."""
    return And((IsNull(operand), _NULL))


def true_if_valid(operand: Predicate) -> Predicate:
    """TRUE where the operand has a value, NULL where it is NULL."""
    return Or((Not(IsNull(operand)), _NULL))


@frozen
class Stretch:
    """The interval of a column's values that equal a literal: from `first` to `last`, empty if `last` is below `first`.

    If it is empty, `first` is the least value above the literal.

    Attributes:
        first: the least of these values, counted in the column's own steps.
        last: the greatest of these values, counted in the same steps.
        column: the column's type.
    """

    first: int
    last: int
    column: SqlType

    def literal(self, count: int) -> Literal:
        """A value of the column's type, as a literal."""
        return _LITERALS[self.column.family](count, self.column)


def _timestamp_literal(count: int, column: SqlType) -> Literal:
    nanoseconds = count * temporal.UNIT_NS[column.unit]
    if nanoseconds % 1_000:
        return Literal(nanoseconds, Kind.TIMESTAMP_NS)
    kind = Kind.TIMESTAMPTZ if column.zoned else Kind.TIMESTAMP
    return Literal(temporal.datetime_of_nanoseconds(nanoseconds, column.zoned), kind)


_LITERALS: dict[Family, Callable[[int, SqlType], Literal]] = {
    Family.BOOLEAN: lambda count, _: Literal(bool(count), Kind.BOOLEAN),
    Family.INTEGER: lambda count, _: Literal(count, Kind.INTEGER),
    Family.DECIMAL: lambda count, column: Literal(scaled_decimal(count, column.scale), Kind.DECIMAL),
    Family.DATE: lambda count, _: Literal(temporal.date_of_days(count), Kind.DATE),
    Family.TIMESTAMP: _timestamp_literal,
    Family.TIME: lambda count, column: Literal(
        temporal.time_of_nanoseconds(count * temporal.UNIT_NS[column.unit]), Kind.TIME
    ),
}


def stretch_of(value: Any, target: SqlType, column: SqlType) -> Stretch:
    """Find the stretch of a column's values that equal a value when compared as `target`.

    Args:
        value: the literal's value, in the form that `coerce` returns for `target`.
        target: the type of the comparison.
        column: the column's own type: any but float, string and binary.
    """
    if target.family is Family.FLOAT:
        return _stretch_of_float(value, target.bits, column)
    if target.family is Family.INTEGER:
        return Stretch(value, value, column)
    exact = Fraction(value) * _steps_per_unit(target, column)
    return Stretch(math.ceil(exact), math.floor(exact), column)


def _steps_per_unit(target: SqlType, column: SqlType) -> Fraction:
    """The number of the column's steps in one unit of the coerced value."""
    if column.family is Family.DECIMAL:
        return Fraction(10) ** column.scale
    if target.family in (Family.TIMESTAMP, Family.TIME):
        step = temporal.DAY_NS if column.family is Family.DATE else temporal.UNIT_NS[column.unit]
        return Fraction(1, step)
    return Fraction(1)


def _stretch_of_float(value: float, bits: int, column: SqlType) -> Stretch:
    low, high = column.range()
    if math.isnan(value):
        return Stretch(high + 1, high, column)
    cast = _cast_to_float(column, bits)
    first = _first(lambda count: cast(count) >= value, low, high)
    return Stretch(first, _first(lambda count: cast(count) > value, first, high) - 1, column)


def _cast_to_float(column: SqlType, bits: int) -> Callable[[int], float]:
    if column.family is Family.DECIMAL:
        return lambda count: fraction_to_float(count / Fraction(10) ** column.scale, bits)
    return lambda count: int_to_float(count, bits)


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Bisect for the first count from low to high at which a monotonic condition holds; high + 1 if there is none."""
    high += 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def compare_stretch(operator: str, operand: Predicate, stretch: Stretch) -> Predicate:
    """Rewrite ``operand operator literal`` to literals of the operand's own type.

    Args:
        operator: ``= <> < <= >`` or ``>=``.
        operand: the column.
        stretch: the column's values that equal the literal.
    """
    if operator == "=":
        return _equal(operand, stretch)
    if operator == "<>":
        return _unequal(operand, stretch)
    return _ordered(operator, operand, stretch)


def _equal(operand: Predicate, stretch: Stretch) -> Predicate:
    low, high = stretch.column.range()
    first, last = max(stretch.first, low), min(stretch.last, high)
    if first > last:
        return false_if_valid(operand)
    if first == last:
        return Comparison("=", operand, stretch.literal(first))
    return And((Comparison(">=", operand, stretch.literal(first)), Comparison("<=", operand, stretch.literal(last))))


def _unequal(operand: Predicate, stretch: Stretch) -> Predicate:
    low, high = stretch.column.range()
    first, last = max(stretch.first, low), min(stretch.last, high)
    if first > last:
        return true_if_valid(operand)
    if first == last:
        return Comparison("<>", operand, stretch.literal(first))
    return Or((Comparison("<", operand, stretch.literal(first)), Comparison(">", operand, stretch.literal(last))))


def _ordered(operator: str, operand: Predicate, stretch: Stretch) -> Predicate:
    low, high = stretch.column.range()
    below = operator in ("<", "<=")
    # All values from `split` on are above (or, for < and >=, at or above) the literal.
    split = stretch.first if operator in ("<", ">=") else stretch.last + 1
    if split > high:
        return true_if_valid(operand) if below else false_if_valid(operand)
    if split <= low:
        return false_if_valid(operand) if below else true_if_valid(operand)
    if stretch.first == stretch.last:
        return Comparison(operator, operand, stretch.literal(stretch.first))
    return Comparison("<=" if below else ">", operand, stretch.literal(split - 1))


def compare_float(operator: str, operand: Predicate, value: float, column: SqlType) -> Predicate:
    """Rewrite ``operand operator value`` for a float column to a value that the column's type holds exactly.

    Args:
        operator: ``= <> < <= >`` or ``>=``.
        operand: the column.
        value: any float, including NaN and infinities.
        column: the column's type.
    """
    nearest = fraction_to_float(Fraction(value), column.bits) if math.isfinite(value) else value
    if nearest == value or math.isnan(value):
        return Comparison(operator, operand, Literal(value, Kind.DOUBLE))
    if operator == "=":
        return false_if_valid(operand)
    if operator == "<>":
        return true_if_valid(operand)
    # No value of the column lies between `nearest` and `value`, so `nearest` replaces it, with an adapted operator.
    below = operator in ("<", "<=")
    includes = nearest < value
    return Comparison(
        ("<=" if includes else "<") if below else (">" if includes else ">="), operand, Literal(nearest, Kind.DOUBLE)
    )
