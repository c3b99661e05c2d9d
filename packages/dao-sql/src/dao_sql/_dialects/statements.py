"""Statements put together of SQL and values: the only place where a placeholder is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from dao_sql._connections.connection import Statement

__all__ = ["PLACEHOLDERS", "Value", "statement"]

PLACEHOLDERS: Mapping[str, Callable[[int], str]] = {
    "qmark": lambda _: "?",
    "numeric_dollar": lambda number: f"${number}",
    "format": lambda _: "%s",
}
"""The placeholder of the value of a number, from 1 on, by the driver's ``paramstyle``."""


@frozen
class Value:
    """A value to be bound."""

    value: Any = field(repr=False)


def statement(paramstyle: str, *parts: str | Value | Statement) -> Statement:
    """Join SQL, values and a condition that has values already to one statement.

    In the style ``format`` a text with values has ``%%`` for ``%``, as the driver wants it then; one without values is
    as it is. A condition is the first part that has values, since its placeholders may be numbered.

    >>> statement("numeric_dollar", "SELECT * FROM t WHERE a = ", Value(1), " AND b = ", Value("x")).text
    'SELECT * FROM t WHERE a = $1 AND b = $2'
    """
    placeholder, doubled = PLACEHOLDERS[paramstyle], paramstyle == "format" and _has_values(parts)
    text, values = "", list[Any]()
    for part in parts:
        if isinstance(part, Value):
            values.append(part.value)
            text += placeholder(len(values))
        elif isinstance(part, Statement):
            assert not values or not part.values, "a condition comes before other values"
            values.extend(part.values)
            text += part.text.replace("%", "%%") if doubled and not part.values else part.text
        else:
            text += part.replace("%", "%%") if doubled else part
    return Statement(text, tuple(values))


def _has_values(parts: Sequence[str | Value | Statement]) -> bool:
    return any(isinstance(part, Value) or (isinstance(part, Statement) and part.values) for part in parts)
