"""The predicate tree to which every `where=` is parsed: small frozen nodes, the same for all backends.

A node is a value or a condition; a boolean column and a boolean literal are both. Conditions follow SQL's
three-valued logic: TRUE, FALSE or NULL, and a row is kept if its condition is TRUE.

Negated forms have no nodes of their own: ``a NOT IN (1)`` is ``Not(In(a, (1,)))``, which is equivalent in
three-valued logic. ``And`` and ``Or`` are flattened: operands of the same kind are inlined when a node is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import field, frozen

from dao.arrow.predicates._constants import Kind, Literal, Literals, Predicate, walk
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
    "Literals",
    "Not",
    "Or",
    "Predicate",
    "conjunction",
    "constants",
    "depth",
    "disjunction",
    "has_null",
    "walk",
]

DISTINCT = ("IS DISTINCT FROM", "IS NOT DISTINCT FROM")
OPERATORS = ("=", "<>", "<", "<=", ">", ">=", *DISTINCT)


def _path(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


@even_half_made
@frozen
class Column(Predicate):
    """A column, or a field inside a struct column.

    Attributes:
        path: the column's name, followed by the names of nested struct fields. A single string is a column's name.
    """

    path: tuple[str, ...] = field(converter=_path)

    def column_names(self) -> frozenset[str]:
        """The name of the top-level column, as a set."""
        return frozenset(self.path[:1])


def _one_of_operators(_instance: Any, _attribute: Any, value: str) -> None:
    if value not in OPERATORS:
        raise ValueError(f"{value!r} is not one of {OPERATORS}")


@frozen
class Comparison(Predicate):
    """``left op right``, with an op of `OPERATORS`; NULL if an operand is, except for the two DISTINCT operators."""

    op: str = field(validator=_one_of_operators)
    left: Predicate
    right: Predicate

    def children(self) -> tuple[Predicate, ...]:
        return (self.left, self.right)


def _listed(given: Iterable[Predicate]) -> Literals | tuple[Predicate, ...]:
    if isinstance(given, Literals):
        return given
    nodes = tuple(given)
    literals = [node for node in nodes if isinstance(node, Literal)]
    kinds = {literal.kind for literal in literals} - {Kind.NULL}
    if len(literals) < len(nodes) or len(kinds) > 1:
        return nodes
    return Literals([literal.value for literal in literals], kinds.pop() if kinds else Kind.NULL)


@even_half_made
@frozen
class In(Predicate):
    """``operand IN (values)``: NULL if no value is equal and the operand or one of the values is NULL.

    Attributes:
        operand: the value to look up.
        values: a `Literals` if all values are constants of one kind or NULL, else a tuple of nodes.
    """

    operand: Predicate
    values: Literals | tuple[Predicate, ...] = field(converter=_listed)

    def children(self) -> tuple[Predicate, ...]:
        return (self.operand, self.values) if isinstance(self.values, Literals) else (self.operand, *self.values)


@frozen
class Between(Predicate):
    """``operand BETWEEN low AND high``, inclusive; all three are compared as one common type."""

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
    """``operand LIKE pattern [ESCAPE escape]``: ``%`` is any text, ``_`` one character, the whole text must match.

    Attributes:
        operand: a text column.
        pattern: a literal of kind STRING or NULL.
        escape: an ASCII character that makes the next one literal; None for no escape (a backslash isn't special).
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
    """The conjunction of its operands: FALSE if one is FALSE, else NULL if one is NULL, else TRUE."""

    operands: tuple[Predicate, ...] = field(converter=_flat_and, validator=_at_least_two)

    def children(self) -> tuple[Predicate, ...]:
        return self.operands


@even_half_made
@frozen
class Or(Predicate):
    """The disjunction of its operands: TRUE if one is TRUE, else NULL if one is NULL, else FALSE."""

    operands: tuple[Predicate, ...] = field(converter=_flat_or, validator=_at_least_two)

    def children(self) -> tuple[Predicate, ...]:
        return self.operands


@frozen
class Not(Predicate):
    """The negation of its operand: TRUE if that is FALSE, NULL if that is NULL."""

    operand: Predicate

    def children(self) -> tuple[Predicate, ...]:
        return (self.operand,)


@frozen
class ArrowExpression(Predicate):
    """A `pyarrow.compute.Expression`, which Arrow evaluates with Arrow's own semantics.

    Targets other than Arrow can't translate it, so it remains in their residual. It has no SQL text.

    Attributes:
        expression: the pyarrow Expression.
    """

    expression: Any = field(eq=str)

    def column_names(self) -> frozenset[str]:
        """The top-level columns that the expression refers to by name."""
        from dao.arrow.predicates._expressions import referenced_columns

        return referenced_columns(self.expression)


def constants(node: In) -> Sequence[Any]:
    """The values, without NULL, of an IN that has literals only, as every IN of a bound tree."""
    values = node.values.values if isinstance(node.values, Literals) else [_constant(value) for value in node.values]
    return [value for value in values if value is not None] if None in values else values


def has_null(node: In) -> bool:
    """Whether one of the values is NULL, of an IN that has literals only."""
    if isinstance(node.values, Literals):
        return node.values.has_null
    return any(_constant(value) is None for value in node.values)


def _constant(node: Predicate) -> Any:
    assert isinstance(node, Literal)
    return node.value


def depth(predicate: Predicate) -> int:
    """The number of nodes on the longest path from the root to a leaf, at least 1; computed iteratively.

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
    """Join any number of predicates by AND: TRUE for none, the predicate itself for one.

    >>> str(conjunction([]))
    'TRUE'
    """
    given = tuple(predicates)
    return And(given) if len(given) > 1 else given[0] if given else Literal(True, Kind.BOOLEAN)


def disjunction(predicates: Iterable[Predicate]) -> Predicate:
    """Join any number of predicates by OR: FALSE for none, the predicate itself for one.

    >>> str(disjunction([Column("a"), Column("b")]))
    '"a" OR "b"'
    """
    given = tuple(predicates)
    return Or(given) if len(given) > 1 else given[0] if given else Literal(False, Kind.BOOLEAN)
