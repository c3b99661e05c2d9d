"""Compilation of a tree to a pyarrow Expression with DuckDB's semantics: NULL logic, NaN above all and equal to NaN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._bind import bind
from dao.arrow.predicates._leaves import two_valued
from dao.arrow.predicates._like import like_expression
from dao.arrow.predicates._operands import array_of, cast_to_common, plain_operand, scalar_of
from dao.arrow.predicates._parse import parse
from dao.arrow.predicates._tree import Column, Comparison, Literal, Predicate
from dao.arrow.predicates._types import Family, SqlType, common_type, sql_type

__all__ = ["arrow_filter", "to_arrow"]

_NULL = pc.scalar(pa.NULL).cast(pa.bool_())
_LONGEST_CHAIN = 4


def to_arrow(predicate: Any, schema: pa.Schema, *, guard_statistics: bool = True) -> Any:
    """Compile a predicate to a `pyarrow.compute.Expression`: TRUE for the rows to keep, FALSE or NULL for others.

    It can filter a dataset, a table or a record batch. Comparisons are with literals of the column's own Arrow type, so
    that a dataset skips Parquet row groups by their statistics.

    These statistics exclude NaN, but Arrow relies on them as if they covered all values: it would skip row groups whose
    only match is a NaN, and keep a NaN in a row group whose numbers are all below 7. Where that matters, conditions on
    float columns are guarded by a term that Arrow can't simplify before it reads (a random number is below 2), which
    costs some nanoseconds per row.

    Args:
        predicate: a tree, or anything else that `parse` accepts.
        schema: the names and types that the data actually has.
        guard_statistics: False omits the guards: only for data in memory, never for a dataset.

    Raises:
        DataError: the predicate can't be parsed or doesn't fit the schema, see `parse` and `bind`.
    """
    return arrow_filter(predicate, schema, guard_statistics=guard_statistics)[0]


def arrow_filter(predicate: Any, schema: pa.Schema, *, guard_statistics: bool = True) -> tuple[Any, frozenset[str]]:
    """Compile as `to_arrow`; return the Expression and the names of the top-level columns that it reads.

    The names are spelled as in the schema. Arguments and errors are those of `to_arrow`.
    """
    bound = bind(parse(predicate), schema)
    return _Compiler(schema, guard_statistics).filter(bound), bound.columns


def _guard() -> Any:
    """A number from 0 to 1 that Arrow doesn't evaluate while it simplifies a filter, since the function isn't pure."""
    return pc.Expression._call("random", [], pc.RandomOptions(initializer=0))


class _Compiler:
    def __init__(self, schema: pa.Schema, guard_statistics: bool) -> None:
        self._schema = schema
        self._guarded = guard_statistics

    def filter(self, node: Predicate) -> Any:
        """The whole filter. With float columns, statistics may prove that no row matches, but never that all do."""
        expression = self.condition(node)
        return expression & (_guard() < 2.0) if self._guarded and self.touches_float(node) else expression

    def condition(self, node: Predicate) -> Any:
        """An expression that is TRUE exactly where the node is: AND and OR of leaves, so guarding leaves suffices."""
        return two_valued(node, self.leaf, lambda parts: _joined(parts, True), lambda parts: _joined(parts, False))

    def leaf(self, node: Predicate, wanted: bool) -> Any:
        """An expression that is TRUE where the leaf has the value `wanted`, and FALSE or NULL elsewhere."""
        expression = self.membership_condition(node, wanted) if isinstance(node, tree.In) else self.value(node)
        if not (wanted or isinstance(node, tree.In)):
            expression = ~expression
        return expression | (_guard() > 2.0) if self._guarded and self.may_hold_for_nan(node, wanted) else expression

    def may_hold_for_nan(self, node: Predicate, wanted: bool) -> bool:
        """Whether a NaN, which statistics exclude, can make the leaf hold; True for forms that aren't analysed."""
        if isinstance(node, (tree.IsNull, tree.IsBoolean)) and isinstance(node.operand, Column):
            return False
        if isinstance(node, Comparison) and isinstance(node.left, Column) and isinstance(node.right, Literal):
            below = node.op in ("=", "<", "<=") and node.right.value == node.right.value
            return not below and self.touches_float(node)
        if isinstance(node, tree.In) and wanted:
            return self.touches_float(node) and any(value != value for value in tree.constants(node))
        return self.touches_float(node)

    def touches_float(self, node: Predicate) -> bool:
        return any(
            isinstance(below, Column) and self.type_of(below).family is Family.FLOAT for below in tree.walk(node)
        )

    def value(self, node: Predicate) -> Any:
        """An expression with the node's value in three-valued logic: TRUE, FALSE or NULL."""
        return _VALUES[type(node)](self, node)

    def conjunction(self, node: tree.And) -> Any:
        return _joined([self.value(operand) for operand in node.operands], True)

    def disjunction(self, node: tree.Or) -> Any:
        return _joined([self.value(operand) for operand in node.operands], False)

    def negation(self, node: tree.Not) -> Any:
        return ~self.value(node.operand)

    def truth(self, node: tree.IsBoolean) -> Any:
        inner = self.value(node.operand)
        return pc.coalesce(inner if node.value else ~inner, pa.scalar(False))

    def nullness(self, node: tree.IsNull) -> Any:
        return pc.is_null(self.operand(node.operand))

    def like(self, node: tree.Like) -> Any:
        return like_expression(node, self.operand(node.operand))

    def membership(self, node: tree.In) -> Any:
        operand = self.operand(node.operand)
        found = pc.if_else(pc.is_valid(operand), self.found_in(node), _NULL)
        return found | _NULL if tree.has_null(node) else found

    def membership_condition(self, node: tree.In, wanted: bool) -> Any:
        if wanted:
            return self.found_in(node)
        if tree.has_null(node):
            return pc.scalar(False)
        return ~self.found_in(node) & pc.is_valid(self.operand(node.operand))

    def found_in(self, node: tree.In) -> Any:
        """Whether the value is in the list; FALSE for NULL. Arrow's isin distinguishes -0.0 and 0.0, SQL doesn't."""
        assert isinstance(node.operand, Column)  # bind leaves no other
        operand, arrow = self.column(node.operand)
        values = tree.constants(node)
        if sql_type(arrow).family is not Family.FLOAT:
            return _is_in(operand, values, arrow)
        numbers = [value for value in values if value == value]
        listed = _is_in(operand, _both_zeros(numbers), arrow)
        if len(numbers) == len(values):
            return listed
        return listed | pc.coalesce(pc.is_nan(operand), pa.scalar(False))

    def comparison(self, node: Comparison) -> Any:
        if isinstance(node.right, Literal):
            operand, arrow = self.typed(node.left)
            if sql_type(arrow).family is Family.FLOAT:
                return _compare_with_float(node.op, operand, node.right.value, arrow)
            return _COMPARE[node.op](operand, scalar_of(node.right.value, arrow))
        left, right = self.typed(node.left), self.typed(node.right)
        common = common_type([sql_type(left[1]), sql_type(right[1])], [])
        assert common is not None  # both are typed
        first, second = cast_to_common([left, right], common)
        return _compare_pair(node.op, first, second, common)

    def operand(self, node: Predicate) -> Any:
        return self.typed(node)[0]

    def typed(self, node: Predicate) -> tuple[Any, pa.DataType]:
        """An expression for a column or a condition, and its Arrow type."""
        if isinstance(node, Column):
            return self.column(node)
        if isinstance(node, Literal):
            scalar = pa.scalar(node.value)
            return pc.scalar(scalar), scalar.type
        return self.value(node), pa.bool_()

    def column(self, node: Column) -> tuple[Any, pa.DataType]:
        return plain_operand(
            pc.field(*node.path) if len(node.path) > 1 else pc.field(node.path[0]), self.arrow_type(node)
        )

    def type_of(self, node: Column) -> SqlType:
        return sql_type(self.arrow_type(node))

    def arrow_type(self, node: Column) -> pa.DataType:
        arrow = self._schema.field(node.path[0]).type
        for name in node.path[1:]:
            arrow = arrow.field(name).type
        return arrow


