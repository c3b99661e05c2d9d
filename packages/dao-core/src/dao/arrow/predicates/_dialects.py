"""The SQL dialects for predicates by their names, and what differs in those of DuckDB, DataFusion and Spark."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import time
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.tokens import Tokenizer

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._dialect import Dialect, SqlName, cast, number_text
from dao.arrow.predicates._postgres_dialects import Postgres, Redshift
from dao.arrow.predicates._temporal import nanoseconds_text
from dao.arrow.predicates._tree import Kind, Literal
from dao.arrow.predicates._types import Family, SqlType, sql_type
from dao.errors import DataError, did_you_mean

__all__ = ["DIALECTS", "dialect_named"]


class _DuckDB(Dialect):
    name, sqlglot, sigil = "duckdb", "duckdb", "$"
    inline = Dialect.inline | {Kind.TIMESTAMP_NS}

    def condition(self, literal: Literal) -> exp.Expression:
        return self.literal(literal)

    def decimal(self, value: Decimal) -> exp.Expression:
        text = format(value, "f")
        if "." in text:
            return exp.Literal.number(text)
        return cast(text, f"DECIMAL({len(text.lstrip('-'))}, 0)")  # without a point it would be an integer literal

    def double(self, value: float) -> exp.Expression:
        text = number_text(value)
        if not math.isfinite(value):
            return cast(text, SqlName.DOUBLE)
        text = text if "e" in text else f"{text}e0"  # without an exponent it would be a decimal literal
        # Not Literal.number(): for a negative text it drops the exponent.
        number = exp.Literal(this=text.lstrip("-"), is_string=False)
        return exp.Neg(this=number) if text.startswith("-") else number

    def binary(self, value: bytes) -> exp.Expression:
        return cast("".join(f"\\x{byte:02X}" for byte in value), SqlName.VARBINARY)

    def timestamp_ns(self, value: int) -> exp.Expression:
        return cast(nanoseconds_text(value), SqlName.TIMESTAMP_NS)

    def pattern(self, node: tree.Like) -> tuple[str, str]:
        text: Any = node.pattern.value
        return text, node.escape or ""

    def cast_operand(self, operand: exp.Expression, own: pa.DataType, common: SqlType) -> exp.Expression:
        return operand


class _DataFusionSql(SqlglotDialect):  # type: ignore[misc, unused-ignore]
    """A sqlglot dialect for DataFusion, which sqlglot lacks: its standard dialect with hexadecimal strings."""

    class Tokenizer(Tokenizer):  # type: ignore[misc, unused-ignore]
        HEX_STRINGS = [("x'", "'"), ("X'", "'")]  # noqa: RUF012 (sqlglot's metaclass reads a plain list)


_UNITS = {"s": "Second", "ms": "Millisecond", "us": "Microsecond", "ns": "Nanosecond"}
_BY_ARROW = (Kind.DECIMAL, Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMP_NS, Kind.TIMESTAMPTZ)


class _DataFusion(Dialect):
    """DataFusion: its SQL types are coarser than Arrow's, so ``arrow_cast`` casts a literal to its column's type."""

    name, sqlglot, escape = "datafusion", _DataFusionSql, "\\"

    def column(self, path: Sequence[str]) -> exp.Expression:
        column: exp.Expression = exp.Column(this=exp.Identifier(this=path[0], quoted=True))
        for name in path[1:]:
            column = exp.Bracket(this=column, expressions=[exp.Literal.string(name)])
        return column

    def literal(self, literal: Literal, arrow: pa.DataType | None = None) -> exp.Expression:
        if literal.kind not in _BY_ARROW or arrow is None:
            return super().literal(literal)
        value: Any = literal.value
        if literal.kind is Kind.DECIMAL:
            text = format(value, "f")
        elif literal.kind is Kind.TIMESTAMP_NS:
            text = nanoseconds_text(value)
        else:
            text = value.isoformat()
        return self._arrow_cast(exp.Literal.string(text), arrow)

    def cast_to_timestamp(self, operand: exp.Expression, common: SqlType) -> exp.Expression:
        return self._arrow_cast(operand, pa.timestamp(common.unit, "UTC" if common.zoned else None))

    def cast_operand(self, operand: exp.Expression, own: pa.DataType, common: SqlType) -> exp.Expression:
        if common.family is Family.TIMESTAMP and sql_type(own) != common:
            return self.cast_to_timestamp(operand, common)
        return super().cast_operand(operand, own, common)

    def _arrow_cast(self, value: exp.Expression, arrow: pa.DataType) -> exp.Expression:
        return exp.Anonymous(this="arrow_cast", expressions=[value, exp.Literal.string(_rust_name(arrow))])


def _rust_name(arrow: pa.DataType) -> str:
    """Spell an Arrow type for DataFusion's ``arrow_cast``."""
    if pa.types.is_dictionary(arrow) or pa.types.is_run_end_encoded(arrow):
        return _rust_name(arrow.value_type)
    if pa.types.is_timestamp(arrow):
        zone = "None" if arrow.tz is None else f'Some("{arrow.tz}")'
        return f"Timestamp({_UNITS[arrow.unit]}, {zone})"
    if pa.types.is_time(arrow):
        return f"Time{arrow.bit_width}({_UNITS[str(arrow.unit)]})"
    return f"Decimal{arrow.bit_width}({arrow.precision}, {arrow.scale})"


class _Spark(Dialect):
    name, sqlglot = "spark", "spark"
    inline = Dialect.inline | {Kind.TIMESTAMP, Kind.TIME}  # a bound datetime would be in the session's zone

    def time(self, value: time) -> exp.Expression:
        return exp.Var(this=f"TIME'{value.isoformat()}'")  # Spark (4.3) has the literal, and no cast from text

    def cast_operand(self, operand: exp.Expression, own: pa.DataType, common: SqlType) -> exp.Expression:
        """Compare timestamps without a zone, in UTC: a cast to one with a zone would use the session's."""
        if common.family is not Family.TIMESTAMP:
            return super().cast_operand(operand, own, common)
        known = sql_type(own)
        if not known.zoned:
            return operand if known == common else cast(operand, SqlName.TIMESTAMPNTZ)
        return self._in_utc(operand) if common.zoned else operand

    def _in_utc(self, zoned: exp.Expression) -> exp.Expression:
        """Convert an instant to a UTC timestamp without a zone, by its microseconds since 1970, which have no zone."""
        micros = cast(exp.Anonymous(this="unix_micros", expressions=[zoned]), "DECIMAL(24, 6)")
        seconds = exp.Div(this=micros, expression=exp.Literal.number(1_000_000))
        zero = exp.Literal.number(0)
        span = exp.Anonymous(this="make_dt_interval", expressions=[zero, zero.copy(), zero.copy(), seconds])
        return exp.Paren(this=exp.Add(this=cast("1970-01-01 00:00:00", SqlName.TIMESTAMPNTZ), expression=span))


DIALECTS: dict[str, Callable[[], Dialect]] = {
    kind.name: kind for kind in (_DuckDB, _DataFusion, _Spark, Redshift, Postgres)
}


def dialect_named(name: str) -> Dialect:
    """Return the dialect with a name of `DIALECTS`.

    Raises:
        DataError: the name is unknown; the message has the nearest one.
    """
    if name not in DIALECTS:
        raise DataError(f"dialect={name!r} is not known: {did_you_mean(name, DIALECTS)}")
    return DIALECTS[name]()
