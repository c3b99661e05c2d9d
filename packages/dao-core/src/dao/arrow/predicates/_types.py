"""SQL types of Arrow types, and the common type as which the operands of a comparison are compared, as in DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

import pyarrow as pa
from attrs import evolve, frozen

from dao.arrow.predicates._temporal import UNIT_NS
from dao.arrow.predicates._tree import Kind, Literal
from dao.errors import DataError

__all__ = ["Family", "SqlType", "common_type", "literal_type", "sql_type"]


class Family(Enum):
    """The families of SQL types, which decide what can be compared."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIME = "time"
    STRING = "string"
    BINARY = "binary"
    OTHER = "other"


_NUMERIC = (Family.BOOLEAN, Family.INTEGER, Family.DECIMAL, Family.FLOAT)
_POINTS = (Family.DATE, Family.TIMESTAMP)


@frozen
class SqlType:
    """A SQL type, with the properties that matter for comparisons.

    Attributes:
        family: the type's family.
        bits: the width of an integer (8 to 128) or a float (32 or 64).
        signed: whether an integer may be negative.
        precision: the number of all digits of a decimal.
        scale: the number of a decimal's digits after the point.
        unit: the unit of a timestamp or time: ``s``, ``ms``, ``us`` or ``ns``.
        zoned: whether a timestamp has a time zone.
    """

    family: Family
    bits: int = 0
    signed: bool = True
    precision: int = 0
    scale: int = 0
    unit: str = "us"
    zoned: bool = False

    def range(self) -> tuple[int, int]:
        """The least and the greatest value, counted in the type's own steps (its unit, or 10**-scale)."""
        if self.family is Family.BOOLEAN:
            return 0, 1
        if self.family is Family.DECIMAL:
            return 1 - 10**self.precision, 10**self.precision - 1
        bits = self.bits or (32 if self.family is Family.DATE else 64)
        return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if self.signed else (0, 2**bits - 1)


def _unit_of(arrow: pa.DataType) -> str:
    return str(arrow.unit)


_MAKERS: list[tuple[Any, Any]] = [
    (pa.types.is_boolean, lambda _: SqlType(Family.BOOLEAN)),
    (
        pa.types.is_integer,
        lambda t: SqlType(Family.INTEGER, bits=t.bit_width, signed=pa.types.is_signed_integer(t)),
    ),
    (pa.types.is_decimal, lambda t: SqlType(Family.DECIMAL, precision=t.precision, scale=t.scale)),
    (pa.types.is_float64, lambda _: SqlType(Family.FLOAT, bits=64)),
    (pa.types.is_floating, lambda _: SqlType(Family.FLOAT, bits=32)),
    (pa.types.is_date, lambda _: SqlType(Family.DATE)),
    (
        pa.types.is_timestamp,
        lambda t: SqlType(Family.TIMESTAMP, unit=_unit_of(t), zoned=t.tz is not None),
    ),
    (pa.types.is_time, lambda t: SqlType(Family.TIME, unit=_unit_of(t))),
    (pa.types.is_string, lambda _: SqlType(Family.STRING)),
    (pa.types.is_large_string, lambda _: SqlType(Family.STRING)),
    (pa.types.is_string_view, lambda _: SqlType(Family.STRING)),
    (pa.types.is_binary, lambda _: SqlType(Family.BINARY)),
    (pa.types.is_large_binary, lambda _: SqlType(Family.BINARY)),
    (pa.types.is_binary_view, lambda _: SqlType(Family.BINARY)),
    (pa.types.is_fixed_size_binary, lambda _: SqlType(Family.BINARY)),
]


@lru_cache(maxsize=256)
def sql_type(arrow: pa.DataType) -> SqlType:
    """The SQL type of an Arrow type: for a dictionary that of its values, for types without comparisons OTHER.

    >>> sql_type(pa.dictionary(pa.int8(), pa.string())).family
    <Family.STRING: 'string'>
    """
    if pa.types.is_dictionary(arrow) or pa.types.is_run_end_encoded(arrow):
        return sql_type(arrow.value_type)
    for fits, make in _MAKERS:
        if fits(arrow):
            made: SqlType = make(arrow)
            return made
    return SqlType(Family.OTHER)


def literal_type(literal: Literal) -> SqlType:
    """The SQL type of a literal by itself, as DuckDB's ``typeof`` returns it."""
    value: Any = literal.value
    if literal.kind is Kind.INTEGER:
        return SqlType(Family.INTEGER, bits=_integer_bits(value))
    if literal.kind is Kind.DECIMAL:
        precision, scale = _decimal_size(value)
        return SqlType(Family.DECIMAL, precision=precision, scale=scale)
    return _LITERAL_TYPES[literal.kind]