def _is_in(operand: Any, values: Sequence[Any], arrow: pa.DataType) -> Any:
    return operand.isin(array_of(values, arrow)) if values else pc.scalar(False)


def _both_zeros(numbers: list[float]) -> list[float]:
    return [*numbers, 0.0, -0.0] if 0.0 in numbers else numbers


def _joined(parts: Sequence[Any], all_of: bool) -> Any:
    """Join the parts by AND or OR to an expression that remains shallow when Arrow rewrites it.

    Arrow recurses over expressions on the C stack, after it has turned every chain of one operator into a list that
    nests once per part: some thousand parts crash the process. A double NOT around groups keeps the chains short.
    """
    while len(parts) > 1:
        groups = [parts[start : start + _LONGEST_CHAIN] for start in range(0, len(parts), _LONGEST_CHAIN)]
        several = len(parts) > _LONGEST_CHAIN
        parts = [reduce(and_ if all_of else or_, group) for group in groups]
        parts = [~~part if several else part for part in parts]
    return parts[0]


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _compare_with_float(operator: str, operand: Any, value: Any, arrow: pa.DataType) -> Any:
    """Compare a float column with a float: Arrow's own comparisons with NaN are FALSE, except ``<>``, which is TRUE."""
    nan = pc.is_nan(operand)
    if value != value:
        with_nan = {"=": nan, ">=": nan, "<>": ~nan, "<": ~nan, "<=": nan | ~nan, ">": nan & ~nan}
        return with_nan[operator]
    compared = _COMPARE[operator](operand, scalar_of(value, arrow))
    return compared | nan if operator in (">", ">=") else compared


def _compare_pair(operator: str, left: Any, right: Any, common: SqlType) -> Any:
    if operator in tree.DISTINCT:
        equal = _compare_pair("=", left, right, common)
        same = pc.coalesce(equal, pa.scalar(False)) | (pc.is_null(left) & pc.is_null(right))
        return same if operator == "IS NOT DISTINCT FROM" else ~same
    if common.family is not Family.FLOAT:
        return _COMPARE[operator](left, right)
    left_nan, right_nan = pc.is_nan(left), pc.is_nan(right)
    if operator == "=":
        return (left == right) | (left_nan & right_nan)
    if operator == "<":
        return (left < right) | (right_nan & ~left_nan)
    if operator == "<=":
        return (left <= right) | (right_nan & (left_nan | ~left_nan))  # the last part is NULL where left is
    if operator == "<>":
        return ~_compare_pair("=", left, right, common)
    return _compare_pair("<" if operator == ">" else "<=", right, left, common)


_VALUES: dict[type, Callable[[_Compiler, Any], Any]] = {
    tree.And: _Compiler.conjunction,
    tree.Or: _Compiler.disjunction,
    tree.Not: _Compiler.negation,
    tree.IsBoolean: _Compiler.truth,
    tree.IsNull: _Compiler.nullness,
    tree.Like: _Compiler.like,
    tree.In: _Compiler.membership,
    tree.Comparison: _Compiler.comparison,
    tree.ArrowExpression: lambda _, node: node.expression,
    Column: _Compiler.operand,
    Literal: lambda _, node: pc.scalar(pa.scalar(node.value, pa.bool_())),
}
