"""SQL text of a tree in one of several dialects, with its values in the text or bound.

Identifiers and values become text in this module only, so all quoting is here: done by sqlglot, from expressions.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._dialect import Dialect
from dao.arrow.predicates._types import Family, common_type, sql_type
from dao.errors import DataError

__all__ = ["PARAMETERS", "bound_sql", "sql_of", "sql_text"]

_PLACEHOLDERS: dict[str, Callable[[int, str], str]] = {
    "qmark": lambda _, sigil: "?",
    "numeric": lambda number, sigil: f"{sigil}{number}",
    "numeric_dollar": lambda number, _: f"${number}",
    "named": lambda number, sigil: f"{sigil}p{number}",
    "format": lambda _, sigil: "%s",
    "pyformat": lambda number, sigil: f"%(p{number})s",
}
PARAMETERS = tuple(_PLACEHOLDERS)
"""The supported styles of placeholders, named as PEP 249's ``paramstyle``."""


Bound = tuple[str, list[Any] | dict[str, Any]]


def sql_text(predicate: tree.Predicate, schema: pa.Schema | None, dialect: Dialect) -> str:
    """Write a tree as SQL text; with a schema, the tree must be bound to it.

    Raises:
        DataError: a node has no text in the dialect, or the tree is nested too deeply.
    """
    return _write(predicate, _Writer(dialect, schema, bound=False))


def bound_sql(predicate: tree.Predicate, schema: pa.Schema, dialect: Dialect, style: str) -> Bound:
    """Write a tree as `sql_text` does, with placeholders in a style of `PARAMETERS`; returns text and bound values."""
    writer = _Writer(dialect, schema, bound=True)
    return _with_placeholders(_write(predicate, writer), writer.values, style, dialect.sigil)


def _write(predicate: tree.Predicate, writer: _Writer) -> str:
    try:
        return sql_of(writer.condition(predicate), writer.dialect)
    except RecursionError:
        raise DataError("the predicate is nested too deeply to be written as SQL") from None


def sql_of(node: exp.Expression, dialect: Dialect) -> str:
    """Generate the dialect's text of a sqlglot expression.

    Raises:
        DataError: the expression has no text in the dialect.
    """
    try:
        return str(node.sql(dialect=dialect.sqlglot, copy=False, comments=False, unsupported_level=ErrorLevel.RAISE))
    except UnsupportedError as error:
        raise DataError(f"the predicate has no text in the dialect {dialect.name}: {error}") from error


def _with_placeholders(text: str, values: list[Any], style: str, sigil: str) -> Bound:
    """Replace the marks by placeholders; the values are ordered as in the text."""
    pieces = re.split("\0([0-9]+)\0", text)
    placeholder = _PLACEHOLDERS[style]
    order = [values[int(mark)] for mark in pieces[1::2]]
    plain = [piece.replace("%", "%%") if "format" in style else piece for piece in pieces[::2]]
    placeholders = [placeholder(number, sigil) for number in range(1, len(order) + 1)]
    joined = "".join(piece + mark for piece, mark in zip(plain, [*placeholders, ""], strict=True))
    named = style in ("named", "pyformat")
    return joined, ({f"p{number}": value for number, value in enumerate(order, 1)} if named else order)


