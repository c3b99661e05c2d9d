"""Columns and literals in the Arrow types that Arrow has comparisons for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from dao.arrow.predicates._types import Family, SqlType, sql_type
from dao.errors import DataError

__all__ = ["array_of", "cast_to_common", "plain_operand", "plain_type", "scalar_of"]


def plain_type(arrow: pa.DataType) -> pa.DataType:
    """The type of the same values that Arrow's comparisons, IN and text functions know; most types are their own.

    >>> plain_type(pa.dictionary(pa.int8(), pa.string()))
    DataType(string)
    >>> plain_type(pa.string_view())
    DataType(large_string)
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
    if pa.types.is_decimal32(arrow) or pa.types.is_decimal64(arrow):
        return pa.decimal128(arrow.precision, arrow.scale)
    return arrow


def plain_operand(expression: Any, arrow: pa.DataType) -> tuple[Any, pa.DataType]:
    """An Expression of a column, cast to its plain type if that is another, and the type it then has."""
    plain = plain_type(arrow)
    return (expression, arrow) if plain == arrow else (expression.cast(plain), plain)


def scalar_of(value: Any, arrow: pa.DataType) -> pa.Scalar:
    """A literal's value as a scalar of a plain type that holds it exactly.

    Raises:
        DataError: the text is no Unicode.
    """
    try:
        return pa.scalar(value, arrow)
    except UnicodeEncodeError:
        raise DataError(
            f"the text {value!r:.100} holds half a character (a surrogate): no column can hold it"
        ) from None


def array_of(values: Iterable[Any], arrow: pa.DataType) -> pa.Array:
    """Several literals' values as an array of a plain type that holds them exactly.

    Raises:
        DataError: one of the texts is no Unicode.
    """
    try:
        return pa.array(values, arrow)
    except UnicodeEncodeError:
        raise DataError("one of the texts holds half a character (a surrogate): no column can hold it") from None


def cast_to_common(operands: Sequence[tuple[Any, pa.DataType]], common: SqlType) -> list[Any]:
    """Expressions of several types, each cast to one Arrow type in which they compare as SQL says.

    Args:
        operands: each an Expression and its type.
        common: the type they are compared as, as `common_type` gives it.
    """
    target = _arrow_type(common)
    return [_cast(expression, arrow, target) for expression, arrow in operands]


def _arrow_type(common: SqlType) -> pa.DataType:
    if common.family is Family.INTEGER:
        if common.bits > 64:
            return pa.decimal128(20, 0)  # signed with unsigned 64 bits
        return getattr(pa, f"{'' if common.signed else 'u'}int{common.bits}")()
    if common.family is Family.DECIMAL:
        # room for all digits of any integer or decimal before the point, where DuckDB's 38 digits would overflow
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
        if family is Family.DECIMAL:  # through text, which gives the nearest float; Arrow's own cast does not
            return expression.cast(pa.string()).cast(target)
        return expression.cast(target, safe=False)  # an integer past 2**53 is rounded, as in DuckDB
    if family is Family.BOOLEAN:
        expression, arrow = expression.cast(pa.int8()), pa.int8()
    if pa.types.is_decimal256(target) and pa.types.is_integer(arrow):
        expression = expression.cast(pa.decimal128(20, 0))
    return expression.cast(target) if arrow != target else expression
