"""SQL dialects for predicates: how each writes literals, columns, LIKE and comparisons.

Every part is a sqlglot expression, so that sqlglot quotes and spells it. Literals are typed explicitly, so that no
engine infers another type or rounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.tokens import Tokenizer

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._temporal import nanoseconds_text
from dao.arrow.predicates._tree import Kind, Literal
from dao.arrow.predicates._types import Family, SqlType, sql_type
from dao.errors import DataError, did_you_mean

__all__ = ["DIALECTS", "Dialect", "dialect_named"]

_T = exp.DataType.Type

_OPERATORS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip


def _cast(value: exp.Expression | str, kind: Any) -> exp.Expression:
    inner = exp.Literal.string(value) if isinstance(value, str) else value
    return exp.Cast(this=inner, to=exp.DataType.build(kind))


def _number_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(value) if math.isfinite(value) else f"{'-' if value < 0 else ''}Infinity"


def _decimal_type(value: Decimal) -> str:
    text = format(value, "f").lstrip("-")
    scale = len(text.partition(".")[2])
    return f"DECIMAL({max(len(text.replace('.', '').lstrip('0')), scale, 1)}, {scale})"


class Dialect:
    """The common base of all dialects; subclasses override what differs.

    Attributes:
        name: the dialect's name, as `to_sql` accepts it.
        sqlglot: the sqlglot dialect that generates the text.
        escape: the escape character of every LIKE pattern.
        inline: the kinds of literals that are written into the text even if values are bound.
        sigil: the character before the number or name of a placeholder.
        ignores_blanks: whether its operators take texts for the same that differ in blanks at their ends.
    """

    name = ""
    sqlglot: Any = ""
    escape = "!"
    inline: frozenset[Kind] = frozenset((Kind.NULL, Kind.BOOLEAN))
    sigil = ":"
    ignores_blanks = False

    def column(self, path: Sequence[str]) -> exp.Expression:
        """Write a column, or a field of a struct."""
        parts = [exp.Identifier(this=name, quoted=True) for name in path]
        return exp.Dot.build(parts) if len(parts) > 1 else exp.Column(this=parts[0])

    def literal(self, literal: Literal, arrow: pa.DataType | None = None) -> exp.Expression:
        """Write a literal; `arrow` is the type of the other operand of its comparison, if known."""
        made: exp.Expression = getattr(self, literal.kind.name.lower())(literal.value)
        return made

    def condition(self, literal: Literal) -> exp.Expression:
        """Write a literal that is a condition: NULL is cast to boolean there."""
        return _cast(exp.Null(), _T.BOOLEAN) if literal.kind is Kind.NULL else self.literal(literal)

    def null(self, _value: None) -> exp.Expression:
        return exp.Null()

    def boolean(self, value: bool) -> exp.Expression:
        return exp.Boolean(this=value)

    def integer(self, value: int) -> exp.Expression:
        return exp.Literal.number(value)

    def decimal(self, value: Decimal) -> exp.Expression:
        return _cast(format(value, "f"), _decimal_type(value))

    def double(self, value: float) -> exp.Expression:
        return _cast(_number_text(value), _T.DOUBLE)

    def string(self, value: str) -> exp.Expression:
        return exp.Literal.string(value)

    def binary(self, value: bytes) -> exp.Expression:
        return exp.HexString(this=value.hex().upper())

    def date(self, value: date) -> exp.Expression:
        return _cast(value.isoformat(), _T.DATE)

    def time(self, value: time) -> exp.Expression:
        return _cast(value.isoformat(), _T.TIME)

    def timestamp(self, value: datetime) -> exp.Expression:
        return _cast(value.isoformat(sep=" "), _T.TIMESTAMPNTZ)

    def timestamp_ns(self, value: int) -> exp.Expression:
        raise DataError(f"{nanoseconds_text(value)}: timestamps of {self.name} have no nanoseconds")

    def timestamptz(self, value: datetime) -> exp.Expression:
        return _cast(value.isoformat(sep=" "), _T.TIMESTAMPTZ)

    def pattern(self, node: tree.Like) -> tuple[str, str]:
        """Rewrite a LIKE pattern to this dialect's escape character; returns the pattern and the character."""
        text: Any = node.pattern.value
        parts: list[str] = []
        characters = iter(text)
        for character in characters:
            plain = character == node.escape
            if plain:
                character = next(characters)
            special = character == self.escape or (plain and character in "%_")
            parts.append(self.escape + character if special else character)
        return "".join(parts), self.escape

    def truth(self, condition: exp.Expression, value: bool) -> exp.Expression:
        """Write ``IS TRUE`` or ``IS FALSE``."""
        return exp.Is(this=condition, expression=exp.Boolean(this=value))

    def comparison(
        self, operator: str, left: exp.Expression, right: exp.Expression, *, texts: bool, length: int
    ) -> exp.Expression:
        """Write a comparison by an operator of the tree.

        Args:
            operator: the operator.
            left: the left operand.
            right: the right one.
            texts: whether they are texts.
            length: the number of characters of the right one, if it is a constant; else negative.
        """
        if operator in tree.DISTINCT:
            return self.distinct(operator, left, right)
        if texts and operator not in ("=", "<>"):
            left = self.ordered_text(left)
        return _OPERATORS[operator](this=left, expression=right)

    def in_list(self, operand: exp.Expression, values: list[exp.Expression], length: int) -> exp.Expression:
        """Write ``IN``; `length` is that of each value, in characters, where blanks are ignored, else negative."""
        return exp.In(this=operand, expressions=values)

    def distinct(self, operator: str, left: exp.Expression, right: exp.Expression) -> exp.Expression:
        """Write ``IS [NOT] DISTINCT FROM``."""
        kind = exp.NullSafeEQ if operator == "IS NOT DISTINCT FROM" else exp.NullSafeNEQ
        return kind(this=left, expression=right)

    def ordered_text(self, text: exp.Expression) -> exp.Expression:
        """Write a text operand of ``<``, ``<=``, ``>`` or ``>=`` so that it is ordered by its UTF-8 bytes."""
        return text

    def cast_operand(self, operand: exp.Expression, own: pa.DataType, common: SqlType) -> exp.Expression:
        """Cast an operand of type `own` that is compared with another column to their common type."""
        known = sql_type(own)
        if known.family is Family.BOOLEAN and common.family is not Family.BOOLEAN:
            operand, known = _cast(operand, _T.INT), SqlType(Family.INTEGER, bits=32)
        if common.family is Family.FLOAT and known != common:
            return _cast(operand, _T.DOUBLE if common.bits == 64 else _T.FLOAT)
        if common.family is Family.TIMESTAMP and (known.family, known.zoned) != (common.family, common.zoned):
            return self.cast_to_timestamp(operand, common)
        return operand

    def cast_to_timestamp(self, operand: exp.Expression, common: SqlType) -> exp.Expression:
        """Cast a date, or a timestamp without a zone, to a timestamp; if that has a zone, the operand is in UTC."""
        plain = _cast(operand, _T.TIMESTAMPNTZ)
        return exp.AtTimeZone(this=plain, zone=exp.Literal.string("UTC")) if common.zoned else plain


