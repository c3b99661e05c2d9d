"""A predicate as lists of ``(column, operator, value)`` tuples, as pyarrow's and deltalake's ``filters`` take them."""

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
    """A predicate as a list of lists of tuples: of one list at least, all conditions hold.

    The form that ``pyarrow.parquet.read_table(filters=)`` and deltalake's ``filters=`` take. They evaluate it with
    Arrow's own comparisons, so only what those answer as DuckDB does is made: NaN is not above all numbers there, and
    ``not in`` would keep NULL, so it becomes ``!=`` for each value.

    Args:
        predicate: a tree, or whatever else `parse` takes.
        schema: of the data, in Arrow's types.

    Returns:
        The groups; an empty list where the predicate keeps no row at all. Neither library takes an empty list: no
        reading is needed then.

    Raises:
        DataError: the predicate does not fit the schema, or has what tuples can't say: IS NULL, LIKE, columns compared
            with one another, a float column that is above a value or compared with NaN, fields in structs, more
            than 1,000 groups, a condition that is always TRUE. `split` takes such parts out.

    >>> schema = pa.schema({"id": pa.int64(), "name": pa.string()})
    >>> to_dnf("id > 5 AND name NOT IN ('x', 'y')", schema)
    [[('id', '>', 5), ('name', '!=', 'x'), ('name', '!=', 'y')]]
    """
    groups: Groups = two_valued(bind(parse(predicate), schema), _leaf, _all_of, _any_of)
    if [] in groups:
        raise _not_said(tree.Literal(True, Kind.BOOLEAN))
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
    raise _not_said(node)


def _comparison(node: tree.Comparison, column: Column, literal: Literal) -> tuple[str, str, Any]:
    value: Any = literal.value
    above = node.op in (">", ">=") and literal.kind is Kind.DOUBLE
    if above or value != value or literal.kind is Kind.TIMESTAMP_NS or node.op in tree.DISTINCT:
        raise _not_said(node)
    return (_name(column, node), _SPELLED[node.op], value)


def _membership(node: tree.In, column: Column, wanted: bool) -> Groups:
    values = list(tree.constants(node))
    nanoseconds = any(isinstance(value, Literal) and value.kind is Kind.TIMESTAMP_NS for value in node.values)
    if nanoseconds or any(value != value for value in values):
        raise _not_said(node)
    name = _name(column, node)
    if wanted:
        both = [-0.0, 0.0] if 0.0 in values and isinstance(values[values.index(0.0)], float) else []
        return [[(name, "in", [*values, *both])]] if values else []
    return [] if tree.has_null(node) else [[(name, "!=", value) for value in values]]


def _name(column: Column, node: Predicate) -> str:
    if len(column.path) > 1:
        raise _not_said(node)
    return column.path[0]


def _not_said(node: Predicate) -> DataError:
    return DataError(f"tuples can't say {node}: split() takes out what a target can't evaluate")
