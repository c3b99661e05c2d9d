"""The part of a predicate by which deltalake may skip files and rows without losing any that DuckDB would keep."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.types as pt

from dao.arrow.predicates import (
    And,
    ArrowExpression,
    Column,
    Comparison,
    Kind,
    Like,
    Literal,
    Literals,
    Or,
    Predicate,
    conjunction,
    disjunction,
    split,
    to_sql,
    walk,
)
from dao_delta._snapshots.bounds import EXACT_DIGITS, text_after

__all__ = ["decides", "push_down"]

_ORDERED = ("=", "<", "<=", ">", ">=")
_LEAST, _GREATEST = -(1 << 63), (1 << 63) - 1


def push_down(predicate: Predicate, schema: pa.Schema) -> str | None:
    """The DataFusion SQL by which files are skipped; None if there is none. What is read must still be filtered.

    deltalake 1.6 takes the log's bounds of the columns in this predicate for their values: where the least is the
    greatest, all rows get it. So a NaN, which bounds leave out, would become the number beside it, a long decimal the
    double, or the 64-bit integer, that its bounds pass through: conditions on these are left out. So are comparisons
    with NULL, which it drops from a conjunction. A LIKE of a plain prefix is a range.

    Args:
        predicate: bound to the schema.
        schema: the table's columns.

    >>> from dao.arrow.predicates import bind, parse
    >>> schema = pa.schema({"id": pa.int64(), "ratio": pa.float64()})
    >>> push_down(bind(parse("id > 1 AND ratio > 0.5"), schema), schema)
    '"id" > 1'
    """
    pushed, _ = split(_with_ranges(predicate), lambda node: _is_exact(node, schema))
    if isinstance(pushed, Literal) and pushed.value is True:
        return None
    return str(to_sql(pushed, schema, dialect="datafusion"))


def decides(predicate: Predicate, schema: pa.Schema) -> bool:
    """Whether deltalake keeps the same rows as Arrow: comparisons of integers with constants, joined by AND and OR.

    >>> from dao.arrow.predicates import bind, parse
    >>> schema = pa.schema({"id": pa.int64(), "ratio": pa.float64()})
    >>> [decides(bind(parse(sql), schema), schema) for sql in ("id > 1 AND id < 9", "NOT id > 1", "ratio > 1")]
    [True, False, False]
    """
    match predicate:
        case And(operands=operands) | Or(operands=operands):
            return all(decides(one, schema) for one in operands)
        case Comparison(op=op, left=Column(path=(name,)), right=Literal(value=int() as value)):
            is_number = not isinstance(value, bool) and _LEAST <= value <= _GREATEST
            return op in _ORDERED and is_number and bool(pt.is_signed_integer(schema.field(name).type))
    return False


def _is_exact(node: Predicate, schema: pa.Schema) -> bool:
    if isinstance(node, (ArrowExpression, Like)) or any(map(_is_null, walk(node))):
        return False
    return all(_has_exact_bounds(schema.field(name).type) for name in node.columns)


def _has_exact_bounds(kind: pa.DataType) -> bool:
    if pt.is_decimal(kind):
        return bool(kind.precision <= EXACT_DIGITS)
    return not (pt.is_nested(kind) or pt.is_floating(kind))


def _is_null(node: Predicate) -> bool:
    if isinstance(node, Literals):
        return any(value is None for value in node.values)
    return isinstance(node, Literal) and node.value is None


def _with_ranges(node: Predicate) -> Predicate:
    """The same condition with the range of its prefix in place of each LIKE ``'prefix%'``."""
    if isinstance(node, And):
        return conjunction(map(_with_ranges, node.operands))
    if isinstance(node, Or):
        return disjunction(map(_with_ranges, node.operands))
    prefix = _prefix(node) if isinstance(node, Like) else ""
    end = text_after(prefix)
    if not isinstance(node, Like) or end is None:
        return node
    begin, above = (Literal(text, Kind.STRING) for text in (prefix, end))
    return And((Comparison(">=", node.operand, begin), Comparison("<", node.operand, above)))


def _prefix(like: Like) -> str:
    """The text with which all that a pattern matches begins, and that alone decides; empty for other patterns."""
    pattern = like.pattern.value
    if like.ignore_case or not isinstance(like.operand, Column) or not isinstance(pattern, str):
        return ""
    plain = pattern[:-1]
    special = any(letter in plain for letter in ("%", "_", like.escape or "%"))
    return "" if special or not pattern.endswith("%") else plain