class _DuckDB(Dialect):
    name, sqlglot, sigil = "duckdb", "duckdb", "$"
    inline = Dialect.inline | {Kind.TIMESTAMP_NS}

    def condition(self, literal: Literal) -> exp.Expression:
        return self.literal(literal)

    def decimal(self, value: Decimal) -> exp.Expression:
        text = format(value, "f")
        if "." in text:
            return exp.Literal.number(text)
        return _cast(text, f"DECIMAL({len(text.lstrip('-'))}, 0)")  # without a point it would be an integer literal

    def double(self, value: float) -> exp.Expression:
        text = _number_text(value)
        if not math.isfinite(value):
            return _cast(text, _T.DOUBLE)
        text = text if "e" in text else f"{text}e0"  # without an exponent it would be a decimal literal
        # Not Literal.number(): for a negative text it drops the exponent.
        number = exp.Literal(this=text.lstrip("-"), is_string=False)
        return exp.Neg(this=number) if text.startswith("-") else number

    def binary(self, value: bytes) -> exp.Expression:
        return _cast("".join(f"\\x{byte:02X}" for byte in value), _T.VARBINARY)

    def timestamp_ns(self, value: int) -> exp.Expression:
        return _cast(nanoseconds_text(value), _T.TIMESTAMP_NS)

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
            return operand if known == common else _cast(operand, _T.TIMESTAMPNTZ)
        return self._in_utc(operand) if common.zoned else operand

    def _in_utc(self, zoned: exp.Expression) -> exp.Expression:
        """Convert an instant to a UTC timestamp without a zone, by its microseconds since 1970, which have no zone."""
        micros = _cast(exp.Anonymous(this="unix_micros", expressions=[zoned]), "DECIMAL(24, 6)")
        seconds = exp.Div(this=micros, expression=exp.Literal.number(1_000_000))
        zero = exp.Literal.number(0)
        span = exp.Anonymous(this="make_dt_interval", expressions=[zero, zero.copy(), zero.copy(), seconds])
        return exp.Paren(this=exp.Add(this=_cast("1970-01-01 00:00:00", _T.TIMESTAMPNTZ), expression=span))