class _Writer:
    """A translator of trees to sqlglot expressions; values to be bound are collected and replaced by marks."""

    def __init__(self, dialect: Dialect, schema: pa.Schema | None, bound: bool) -> None:
        self.values: list[Any] = []
        self.dialect = dialect
        self._schema = schema
        self._bound = bound

    def condition(self, node: tree.Predicate) -> exp.Expression:
        if isinstance(node, tree.Literal):
            return self.dialect.condition(node)
        return _NODES[type(node)](self, node)

    def operand(self, node: tree.Predicate, beside: pa.DataType | None = None) -> exp.Expression:
        """Write a column, a literal, or a condition in parentheses; `beside` is the type of the other operand."""
        if isinstance(node, tree.Literal):
            return self.value(node, beside)
        made = self.condition(node)
        return made if isinstance(node, tree.Column) else exp.Paren(this=made)

    def value(self, literal: tree.Literal, beside: pa.DataType | None) -> exp.Expression:
        inline = self.dialect.literal(literal, beside)
        if not self._bound or literal.kind in self.dialect.inline:
            return inline
        self.values.append(literal.value)
        return exp.Var(this=f"\0{len(self.values) - 1}\0")

    def column(self, node: tree.Column) -> exp.Expression:
        if any("\0" in name for name in node.path):
            raise DataError(f"the name {node.path!r} has a character NUL, which SQL can't have in a name")
        return self.dialect.column(node.path)

    def arrow_type(self, node: tree.Predicate) -> pa.DataType | None:
        """The type of a column or a condition; None without a schema, and for literals."""
        if isinstance(node, tree.Literal) or self._schema is None:
            return None
        if not isinstance(node, tree.Column):
            return pa.bool_()
        arrow = self._schema.field(node.path[0]).type
        for name in node.path[1:]:
            arrow = arrow.field(name).type
        return arrow

    def comparison(self, node: tree.Comparison) -> exp.Expression:
        own, other = self.arrow_type(node.left), self.arrow_type(node.right)
        left, right = self.operand(node.left, other), self.operand(node.right, own)
        if own is not None and other is not None:
            common = common_type([sql_type(own), sql_type(other)], [])
            assert common is not None  # both are typed
            left, right = self.dialect.cast_operand(left, own, common), self.dialect.cast_operand(right, other, common)
        texts = own is not None and sql_type(own).family is Family.STRING
        return self.dialect.comparison(node.op, left, right, texts=texts, length=_length(node.right))

    def membership(self, node: tree.In) -> exp.Expression:
        own = self.arrow_type(node.operand)
        lists: dict[int, list[exp.Expression]] = {}
        texts = own is not None and sql_type(own).family is Family.STRING and self.dialect.ignores_blanks
        for value in node.values:
            length = _length(value) if texts else -1
            lists.setdefault(length, []).append(self.operand(value, own))
        made = [self.dialect.in_list(self.operand(node.operand), values, length) for length, values in lists.items()]
        return functools.reduce(lambda one, other: exp.Or(this=one, expression=other), made)

    def between(self, node: tree.Between) -> exp.Expression:
        return exp.Between(this=self.operand(node.operand), low=self.operand(node.low), high=self.operand(node.high))

    def like(self, node: tree.Like) -> exp.Expression:
        kind = exp.ILike if node.ignore_case else exp.Like
        operand = self.operand(node.operand)
        if node.pattern.kind is tree.Kind.NULL:
            return kind(this=operand, expression=self.dialect.literal(node.pattern))
        text, escape = self.dialect.pattern(node)
        pattern = self.value(tree.Literal(text, tree.Kind.STRING), None)
        return exp.Escape(this=kind(this=operand, expression=pattern), expression=exp.Literal.string(escape))

    def joined(self, kind: type[exp.Connector], operands: Sequence[tree.Predicate]) -> exp.Expression:
        made = self.operand(operands[0])
        for operand in operands[1:]:
            made = kind(this=made, expression=self.operand(operand))
        return made

    def arrow(self, node: tree.ArrowExpression) -> exp.Expression:
        raise DataError(
            f"the pyarrow Expression {node.expression} has no SQL text: give the predicate as SQL or tuples"
        )


def _length(value: tree.Predicate) -> int:
    """The number of characters of a constant text; negative for what is none."""
    text = value.value if isinstance(value, tree.Literal) else None
    return len(text) if isinstance(text, str) else -1


_NODES: dict[type, Callable[[_Writer, Any], exp.Expression]] = {
    tree.Column: _Writer.column,
    tree.Comparison: _Writer.comparison,
    tree.In: _Writer.membership,
    tree.Between: _Writer.between,
    tree.IsNull: lambda writer, node: exp.Is(this=writer.operand(node.operand), expression=exp.Null()),
    tree.IsBoolean: lambda writer, node: writer.dialect.truth(writer.operand(node.operand), node.value),
    tree.Like: _Writer.like,
    tree.And: lambda writer, node: writer.joined(exp.And, node.operands),
    tree.Or: lambda writer, node: writer.joined(exp.Or, node.operands),
    tree.Not: lambda writer, node: exp.Not(this=writer.operand(node.operand)),
    tree.ArrowExpression: _Writer.arrow,
}
