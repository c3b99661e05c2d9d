"""A SQL dialect for predicates: how it writes literals, columns, LIKE and comparisons.

Every part is a sqlglot expression, so that sqlglot quotes and spells it. Literals are typed explicitly, so that no
engine infers another type or rounds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlglot import exp

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._temporal import nanoseconds_text
from dao.arrow.predicates._tree import Kind, Literal
from dao.arrow.predicates._types import Family, SqlType, sql_type
from dao.errors import DataError

__all__ = ["OPERATORS", "Dialect", "SqlName", "cast", "number_text"]

SqlName = exp.DataType.Type
"""The names of SQL types."""

OPERATORS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip


def cast(value: exp.Expression | str, kind: Any) -> exp.Expression:
    inner = exp.Literal.string(value) if isinstance(value, str) else value
    return exp.Cast(this=inner, to=exp.DataType.build(kind))


def number_text(value: float) -> str:
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
        return cast(exp.Null(), SqlName.BOOLEAN) if literal.kind is Kind.NULL else self.literal(literal)

    def null(self, _value: None) -> exp.Expression:
        return exp.Null()

    def boolean(self, value: bool) -> exp.Expression:
        return exp.Boolean(this=value)

    def integer(self, value: int) -> exp.Expression:
        return exp.Literal.number(value)

    def decimal(self, value: Decimal) -> exp.Expression:
        return cast(format(value, "f"), _decimal_type(value))

    def double(self, value: float) -> exp.Expression:
        return cast(number_text(value), SqlName.DOUBLE)

    def string(self, value: str) -> exp.Expression:
        return exp.Literal.string(value)

    def binary(self, value: bytes) -> exp.Expression:
        return exp.HexString(this=value.hex().upper())

    def date(self, value: date) -> exp.Expression:
        return cast(value.isoformat(), SqlName.DATE)

    def time(self, value: time) -> exp.Expression:
        return cast(value.isoformat(), SqlName.TIME)

    def timestamp(self, value: datetime) -> exp.Expression:
        return cast(value.isoformat(sep=" "), SqlName.TIMESTAMPNTZ)

    def timestamp_ns(self, value: int) -> exp.Expression:
        raise DataError(f"{nanoseconds_text(value)}: timestamps of {self.name} have no nanoseconds")

    def timestamptz(self, value: datetime) -> exp.Expression:
        return cast(value.isoformat(sep=" "), SqlName.TIMESTAMPTZ)

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
        return OPERATORS[operator](this=left, expression=right)

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
            operand, known = cast(operand, SqlName.INT), SqlType(Family.INTEGER, bits=32)
        if common.family is Family.FLOAT and known != common:
            return cast(operand, SqlName.DOUBLE if common.bits == 64 else SqlName.FLOAT)
        if common.family is Family.TIMESTAMP and (known.family, known.zoned) != (common.family, common.zoned):
            return self.cast_to_timestamp(operand, common)
        return operand

    def cast_to_timestamp(self, operand: exp.Expression, common: SqlType) -> exp.Expression:
        """Cast a date, or a timestamp without a zone, to a timestamp; if that has a zone, the operand is in UTC."""
        plain = cast(operand, SqlName.TIMESTAMPNTZ)
        return exp.AtTimeZone(this=plain, zone=exp.Literal.string("UTC")) if common.zoned else plain