class _Postgres(Dialect):
    name, sqlglot = "postgres", "postgres"

    def column(self, path: Sequence[str]) -> exp.Expression:
        column = super().column(path[:1])
        for name in path[1:]:
            column = exp.Dot(this=exp.Paren(this=column), expression=exp.Identifier(this=name, quoted=True))
        return column

    def string(self, value: str) -> exp.Expression:
        if "\0" in value:
            raise DataError(f"the text {value!r:.100} has a character NUL, and no text of {self.name} can have one")
        return super().string(value)

    def binary(self, value: bytes) -> exp.Expression:
        return _cast(f"\\x{value.hex()}", _T.VARBINARY)

    def ordered_text(self, text: exp.Expression) -> exp.Expression:
        return exp.Collate(this=text, expression=exp.Identifier(this="C", quoted=True))


class _Redshift(_Postgres):
    name, sqlglot = "redshift", "redshift"
    inline = Dialect.inline | {Kind.BINARY}  # as hexadecimal digits: its drivers bind no bytes
    ignores_blanks = True

    def column(self, path: Sequence[str]) -> exp.Expression:
        return Dialect.column(self, path)

    def binary(self, value: bytes) -> exp.Expression:
        return exp.Anonymous(this="FROM_HEX", expressions=[exp.Literal.string(value.hex())])

    def truth(self, condition: exp.Expression, value: bool) -> exp.Expression:
        inner = condition if value else exp.Not(this=condition)
        return exp.Coalesce(this=inner, expressions=[exp.Boolean(this=False)])

    def comparison(
        self, operator: str, left: exp.Expression, right: exp.Expression, *, texts: bool, length: int
    ) -> exp.Expression:
        """Write a comparison: texts are the same that have the same length too, and are ordered with an end to them."""
        if operator not in ("=", "<>", *tree.DISTINCT):
            left, right = (_ended(left), _ended(right)) if texts else (left, right)
            return _OPERATORS[operator](this=left, expression=right)
        if not texts and operator == "<>":
            return exp.NEQ(this=left, expression=right)
        equal: exp.Expression = exp.EQ(this=left, expression=right)
        if texts:
            size = _length(right.copy()) if length < 0 else exp.Literal.number(length)
            lengths = exp.EQ(this=_length(left.copy()), expression=size)
            equal = exp.Paren(this=exp.And(this=equal, expression=lengths))
        if operator in tree.DISTINCT:
            same = self._same(left, right, equal)
            return same if operator == "IS NOT DISTINCT FROM" else exp.Not(this=same)
        return equal if operator == "=" else exp.Not(this=equal)

    def in_list(self, operand: exp.Expression, values: list[exp.Expression], length: int) -> exp.Expression:
        found = super().in_list(operand, values, length)
        if length < 0:
            return found
        same = exp.EQ(this=_length(operand.copy()), expression=exp.Literal.number(length))
        return exp.Paren(this=exp.And(this=found, expression=same))

    def _same(self, left: exp.Expression, right: exp.Expression, equal: exp.Expression) -> exp.Expression:
        """Write ``IS NOT DISTINCT FROM`` with AND, OR and IS NULL: Redshift lacks the operator."""
        nulls = exp.And(
            this=exp.Is(this=left.copy(), expression=exp.Null()),
            expression=exp.Is(this=right.copy(), expression=exp.Null()),
        )
        return exp.Paren(this=exp.Or(this=self.truth(equal, True), expression=exp.Paren(this=nulls)))


def _length(text: exp.Expression) -> exp.Expression:
    """The number of a text's characters."""
    return exp.Anonymous(this="LEN", expressions=[text])


def _ended(text: exp.Expression) -> exp.Expression:
    """A text with the least character behind it, which orders texts as before, and has no blanks at its end."""
    end = exp.Anonymous(this="CHR", expressions=[exp.Literal.number(1)])
    return exp.Paren(this=exp.DPipe(this=text, expression=end))


DIALECTS: dict[str, Callable[[], Dialect]] = {
    kind.name: kind for kind in (_DuckDB, _DataFusion, _Spark, _Redshift, _Postgres)
}


def dialect_named(name: str) -> Dialect:
    """Return the dialect with a name of `DIALECTS`.

    Raises:
        DataError: the name is unknown; the message has the nearest one.
    """
    if name not in DIALECTS:
        raise DataError(f"dialect={name!r} is not known: {did_you_mean(name, DIALECTS)}")
    return DIALECTS[name]()
