"""Bulk processing of long lists of literals of one kind: their common type, and their values in a column's type.

Only kinds are processed in bulk of which every value equals one value of the column or none. Long lists have these;
others (text compared with numbers, fractions compared with integers) are compared one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from dao.arrow.predicates._tree import Kind, Literal, Literals
from dao.arrow.predicates._types import Family, SqlType, literal_type

__all__ = ["extremes", "values_in_type"]

_UNORDERED = (Kind.STRING, Kind.BINARY, Kind.DOUBLE)
_POINT = {(Family.DATE, False): Kind.DATE, (Family.TIMESTAMP, False): Kind.TIMESTAMP}
_POINT |= {(Family.TIMESTAMP, True): Kind.TIMESTAMPTZ, (Family.TIME, False): Kind.TIME}


def extremes(literals: Literals) -> list[Literal]:
    """The few literals that represent all of a list: they have its common type with a column, and its range.

    >>> [literal.value for literal in extremes(Literals([3, None, 1, 2], Kind.INTEGER))]
    [1, 3]
    """
    values = _present(literals)
    if not values:
        return []
    if literals.kind in _UNORDERED:
        few = [values[0]]
    elif literals.kind is Kind.DECIMAL:
        few = [min(values), max(values), *_one_of_each_size(values)]
    else:
        few = [min(values), max(values)]
    return [Literal(value, literals.kind) for value in few]


def _one_of_each_size(values: Iterable[Decimal]) -> Iterable[Decimal]:
    return {literal_type(Literal(value, Kind.DECIMAL)): value for value in values}.values()


def values_in_type(literals: Literals, column: SqlType, common: SqlType) -> Literals | None:
    """Convert literals to the values that a column can equal, unique and of the column's type; a NULL is preserved.

    Args:
        literals: literals of one kind, whose `extremes` can be coerced to `common`.
        column: the column's type.
        common: the type of the comparison.

    Returns:
        The values; None if the literals have to be compared one by one.
    """
    convert = _CONVERTERS.get(column.family)
    converted = None if convert is None else convert(literals, column, common)
    if converted is None:
        return None
    values, kind = converted
    nulls = [None] if literals.has_null else []
    return Literals([*dict.fromkeys(values), *nulls], kind)


Converted = tuple[Iterable[Any], Kind] | None


def _present(literals: Literals) -> Any:
    return [value for value in literals.values if value is not None] if literals.has_null else literals.values


def _texts(literals: Literals, column: SqlType, common: SqlType) -> Converted:
    kind = Kind.STRING if column.family is Family.STRING else Kind.BINARY
    return (_present(literals), kind) if literals.kind is kind and common.family is column.family else None


def _integers(literals: Literals, column: SqlType, common: SqlType) -> Converted:
    if literals.kind is not Kind.INTEGER or common.family is not Family.INTEGER:
        return None
    return _within(_present(literals), *column.range()), Kind.INTEGER


def _decimals(literals: Literals, column: SqlType, common: SqlType) -> Converted:
    if literals.kind not in (Kind.INTEGER, Kind.DECIMAL) or common.family is not Family.DECIMAL:
        return None
    if common.scale != column.scale:
        return None
    values = _present(literals)
    if literals.kind is Kind.INTEGER:
        values = list(map(Decimal, values))
    bound = Decimal(10) ** (column.precision - column.scale)
    return [value for value in values if -bound < value < bound], Kind.DECIMAL


def _floats(literals: Literals, column: SqlType, common: SqlType) -> Converted:
    if column.bits != 64 or common.family is not Family.FLOAT or common.bits != 64:
        return None
    values = _present(literals)
    if literals.kind is Kind.DOUBLE:
        numbers = [value for value in values if value == value]
        return (numbers if len(numbers) == len(values) else [*numbers, float("nan")]), Kind.DOUBLE
    if literals.kind is Kind.INTEGER and min(values) >= -(2**63) and max(values) < 2**64:
        return map(float, values), Kind.DOUBLE
    return None


def _points(literals: Literals, column: SqlType, common: SqlType) -> Converted:
    """Literals have microseconds, so a column in a coarser unit may lack a value that equals one."""
    fits = column.unit in ("us", "ns") and (column.family, column.zoned) == (common.family, common.zoned)
    return (
        (_present(literals), literals.kind) if fits and literals.kind is _POINT[column.family, column.zoned] else None
    )


def _within(values: Any, low: int, high: int) -> Any:
    if not values or (low <= min(values) and max(values) <= high):
        return values
    return [value for value in values if low <= value <= high]


_CONVERTERS: dict[Family, Callable[[Literals, SqlType, SqlType], Converted]] = {
    Family.STRING: _texts,
    Family.BINARY: _texts,
    Family.INTEGER: _integers,
    Family.DECIMAL: _decimals,
    Family.FLOAT: _floats,
    Family.DATE: _points,
    Family.TIMESTAMP: _points,
    Family.TIME: _points,
}
