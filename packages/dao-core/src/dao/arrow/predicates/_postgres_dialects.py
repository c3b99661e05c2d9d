"""The SQL of PostgreSQL and of Redshift."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._dialect import OPERATORS, Dialect, SqlName, cast
from dao.arrow.predicates._tree import Kind
from dao.errors import DataError

__all__ = ["Postgres", "Redshift"]


class Postgres(Dialect):
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
        return cast(f"\\x{value.hex()}", SqlName.VARBINARY)

    def ordered_text(self, text: exp.Expression) -> exp.Expression:
        return exp.Collate(this=text, expression=exp.Identifier(this="C", quoted=True))


class Redshift(Postgres):
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
            return OPERATORS[operator](this=left, expression=right)
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
