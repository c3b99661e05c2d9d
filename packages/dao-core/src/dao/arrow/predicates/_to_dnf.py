"""Translation of a predicate to lists of ``(column, operator, value)`` tuples, as in pyarrow's ``filters=``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pyarrow as pa

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._bind import bind
from dao.arrow.predicates._leaves import two_valued
from dao.arrow.predicates._parse import parse
from dao.arrow.predicates._tree import Column, Kind, Literal, Predicate
from dao.errors import DataError

__all__ = ["to_dnf"]

_MOST_GROUPS = 1_000
Groups = list[list[tuple[str, str, Any]]]
_SPELLED = {"=": "=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def to_dnf(predicate: Any, schema: pa.Schema) -> Groups:
    """Translate a predicate to disjunctive normal form: an OR of groups, each a list of tuples joined by AND.

    This is the form of ``pyarrow.parquet.read_table(filters=)`` and deltalake's ``filters=``. They evaluate it with
    Arrow's own comparisons, so only conditions are translated for which these agree with DuckDB: NaN is not above all
    numbers there, and ``not in`` would keep NULL, so it becomes ``!=`` for each value.

    Args:
        predicate: a tree, or anything else that `parse` accepts.
        schema: the schema of the data, in Arrow's types.

    Returns:
        The groups; an empty list if the predicate keeps no row. Neither library accepts an empty list, but then
        nothing needs to be read.

    Raises:
        DataError: the predicate doesn't fit the schema, or has a condition that tuples can't express: IS NULL, LIKE,
            two columns compared, a float column with ``>``, ``>=`` or NaN, fields of structs, timestamps in
            nanoseconds, more than 1,000 groups, a condition that is always TRUE. `split` separates such conditions.

    >>> schema = pa.schema({"id": pa.int64(), "name": pa.string()})
    >>> to_dnf("id > 5 AND name NOT IN ('x', 'y')", schema)
    [[('id', '>', 5), ('name', '!=', 'x'), ('name', '!=', 'y')]]
    """
    groups: Groups = two_valued(bind(parse(predicate), schema), _leaf, _all_of, _any_of)
    if [] in groups:
        raise _no_tuples(tree.Literal(True, Kind.BOOLEAN))
    return groups


def _any_of(parts: Sequence[Groups]) -> Groups:
    return [group for groups in parts for group in groups]


def _all_of(parts: Sequence[Groups]) -> Groups:
    count = 1
    for groups in parts:
        count *= len(groups)
    if count > _MOST_GROUPS:
        raise DataError(
            f"the predicate has {count:,} groups of tuples, more than {_MOST_GROUPS:,}: give it as SQL text"
        )
    return [[condition for group in chosen for condition in group] for chosen in product(*parts)]


def _leaf(node: Predicate, wanted: bool) -> Groups:
    if isinstance(node, Literal):
        return [[]] if node.value else []
    if isinstance(node, Column):
        return [[(_name(node, node), "=", wanted)]]
    if isinstance(node, tree.Comparison) and isinstance(node.left, Column) and isinstance(node.right, Literal):
        return [[_comparison(node, node.left, node.right)]]
    if isinstance(node, tree.In) and isinstance(node.operand, Column):
        return _membership(node, node.operand, wanted)
    raise _no_tuples(node)


def _comparison(node: tree.Comparison, column: Column, literal: Literal) -> tuple[str, str, Any]:
    value: Any = literal.value
    above = node.op in (">", ">=") and literal.kind is Kind.DOUBLE
    if above or value != value or literal.kind is Kind.TIMESTAMP_NS or node.op in tree.DISTINCT:
        raise _no_tuples(node)
    return (_name(column, node), _SPELLED[node.op], value)


def _membership(node: tree.In, column: Column, wanted: bool) -> Groups:
    values = list(tree.constants(node))
    nanoseconds = any(isinstance(value, Literal) and value.kind is Kind.TIMESTAMP_NS for value in node.values)
    if nanoseconds or any(value != value for value in values):
        raise _no_tuples(node)
    name = _name(column, node)
    if wanted:
        both = [-0.0, 0.0] if 0.0 in values and isinstance(values[values.index(0.0)], float) else []
        return [[(name, "in", [*values, *both])]] if values else []
    return [] if tree.has_null(node) else [[(name, "!=", value) for value in values]]


def _name(column: Column, node: Predicate) -> str:
    if len(column.path) > 1:
        raise _no_tuples(node)
    return column.path[0]


def _no_tuples(node: Predicate) -> DataError:
    return DataError(f"tuples can't express {node}: split() separates what a target can't evaluate")
