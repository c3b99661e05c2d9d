"""Translation of trees for targets with two-valued logic: NOT is pushed down to the leaves.

A row for which a condition is NULL is kept by neither the condition nor its NOT. A target without NULL in its logic
handles that correctly if its filter consists only of leaves, AND and OR.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._tree import And, IsBoolean, Literal, Not, Or, Predicate

__all__ = ["two_valued"]

_INVERSE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_INVERSE |= {"IS DISTINCT FROM": "IS NOT DISTINCT FROM", "IS NOT DISTINCT FROM": "IS DISTINCT FROM"}


def two_valued(
    node: Predicate,
    leaf: Callable[[Predicate, bool], Any],
    all_of: Callable[[Sequence[Any]], Any],
    any_of: Callable[[Sequence[Any]], Any],
    wanted: bool = True,
) -> Any:
    """Translate a bound tree to a target's condition that is TRUE exactly where the tree is TRUE.

    Args:
        node: a tree that `bind` returned.
        leaf: translates a leaf to a condition that is TRUE where the leaf has the value of the second argument. That
            is always True for comparisons, whose operator is inverted instead, and for literals, which are TRUE or
            FALSE, never NULL.
        all_of: joins conditions by AND.
        any_of: joins conditions by OR.
        wanted: False for a condition that is TRUE where the tree is FALSE.
    """
    if isinstance(node, Not):
        return two_valued(node.operand, leaf, all_of, any_of, not wanted)
    if isinstance(node, (And, Or)):
        both = isinstance(node, And) is wanted
        if both and any(isinstance(operand, Literal) and operand.value is not wanted for operand in node.operands):
            return leaf(Literal(False, tree.Kind.BOOLEAN), True)
        parts = [two_valued(operand, leaf, all_of, any_of, wanted) for operand in node.operands]
        return (all_of if both else any_of)(parts)
    if isinstance(node, IsBoolean) and wanted:
        return two_valued(node.operand, leaf, all_of, any_of, node.value)
    if isinstance(node, tree.Comparison) and not wanted:
        node, wanted = tree.Comparison(_INVERSE[node.op], node.left, node.right), True
    if isinstance(node, Literal):
        return leaf(Literal(node.value is wanted, tree.Kind.BOOLEAN), True)
    return leaf(node, wanted)
