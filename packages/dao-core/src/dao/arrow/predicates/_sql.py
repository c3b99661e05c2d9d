"""A tree as SQL text. The one place where identifiers and values become text, so the one place that quotes.

The text is standard SQL and DuckDB's as well: `parse` turns it into an equal tree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._temporal import nanoseconds_text
from dao.errors import DataError

__all__ = ["quote_identifier", "quote_literal", "to_sql"]


def quote_identifier(name: str) -> str:
    """A column's name as SQL text, always quoted.

    >>> print(quote_identifier('the "best" column'))
    "the ""best"" column"
    """
    return '"' + name.replace('"', '""') + '"'


def quote_literal(literal: tree.Literal) -> str:
    """A literal's value as SQL text. No other function makes text of a value.

    >>> print(quote_literal(tree.Literal("it's", tree.Kind.STRING)))
    'it''s'
    >>> print(quote_literal(tree.Literal(float("nan"), tree.Kind.DOUBLE)))
    CAST('NaN' AS DOUBLE)
    """
    return _LITERALS[literal.kind](literal.value)


def _string(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _decimal(value: Decimal) -> str:
    text = format(value, "f")
    if "." in text:
        return text
    digits = len(text.lstrip("-"))
    return f"CAST('{text}' AS DECIMAL({digits}, 0))"  # without a point it would be read as an integer


def _double(value: float) -> str:
    if math.isnan(value):
        return "CAST('NaN' AS DOUBLE)"
    if math.isinf(value):
        return f"CAST('{'-' if value < 0 else ''}Infinity' AS DOUBLE)"
    text = repr(value)
    return text if "e" in text else f"{text}e0"  # without an exponent it would be read as a decimal


def _timestamp(value: datetime) -> str:
    return f"TIMESTAMP '{value.isoformat(sep=' ')}'"


_LITERALS: dict[tree.Kind, Callable[[Any], str]] = {
    tree.Kind.NULL: lambda _: "NULL",
    tree.Kind.BOOLEAN: lambda value: "TRUE" if value else "FALSE",
    tree.Kind.INTEGER: str,
    tree.Kind.DECIMAL: _decimal,
    tree.Kind.DOUBLE: _double,
    tree.Kind.STRING: _string,
    tree.Kind.BINARY: lambda value: f"X'{value.hex().upper()}'",
    tree.Kind.DATE: lambda value: f"DATE '{value.isoformat()}'",
    tree.Kind.TIME: lambda value: f"TIME '{value.isoformat()}'",
    tree.Kind.TIMESTAMP: _timestamp,
    tree.Kind.TIMESTAMP_NS: lambda value: f"CAST('{nanoseconds_text(value)}' AS TIMESTAMP_NS)",
    tree.Kind.TIMESTAMPTZ: lambda value: f"CAST('{value.isoformat(sep=' ')}' AS TIMESTAMP WITH TIME ZONE)",
}


def to_sql(predicate: tree.Predicate) -> str:
    """The tree as SQL text; operands that are conditions themselves are in parentheses.

    Raises:
        DataError: the tree holds a pyarrow Expression, which has no SQL text, or is nested too deeply.
    """
    try:
        return _render(predicate)
    except RecursionError:
        raise DataError("the predicate is nested too deeply to be written as SQL") from None


def _render(node: tree.Predicate) -> str:
    return _NODES[type(node)](node)


def _operand(node: tree.Predicate) -> str:
    text = _render(node)
    return text if isinstance(node, (tree.Column, tree.Literal)) else f"({text})"


def _in(node: tree.In) -> str:
    return f"{_operand(node.operand)} IN ({', '.join(map(_operand, node.values))})"


def _between(node: tree.Between) -> str:
    return f"{_operand(node.operand)} BETWEEN {_operand(node.low)} AND {_operand(node.high)}"


def _like(node: tree.Like) -> str:
    operator = "ILIKE" if node.ignore_case else "LIKE"
    escape = "" if node.escape is None else f" ESCAPE {_string(node.escape)}"
    return f"{_operand(node.operand)} {operator} {quote_literal(node.pattern)}{escape}"


def _arrow(node: tree.ArrowExpression) -> str:
    raise DataError(f"the pyarrow Expression {node.expression} has no SQL text: give the predicate as SQL or tuples")


_NODES: dict[type, Callable[[Any], str]] = {
    tree.Column: lambda node: ".".join(map(quote_identifier, node.path)),
    tree.Literal: quote_literal,
    tree.Comparison: lambda node: f"{_operand(node.left)} {node.op} {_operand(node.right)}",
    tree.In: _in,
    tree.Between: _between,
    tree.IsNull: lambda node: f"{_operand(node.operand)} IS NULL",
    tree.IsBoolean: lambda node: f"{_operand(node.operand)} IS {'TRUE' if node.value else 'FALSE'}",
    tree.Like: _like,
    tree.And: lambda node: " AND ".join(map(_operand, node.operands)),
    tree.Or: lambda node: " OR ".join(map(_operand, node.operands)),
    tree.Not: lambda node: f"NOT {_operand(node.operand)}",
    tree.ArrowExpression: _arrow,
}
