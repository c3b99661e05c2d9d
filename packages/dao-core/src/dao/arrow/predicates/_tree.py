"""The tree that every `where=` becomes: small frozen nodes, the same for all backends.

A node is a value or a condition; a boolean column and a boolean literal are both. Conditions follow SQL's
three-valued logic: TRUE, FALSE or NULL, and a row is kept when its condition is TRUE.

A negated form has no node of its own: ``a NOT IN (1)`` is ``Not(In(a, (1,)))``, which is the same in
three-valued logic. ``And`` and ``Or`` are flat: operands of the same kind are taken up when the node is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

from attrs import field, frozen

from dao.display import even_half_made

__all__ = [
    "DISTINCT",
    "OPERATORS",
    "And",
    "ArrowExpression",
    "Between",
    "Column",
    "Comparison",
    "In",
    "IsBoolean",
    "IsNull",
    "Kind",
    "Like",
    "Literal",
    "Not",
    "Or",
    "Predicate",
    "conjunction",
    "depth",
    "disjunction",
    "walk",
]

DISTINCT = ("IS DISTINCT FROM", "IS NOT DISTINCT FROM")
OPERATORS = ("=", "<>", "<", "<=", ">", ">=", *DISTINCT)


class Kind(Enum):
    """The kinds of literals, each with the Python type of its value."""

    NULL = "NULL"  # None
    BOOLEAN = "BOOLEAN"  # bool
    INTEGER = "INTEGER"  # int, of any size
    DECIMAL = "DECIMAL"  # decimal.Decimal, finite, of at most 38 digits
    DOUBLE = "DOUBLE"  # float, NaN and infinities too
    STRING = "VARCHAR"  # str
    BINARY = "BLOB"  # bytes
    DATE = "DATE"  # datetime.date
    TIME = "TIME"  # datetime.time, without a zone
    TIMESTAMP = "TIMESTAMP"  # datetime.datetime without a zone
    TIMESTAMP_NS = "TIMESTAMP_NS"  # int, nanoseconds since 1970-01-01 without a zone
    TIMESTAMPTZ = "TIMESTAMP WITH TIME ZONE"  # datetime.datetime in UTC


class Predicate:
    """The root of all nodes. Nodes are immutable, hashable and picklable; equal trees are equal.

    ``str(node)`` is standard SQL that `parse` turns into an equal tree.
    """

    __slots__ = ()

    def children(self) -> tuple[Predicate, ...]:
        """The nodes right below this one, in the order of the SQL text."""
        return ()

    @property
    def columns(self) -> frozenset[str]:
        """The names of the top-level columns referred to, as they are written (`bind` gives a schema's spelling)."""
        names = (node.column_names() for node in walk(self) if isinstance(node, (Column, ArrowExpression)))
        return frozenset().union(*names)

    def __str__(self) -> str:
        from dao.arrow.predicates._sql import to_sql

        return to_sql(self)


def _path(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


@even_half_made
@frozen
class Column(Predicate):
    """A column, or a field inside a struct column.

    Attributes:
        path: the column's name, then the names of the struct fields below it. One string is one column's name.
    """

    path: tuple[str, ...] = field(converter=_path)

    def column_names(self) -> frozenset[str]:
        """The top-level column's name, alone in a set."""
        return frozenset(self.path[:1])


def _literal_value(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return value


def _comparable(value: Any) -> Any:
    return "NaN" if isinstance(value, float) and value != value else value


@even_half_made
@frozen
class Literal(Predicate):
    """A typed constant. NaN equals NaN here, as it does in the language.

    Attributes:
        value: of the Python type that the `kind` names.
        kind: the literal's SQL type.
    """

    value: bool | int | Decimal | float | str | bytes | date | time | datetime | None = field(
        converter=_literal_value, eq=_comparable
    )
    kind: Kind


def _one_of_operators(_instance: Any, _attribute: Any, value: str) -> None:
    if value not in OPERATORS:
        raise ValueError(f"{value!r} is not one of {OPERATORS}")


@frozen
class Comparison(Predicate):
    """``left op right``; op is one of `OPERATORS`. The two DISTINCT operators are never NULL."""

    op: str = field(validator=_one_of_operators)
    left: Predicate
    right: Predicate

    def children(self) -> tuple[Predicate, ...]:
        return (self.left, self.right)


def _nodes(given: Iterable[Predicate]) -> tuple[Predicate, ...]:
    return tuple(given)


@even_half_made
@frozen
class In(Predicate):
    """``operand IN (values)``: NULL where no value is equal and the operand or one of the values is NULL."""

    operand: Predicate
    values: tuple[Predicate, ...] = field(converter=_nodes)

    def children(self) -> tuple[Predicate, ...]:
        return (self.operand, *self.values)


@frozen
class Between(Predicate):
    """``operand BETWEEN low AND high``, both ends included; all three are compared as one common type."""

    operand: Predicate
    low: Predicate
    high: Predicate

    def children(self) -> tuple[Predicate, ...]:
        return (self.operand, self.low, self.high)


@frozen
class IsNull(Predicate):
    """``operand IS NULL``: never NULL itself."""

    operand: Predicate

    def children(self) -> tuple[Predicate, ...]:
        return (self.operand,)


@frozen
class IsBoolean(Predicate):
    """``operand IS TRUE`` or ``IS FALSE`` (by `value`): never NULL itself."""

    operand: Predicate
    value: bool

    def children(self) -> tuple[Predicate, ...]:
        return (self.operand,)


@frozen
class Like(Predicate):
    """``operand LIKE pattern [ESCAPE escape]``: ``%`` is any text, ``_`` one character, the whole text must fit.

    Attributes:
        operand: a text column.
        pattern: a literal of kind STRING or NULL.
        escape: one ASCII character that makes the next one plain, or None: a backslash is plain by default.
        ignore_case: True for ILIKE.
    """

    operand: Predicate
    pattern: Literal
    escape: str | None = None
    ignore_case: bool = False

    def children(self) -> tuple[Predicate, ...]:
        return (self.operand, self.pattern)


def _flat(kind: type, operands: Iterable[Predicate]) -> tuple[Predicate, ...]:
    flat: list[Predicate] = []
    for operand in operands:
        flat.extend(operand.children() if isinstance(operand, kind) else (operand,))
    return tuple(flat)


def _flat_and(operands: Iterable[Predicate]) -> tuple[Predicate, ...]:
    return _flat(And, operands)


def _flat_or(operands: Iterable[Predicate]) -> tuple[Predicate, ...]:
    return _flat(Or, operands)


def _at_least_two(_instance: Any, _attribute: Any, value: tuple[Predicate, ...]) -> None:
    if len(value) < 2:
        raise ValueError("needs two operands or more: conjunction() and disjunction() take any number")


@even_half_made
@frozen
class And(Predicate):
    """All operands hold. FALSE if one is FALSE, else NULL if one is NULL."""

    operands: tuple[Predicate, ...] = field(converter=_flat_and, validator=_at_least_two)

    def children(self) -> tuple[Predicate, ...]:
        return self.operands


@even_half_made
@frozen
class Or(Predicate):
    """One operand holds at least. TRUE if one is TRUE, else NULL if one is NULL."""

    operands: tuple[Predicate, ...] = field(converter=_flat_or, validator=_at_least_two)

    def children(self) -> tuple[Predicate, ...]:
        return self.operands


@frozen
class Not(Predicate):
    """TRUE where the operand is FALSE, NULL where it is NULL."""

    operand: Predicate

    def children(self) -> tuple[Predicate, ...]:
        return (self.operand,)


@frozen
class ArrowExpression(Predicate):
    """A `pyarrow.compute.Expression` as it was given: Arrow evaluates it with Arrow's own rules.

    Other targets can't see into it: they use it as a filter on the rows they get. It has no SQL text.

    Attributes:
        expression: the pyarrow Expression.
    """

    expression: Any = field(eq=str)

    def column_names(self) -> frozenset[str]:
        """The top-level columns that the expression refers to by name."""
        from dao.arrow.predicates._expressions import referenced_columns

        return referenced_columns(self.expression)


def walk(predicate: Predicate) -> Iterator[Predicate]:
    """The predicate and all nodes below it, each before its children; never recursive, whatever the depth."""
    waiting = [predicate]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children()))


def depth(predicate: Predicate) -> int:
    """How many nodes the longest way down has, at least 1; never recursive.

    >>> depth(Not(Column("a")))
    2
    """
    deepest = 0
    waiting = [(predicate, 1)]
    while waiting:
        node, level = waiting.pop()
        deepest = max(deepest, level)
        waiting.extend((child, level + 1) for child in node.children())
    return deepest


def conjunction(predicates: Iterable[Predicate]) -> Predicate:
    """All of the predicates: TRUE for none, itself for one, `And` for more.

    >>> str(conjunction([]))
    'TRUE'
    """
    given = tuple(predicates)
    return And(given) if len(given) > 1 else given[0] if given else Literal(True, Kind.BOOLEAN)


def disjunction(predicates: Iterable[Predicate]) -> Predicate:
    """One of the predicates at least: FALSE for none, itself for one, `Or` for more.

    >>> str(disjunction([Column("a"), Column("b")]))
    '"a" OR "b"'
    """
    given = tuple(predicates)
    return Or(given) if len(given) > 1 else given[0] if given else Literal(False, Kind.BOOLEAN)