_LITERAL_TYPES = {
    Kind.BOOLEAN: SqlType(Family.BOOLEAN),
    Kind.DOUBLE: SqlType(Family.FLOAT, bits=64),
    Kind.STRING: SqlType(Family.STRING),
    Kind.BINARY: SqlType(Family.BINARY),
    Kind.DATE: SqlType(Family.DATE),
    Kind.TIME: SqlType(Family.TIME),
    Kind.TIMESTAMP: SqlType(Family.TIMESTAMP),
    Kind.TIMESTAMP_NS: SqlType(Family.TIMESTAMP, unit="ns"),
    Kind.TIMESTAMPTZ: SqlType(Family.TIMESTAMP, zoned=True),
}


def _integer_bits(value: int) -> int:
    return next((bits for bits in (32, 64) if -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)), 128)


def _decimal_size(value: Decimal) -> tuple[int, int]:
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # a literal is finite
    scale = max(-exponent, 0)
    return max(len(digits) + max(exponent, 0), scale, 1), scale


def common_type(columns: Iterable[SqlType], literals: Iterable[Literal]) -> SqlType | None:
    """The common type of all operands of a comparison, an IN or a BETWEEN; None if all are NULL.

    DuckDB's rules: a text literal is coerced to the type of the other operands; numbers widen in the order boolean,
    integer, decimal, 32-bit float, 64-bit float; dates and timestamps in the order date, timestamp (of the finest
    unit), timestamp with zone.

    Raises:
        DataError: the types can't be compared.
    """
    fixed = list(columns)
    texts = False
    integers: list[int] = []
    for literal in literals:
        if literal.kind is Kind.STRING:
            texts = True
        elif literal.kind is Kind.INTEGER:
            value: Any = literal.value
            integers.append(value)
        elif literal.kind is not Kind.NULL:
            fixed.append(literal_type(literal))
    if integers:
        fixed.extend(_integer_literal_types(fixed, integers))
    if not fixed:
        return SqlType(Family.STRING) if texts else None
    common = _unify(fixed)
    if common.family is Family.OTHER:
        raise DataError("a column of this type has no comparison: only IS [NOT] NULL can be asked of it")
    return common


def _integer_literal_types(fixed: Sequence[SqlType], values: list[int]) -> list[SqlType]:
    """The type of integer literals: none beside integer columns that hold them, else an integer of 32 to 128 bits."""
    columns = [known for known in fixed if known.family is Family.INTEGER]
    low, high = min(values), max(values)
    if columns and len(columns) == len(fixed):
        least, most = _unify(columns).range()
        if least <= low and high <= most:
            return []
    return [SqlType(Family.INTEGER, bits=max(_integer_bits(low), _integer_bits(high)))]


def _unify(types: Sequence[SqlType]) -> SqlType:
    families = {known.family for known in types}
    if families <= set(_NUMERIC):
        return _unify_numbers(types)
    if families <= set(_POINTS):
        return _unify_points(types)
    if len(families) == 1:
        return max(types, key=lambda known: -UNIT_NS[known.unit])
    names = " with ".join(sorted(family.value for family in families))
    raise DataError(f"can't compare {names}: DuckDB has no such comparison that holds for all rows")


def _unify_numbers(types: Sequence[SqlType]) -> SqlType:
    highest = max((known.family for known in types), key=_NUMERIC.index)
    if highest is Family.FLOAT:
        return SqlType(Family.FLOAT, bits=max(known.bits for known in types if known.family is Family.FLOAT))
    if highest is Family.DECIMAL:
        return _unify_decimals(types)
    if highest is Family.INTEGER:
        return _unify_integers([known for known in types if known.family is Family.INTEGER])
    return types[0]


def _unify_integers(types: Sequence[SqlType]) -> SqlType:
    signed = [known.bits for known in types if known.signed]
    unsigned = [known.bits for known in types if not known.signed]
    if not signed:
        return SqlType(Family.INTEGER, bits=max(unsigned), signed=False)
    needed = max(signed + [2 * bits for bits in unsigned])
    return SqlType(Family.INTEGER, bits=min(needed, 128))


_INTEGER_DIGITS = {8: 3, 16: 5, 32: 10, 64: 19, 128: 38}


def _unify_decimals(types: Sequence[SqlType]) -> SqlType:
    scale = max(known.scale for known in types)
    whole = 1
    widest = 38
    for known in types:
        if known.family is Family.DECIMAL:
            whole = max(whole, known.precision - known.scale)
            widest = max(widest, known.precision)
        elif known.family is Family.INTEGER:
            whole = max(whole, 20 if known.bits == 64 and not known.signed else _INTEGER_DIGITS[known.bits])
    return SqlType(Family.DECIMAL, precision=min(whole + scale, widest), scale=scale)


def _unify_points(types: Sequence[SqlType]) -> SqlType:
    stamps = [known for known in types if known.family is Family.TIMESTAMP]
    if not stamps:
        return types[0]
    finest = min(stamps, key=lambda known: UNIT_NS[known.unit])
    if len({known.zoned for known in stamps}) == 1:
        return finest
    if any(known.unit == "ns" and not known.zoned for known in stamps):
        raise DataError(
            "can't compare a timestamp of nanoseconds without zone with one that has a zone; nor can DuckDB"
        )
    return evolve(finest, zoned=True)
