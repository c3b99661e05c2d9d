"""Coercion of a literal's value to another type, as DuckDB casts it, to an exact form for arithmetic.

The form, by family: an int for booleans, integers and days; a `Fraction` for decimals; a float for floats; an int of
nanoseconds for timestamps and times; str and bytes unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from dao.arrow.predicates import _temporal as temporal
from dao.arrow.predicates._numeric import (
    fraction_to_float,
    int_to_float,
    parse_boolean,
    parse_decimal,
    parse_float,
    parse_integer,
    round_to_float,
)
from dao.arrow.predicates._tree import Kind, Literal
from dao.arrow.predicates._types import Family, SqlType
from dao.errors import DataError

__all__ = ["coerce", "parse_blob"]

_NANOSECOND_RANGE = (-(2**63), 2**63 - 1)


def coerce(literal: Literal, target: SqlType) -> Any:
    """Coerce a literal's value to the type of its comparison.

    Raises:
        DataError: DuckDB has a conversion error: text that can't be parsed as the type, a value out of its range.
    """
    return _COERCIONS[target.family](literal, target)


def parse_blob(text: str) -> bytes:
    r"""Parse DuckDB's text form of bytes: ASCII, with ``\xAB`` for any byte.

    Raises:
        DataError: the text has another escape, or a character beyond ASCII.

    >>> parse_blob(r"a\x00b")
    b'a\x00b'
    """
    if not text.isascii() or re.search(r"\\(?!x[0-9a-fA-F]{2})", text):
        raise DataError(rf"{text!r:.100} is not binary: write bytes as X'6162', or as text with \x61 for a byte")
    return re.sub(rb"\\x(..)", lambda match: bytes.fromhex(match[1].decode()), text.encode())


def _boolean(literal: Literal, _target: SqlType) -> int:
    value: Any = literal.value
    return int(parse_boolean(value) if literal.kind is Kind.STRING else value)


def _integer(literal: Literal, target: SqlType) -> int:
    value: Any = literal.value
    return parse_integer(value, *target.range()) if literal.kind is Kind.STRING else int(value)


def _decimal(literal: Literal, target: SqlType) -> Fraction:
    value: Any = literal.value
    if literal.kind is Kind.STRING:
        return Fraction(parse_decimal(value, target.precision, target.scale))
    exact = Fraction(value)
    if abs(exact) >= 10 ** (max(target.precision, 38) - target.scale):
        raise DataError(f"{value} is out of the range of DECIMAL(38, {target.scale}), the type it is compared as")
    return exact


def _float(literal: Literal, target: SqlType) -> float:
    value: Any = literal.value
    if literal.kind is Kind.STRING:
        return parse_float(value, target.bits)
    if literal.kind is Kind.DECIMAL:
        return fraction_to_float(Fraction(value), target.bits)
    if literal.kind is Kind.DOUBLE:
        return round_to_float(value, target.bits)
    return int_to_float(int(value), target.bits)


def _date(literal: Literal, _target: SqlType) -> int:
    value: Any = literal.value
    return temporal.days(temporal.parse_date(value) if literal.kind is Kind.STRING else value)


def _timestamp(literal: Literal, target: SqlType) -> int:
    value: Any = literal.value
    if literal.kind is Kind.STRING:
        count = _rounded(temporal.parse_timestamp(value, zoned=target.zoned), target.unit)
    elif literal.kind is Kind.DATE:
        count = temporal.days(value) * temporal.DAY_NS
    elif literal.kind is Kind.TIMESTAMP_NS:
        count = value
    else:
        count = temporal.nanoseconds(value)
    low, high = _NANOSECOND_RANGE
    if target.unit == "ns" and not low <= count <= high:
        raise DataError(f"{value} is out of the range of timestamps in nanoseconds: 1677-09-21 to 2262-04-11")
    return count


def _rounded(count: int, unit: str) -> int:
    """Convert a text's nanoseconds to a unit: truncated to us, then rounded, half away from 1970 (as DuckDB 2.0)."""
    if unit == "ns":
        return count
    micros = count // 1_000
    if unit == "us":
        return micros * 1_000
    step = temporal.UNIT_NS[unit] // 1_000
    steps = (abs(micros) + step // 2) // step
    return (-steps if micros < 0 else steps) * step * 1_000


def _time(literal: Literal, target: SqlType) -> int:
    value: Any = literal.value
    if literal.kind is not Kind.STRING:
        return temporal.time_nanoseconds(value)
    count = temporal.parse_time(value)
    return count if target.unit == "ns" else count // 1_000 * 1_000


def _string(literal: Literal, _target: SqlType) -> Any:
    return literal.value


def _binary(literal: Literal, _target: SqlType) -> Any:
    value: Any = literal.value
    return parse_blob(value) if literal.kind is Kind.STRING else value


_COERCIONS: dict[Family, Callable[[Literal, SqlType], Any]] = {
    Family.BOOLEAN: _boolean,
    Family.INTEGER: _integer,
    Family.DECIMAL: _decimal,
    Family.FLOAT: _float,
    Family.DATE: _date,
    Family.TIMESTAMP: _timestamp,
    Family.TIME: _time,
    Family.STRING: _string,
    Family.BINARY: _binary,
}
