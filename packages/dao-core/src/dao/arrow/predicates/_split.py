"""A predicate in two parts: what a target can evaluate, and what is left to do on the rows that it gives."""

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
"""The names of operations, as `split` takes them. ``IS TRUE`` is ``IS FALSE`` too, ``COLUMN`` a boolean column that is
a condition itself, ``ARROW`` a pyarrow Expression."""

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
    """A predicate as ``(pushed, residual)``: what a target can evaluate, and what to filter its rows by.

    A row is kept by the predicate just if it is kept by both. So ``pushed`` drops no row that the predicate keeps, and
    ``filter_table(rows, residual)`` on the rows that the target gives is exact; a ``residual`` that is the literal TRUE
    leaves nothing to do. Parts of an AND are pushed one by one. Of an OR that can't be pushed whole, a weaker OR is
    pushed where each branch has a part that can be: ``(day = 1 AND f) OR (day = 2 AND g)`` pushes ``day = 1 OR
    day = 2``, and stays in the residual.

    Args:
        predicate: a tree, or whatever else `parse` takes. After `bind` it has the schema's names and types, which is
            what a target's exactness is mostly about.
        supported: the names of the operations that the target evaluates just as DAO does, of `OPERATIONS`, in any case;
            the AND between pushed parts is taken for granted. Or a function that is given each condition (a comparison,
            IN, LIKE, AND, OR, NOT...) and says whether the target can do it, its parts aside: they are asked about on
            their own. Values (columns and literals below a condition) are not asked about.
        columns: the columns that the target can look at, partition columns for instance, in the spelling of the
            predicate; None is all.

    Raises:
        DataError: as `parse` does; an operation that is none.

    >>> pushed, residual = split("day = 1 AND name LIKE 'L%'", {"=", "in"})
    >>> print(pushed, "and then", residual)
    "day" = 1 and then "name" LIKE 'L%' ESCAPE ''
    """
    can = _tester(supported if callable(supported) else _named(supported), columns)
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


def _named(operations: Collection[str]) -> Callable[[Predicate], bool]:
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
    """The condition and those below it, without the columns and literals that are values."""
    found = [node]
    for condition in found:
        logic = isinstance(condition, (And, Or, Not))
        below = condition.children()
        found.extend(child for child in below if logic or not isinstance(child, _VALUES))
    return found


def _conjuncts(node: Predicate) -> list[Predicate]:
    """The parts that all must be TRUE; a NOT is taken into an OR for that."""
    if isinstance(node, And):
        return [part for operand in node.operands for part in _conjuncts(operand)]
    if isinstance(node, Not) and isinstance(node.operand, Or):
        return [part for operand in node.operand.operands for part in _conjuncts(Not(operand))]
    if isinstance(node, Not) and isinstance(node.operand, Not):
        return _conjuncts(node.operand.operand)
    return [node]


def _weaker(node: Predicate, can: Callable[[Predicate], bool]) -> Predicate | None:
    """A condition that can be pushed and is TRUE wherever the given one is; None if none exists."""
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
