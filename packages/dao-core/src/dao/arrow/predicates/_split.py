"""Pushdown: a predicate split into the part that a target can evaluate and the residual for the rows it returns."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._parse import parse
from dao.arrow.predicates._tree import And, Not, Or, Predicate
from dao.errors import DataError, did_you_mean

__all__ = ["OPERATIONS", "split"]

OPERATIONS = (
    *tree.OPERATORS, "IN", "BETWEEN", "IS NULL", "IS TRUE", "LIKE", "ILIKE", "AND", "OR", "NOT", "COLUMN", "ARROW",
)  # fmt: skip
"""The names of operations that `split` accepts. ``IS TRUE`` includes ``IS FALSE``, ``COLUMN`` is a boolean column used
as a condition, ``ARROW`` a pyarrow Expression."""

_NAMES: dict[type, str] = {
    tree.In: "IN",
    tree.Between: "BETWEEN",
    tree.IsNull: "IS NULL",
    tree.IsBoolean: "IS TRUE",
    And: "AND",
    Or: "OR",
    Not: "NOT",
    tree.Column: "COLUMN",
    tree.ArrowExpression: "ARROW",
}

_VALUES = (tree.Column, tree.Literal, tree.Literals)


def split(
    predicate: Any, supported: Callable[[Predicate], bool] | Collection[str], *, columns: Collection[str] | None = None
) -> tuple[Predicate, Predicate]:
    """Split a predicate into ``(pushed, residual)``: the part that a target can evaluate, and the filter for its rows.

    The predicate keeps a row exactly if both parts keep it. So ``pushed`` drops no row that the predicate keeps, and
    ``filter_table(rows, residual)`` on the rows that the target returns is exact; a ``residual`` that is the literal
    TRUE needs no filter. The operands of an AND are pushed separately. If an OR can't be pushed as a whole, but each of
    its branches has a part that can, a weaker OR is pushed: ``(day = 1 AND f) OR (day = 2 AND g)`` pushes
    ``day = 1 OR day = 2``, and remains in the residual.

    Args:
        predicate: a tree, or anything else that `parse` accepts. It should be bound: whether a target evaluates a
            condition exactly mostly depends on names and types.
        supported: the names of the operations, of `OPERATIONS`, in any case, that the target evaluates exactly as DAO;
            the AND between pushed parts is assumed. Or a function that is called with each condition (a comparison, IN,
            LIKE, AND, OR, NOT...) and returns whether the target supports it, regardless of the conditions inside it,
            for which it is called separately. It isn't called for values (columns and literals inside a condition).
        columns: the columns that the target can read, such as partition columns, spelled as in the predicate; None for
            all.

    Returns:
        Both parts as trees; each may be the literal TRUE.

    Raises:
        DataError: the predicate can't be parsed; an unknown operation.

    >>> pushed, residual = split("day = 1 AND name LIKE 'L%'", {"=", "in"})
    >>> print(pushed, "and then", residual)
    "day" = 1 and then "name" LIKE 'L%' ESCAPE ''
    """
    can = _tester(supported if callable(supported) else _by_name(supported), columns)
    pushed: list[Predicate] = []
    residual: list[Predicate] = []
    for condition in _conjuncts(parse(predicate)):
        if can(condition):
            pushed.append(condition)
            continue
        residual.append(condition)
        weaker = _weaker(condition, can)
        if weaker is not None:
            pushed.append(weaker)
    return tree.conjunction(pushed), tree.conjunction(residual)


def _by_name(operations: Collection[str]) -> Callable[[Predicate], bool]:
    wanted = {str(name).upper() for name in operations}
    for name in sorted(wanted - set(OPERATIONS)):
        raise DataError(f"split() has no operation {name!r}: {did_you_mean(name, OPERATIONS)}")
    return lambda node: isinstance(node, tree.Literal) or _operation(node) in wanted


def _operation(node: Predicate) -> str:
    if isinstance(node, tree.Comparison):
        return node.op
    if isinstance(node, tree.Like):
        return "ILIKE" if node.ignore_case else "LIKE"
    return _NAMES[type(node)]


def _tester(supported: Callable[[Predicate], bool], columns: Collection[str] | None) -> Callable[[Predicate], bool]:
    known = None if columns is None else frozenset(columns)

    def can(node: Predicate) -> bool:
        return (known is None or node.columns <= known) and all(map(supported, _conditions(node)))

    return can


def _conditions(node: Predicate) -> list[Predicate]:
    """The condition and all conditions inside it, without the columns and literals that are values."""
    found = [node]
    for condition in found:
        logic = isinstance(condition, (And, Or, Not))
        below = condition.children()
        found.extend(child for child in below if logic or not isinstance(child, _VALUES))
    return found


def _conjuncts(node: Predicate) -> list[Predicate]:
    """The conditions that must all be TRUE; a NOT of an OR is distributed over its operands."""
    if isinstance(node, And):
        return [part for operand in node.operands for part in _conjuncts(operand)]
    if isinstance(node, Not) and isinstance(node.operand, Or):
        return [part for operand in node.operand.operands for part in _conjuncts(Not(operand))]
    if isinstance(node, Not) and isinstance(node.operand, Not):
        return _conjuncts(node.operand.operand)
    return [node]


def _weaker(node: Predicate, can: Callable[[Predicate], bool]) -> Predicate | None:
    """A condition that can be pushed and is TRUE wherever the given one is; None if there is none."""
    if can(node):
        return node
    parts = _conjuncts(node)
    if parts != [node]:
        kept = [weaker for part in parts if (weaker := _weaker(part, can)) is not None]
        return tree.conjunction(kept) if kept else None
    branches = _branches(node)
    if len(branches) == 1:
        return None
    weakened = [weaker for branch in branches if (weaker := _weaker(branch, can)) is not None]
    whole = tree.disjunction(weakened)
    return whole if len(weakened) == len(branches) and can(whole) else None


def _branches(node: Predicate) -> list[Predicate]:
    if isinstance(node, Or):
        return list(node.operands)
    if isinstance(node, Not) and isinstance(node.operand, And):
        return [Not(operand) for operand in node.operand.operands]
    return [node]
