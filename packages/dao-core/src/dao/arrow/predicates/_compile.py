"""A tree as a pyarrow Expression with DuckDB's answers: NULL logic, NaN above everything and equal to itself."""

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
_LONGEST_LIST = 4


def to_arrow(predicate: Any, schema: pa.Schema, *, guard_statistics: bool = True) -> Any:
    """A predicate as a `pyarrow.compute.Expression` that is TRUE for the rows to keep, FALSE or NULL for others.

    It can be the filter of a dataset, a table or a record batch. Comparisons are with literals of the column's own
    Arrow type, so that a dataset skips Parquet row groups by their statistics.

    Those statistics leave NaN out, and Arrow takes them for the whole truth: it would skip row groups whose only
    match is a NaN, and count a NaN among rows that are all below 7. Conditions on float columns get a part whose value
    Arrow can't know before it reads (a random number below 2) wherever that matters; this costs some nanoseconds a row.

    Args:
        predicate: a tree, or whatever else `parse` takes.
        schema: of the data, the names and types that the data really has.
        guard_statistics: False leaves that part out: for data in memory only, never for a dataset.

    Raises:
        DataError: as `parse` and `bind` do.
    """
    return arrow_filter(predicate, schema, guard_statistics=guard_statistics)[0]


def arrow_filter(predicate: Any, schema: pa.Schema, *, guard_statistics: bool = True) -> tuple[Any, frozenset[str]]:
    """What `to_arrow` gives, and the names of the top-level columns that it looks at, as the schema spells them."""
    bound = bind(parse(predicate), schema)
    return _Compiler(schema, guard_statistics).filter(bound), bound.columns


def _guard() -> Any:
    """A number from 0 to 1 that Arrow does not work out while it simplifies a filter: the function is not pure."""
    return pc.Expression._call("random", [], pc.RandomOptions(initializer=0))


class _Compiler:
    def __init__(self, schema: pa.Schema, guard_statistics: bool) -> None:
        self._schema = schema
        self._guarded = guard_statistics

    def filter(self, node: Predicate) -> Any:
        """The whole filter. Statistics may say that no row fits, never that all do where floats are concerned."""
        expression = self.condition(node)
        return expression & (_guard() < 2.0) if self._guarded and self.touches_float(node) else expression

    def condition(self, node: Predicate) -> Any:
        """An expression that is TRUE just where the node is TRUE: AND and OR of leaves, so a guard at a leaf guards."""
        return two_valued(node, self.leaf, lambda parts: _joined(parts, True), lambda parts: _joined(parts, False))

    def leaf(self, node: Predicate, wanted: bool) -> Any:
        """An expression that is TRUE where the leaf is TRUE (or FALSE, as wanted); elsewhere it is FALSE or NULL."""
        expression = self.membership_condition(node, wanted) if isinstance(node, tree.In) else self.value(node)
        if not (wanted or isinstance(node, tree.In)):
            expression = ~expression
        return expression | (_guard() > 2.0) if self._guarded and self.may_hold_for_nan(node, wanted) else expression

    def may_hold_for_nan(self, node: Predicate, wanted: bool) -> bool:
        """Whether a NaN that the statistics leave out can make the leaf hold; True where it is not looked into."""
        if isinstance(node, (tree.IsNull, tree.IsBoolean)) and isinstance(node.operand, Column):
            return False
        if isinstance(node, Comparison) and isinstance(node.left, Column) and isinstance(node.right, Literal):
            below = node.op in ("=", "<", "<=") and node.right.value == node.right.value
            return not below and self.touches_float(node)
        if isinstance(node, tree.In) and wanted:
            return self.touches_float(node) and any(value != value for value in tree.constants(node))
        return self.touches_float(node)

    def touches_float(self, node: Predicate) -> bool:
        columns = (below for below in tree.walk(node) if isinstance(below, Column))
        return any(self.type_of(column).family is Family.FLOAT for column in columns)

    def value(self, node: Predicate) -> Any:
        """An expression that is TRUE, FALSE or NULL exactly where the node is."""
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
        """Whether a value is one of those listed; FALSE for NULL. Arrow tells -0.0 from 0.0 here, SQL does not."""
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
    """The parts joined by AND or OR, as a tree of little depth, whatever Arrow does to it.

    Arrow walks expressions by recursion, on the C stack, and first it turns every chain of one operator into a list
    that nests once per part: some thousand parts end the process. A double NOT around each few keeps the lists short.
    """
    while len(parts) > 1:
        groups = [parts[place : place + _LONGEST_LIST] for place in range(0, len(parts), _LONGEST_LIST)]
        several = len(parts) > _LONGEST_LIST
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
    """A float column with a float: Arrow's own comparisons are FALSE for NaN, ``<>`` TRUE."""
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
