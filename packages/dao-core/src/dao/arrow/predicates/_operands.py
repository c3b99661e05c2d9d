"""Casts of columns and literals to the Arrow types that Arrow can compare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from dao.arrow.predicates._types import Family, SqlType, sql_type
from dao.errors import DataError

__all__ = ["array_of", "cast_to_common", "plain_operand", "plain_type", "scalar_of"]


def plain_type(arrow: pa.DataType) -> pa.DataType:
    """The type to which a type is cast for Arrow's comparisons, IN and text functions; most types need no cast.

    >>> plain_type(pa.dictionary(pa.int8(), pa.string()))
    DataType(string)
    >>> plain_type(pa.string_view())
    DataType(large_string)
    >>> plain_type(pa.decimal128(2, 4))
    Decimal128Type(decimal128(4, 4))
    """
    if pa.types.is_dictionary(arrow) or pa.types.is_run_end_encoded(arrow):
        return plain_type(arrow.value_type)
    if pa.types.is_string_view(arrow):
        return pa.large_string()
    if pa.types.is_binary_view(arrow):
        return pa.large_binary()
    if pa.types.is_fixed_size_binary(arrow) and not pa.types.is_decimal(arrow):
        return pa.binary()
    if pa.types.is_float16(arrow):
        return pa.float32()
    if pa.types.is_decimal(arrow) and (arrow.bit_width < 128 or arrow.scale > arrow.precision):
        digits = max(arrow.precision, arrow.scale)  # Arrow makes no scalar of a type with fewer digits than decimals
        return pa.decimal128(digits, arrow.scale) if digits <= 38 else pa.decimal256(digits, arrow.scale)
    return arrow


def plain_operand(expression: Any, arrow: pa.DataType) -> tuple[Any, pa.DataType]:
    """Cast a column's Expression to its plain type if necessary; returns the Expression and its type."""
    plain = plain_type(arrow)
    return (expression, arrow) if plain == arrow else (expression.cast(plain), plain)


def scalar_of(value: Any, arrow: pa.DataType) -> pa.Scalar:
    """Convert a literal's value to a scalar of a plain type that holds it exactly.

    Raises:
        DataError: the text has a lone surrogate, so that UTF-8 can't encode it.
    """
    try:
        return pa.scalar(value, arrow)
    except UnicodeEncodeError:
        raise DataError(
            f"the text {value!r:.100} holds half a character (a surrogate): no column can hold it"
        ) from None


def array_of(values: Iterable[Any], arrow: pa.DataType) -> pa.Array:
    """Convert the values of literals to an array of a plain type that holds them exactly.

    Raises:
        DataError: a text has a lone surrogate, so that UTF-8 can't encode it.
    """
    try:
        return pa.array(values, arrow)
    except UnicodeEncodeError:
        raise DataError("one of the texts holds half a character (a surrogate): no column can hold it") from None


def cast_to_common(operands: Sequence[tuple[Any, pa.DataType]], common: SqlType) -> list[Any]:
    """Cast Expressions of several types to one Arrow type in which they compare as in SQL.

    Args:
        operands: pairs of an Expression and its type.
        common: the type of the comparison, from `common_type`.
    """
    target = _arrow_type(common)
    return [_cast(expression, arrow, target) for expression, arrow in operands]


def _arrow_type(common: SqlType) -> pa.DataType:
    if common.family is Family.INTEGER:
        if common.bits > 64:
            return pa.decimal128(20, 0)  # signed with unsigned 64 bits
        return getattr(pa, f"{'' if common.signed else 'u'}int{common.bits}")()
    if common.family is Family.DECIMAL:
        # Room for all digits of any integer or decimal before the point, where DuckDB's 38 digits would overflow.
        fits = common.precision < 38 and common.scale == 0
        return pa.decimal128(38, 0) if fits else pa.decimal256(76, common.scale)
    if common.family is Family.TIMESTAMP:
        return pa.timestamp(common.unit, "UTC" if common.zoned else None)
    if common.family is Family.FLOAT:
        return pa.float64() if common.bits == 64 else pa.float32()
    return _SIMPLE[common.family]


_SIMPLE = {
    Family.BOOLEAN: pa.bool_(),
    Family.DATE: pa.date32(),
    Family.TIME: pa.time64("ns"),
    Family.STRING: pa.large_string(),
    Family.BINARY: pa.large_binary(),
}


def _cast(expression: Any, arrow: pa.DataType, target: pa.DataType) -> Any:
    if arrow == target:
        return expression
    family = sql_type(arrow).family
    if pa.types.is_floating(target):
        if family is Family.DECIMAL:  # through text, which yields the nearest float; Arrow's own cast doesn't
            return expression.cast(pa.string()).cast(target)
        return expression.cast(target, safe=False)  # an integer beyond 2**53 is rounded, as in DuckDB
    if family is Family.BOOLEAN:
        expression, arrow = expression.cast(pa.int8()), pa.int8()
    if pa.types.is_decimal256(target) and pa.types.is_integer(arrow):
        expression = expression.cast(pa.decimal128(20, 0))
    return expression.cast(target) if arrow != target else expression
