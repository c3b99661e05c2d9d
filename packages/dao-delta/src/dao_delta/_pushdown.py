"""The part of a predicate by which deltalake may skip files and rows without losing any that DuckDB would keep."""

from __future__ import annotations

import math

import pyarrow as pa
import pyarrow.types as pt

from dao.arrow.predicates import (
    And,
    ArrowExpression,
    Comparison,
    IsNull,
    Like,
    Literal,
    Literals,
    Predicate,
    split,
    to_sql,
    walk,
)

__all__ = ["push_down"]


def push_down(predicate: Predicate, schema: pa.Schema) -> str | None:
    """The DataFusion SQL by which files are skipped; None if there is none. What is read must still be filtered.

    Statistics leave NaN out, in Parquet and in the log: by them a file of 1 and NaN has no value above 5. So conditions
    that NaN fulfils are left out. So are comparisons with NULL, which deltalake 1.6 drops from a conjunction.

    Args:
        predicate: bound to the schema.
        schema: the table's columns.

    >>> from dao.arrow.predicates import bind, parse
    >>> schema = pa.schema({"id": pa.int64(), "ratio": pa.float64()})
    >>> push_down(bind(parse("id > 1 AND ratio > 0.5"), schema), schema)
    '"id" > 1'
    """
    pushed, _ = split(predicate, lambda node: _is_exact(node, schema))
    if isinstance(pushed, Literal) and pushed.value is True:
        return None
    return str(to_sql(pushed, schema, dialect="datafusion"))


def _is_exact(node: Predicate, schema: pa.Schema) -> bool:
    if isinstance(node, (ArrowExpression, Like)) or any(map(_is_null, walk(node))):
        return False
    kinds = [schema.field(name).type for name in node.columns]
    if any(map(pt.is_nested, kinds)):
        return False
    if not any(map(pt.is_floating, kinds)):
        return True
    if isinstance(node, Comparison):
        return node.op in ("=", "<", "<=") and isinstance(node.right, Literal) and _is_finite(node)
    return isinstance(node, (IsNull, And))


def _is_null(node: Predicate) -> bool:
    if isinstance(node, Literals):
        return any(value is None for value in node.values)
    return isinstance(node, Literal) and node.value is None


def _is_finite(comparison: Comparison) -> bool:
    """Whether its literals are plain numbers, and a column is on the left, so that ``<`` says that it is below."""
    values = [node.value for node in walk(comparison) if isinstance(node, Literal)]
    return not isinstance(comparison.left, Literal) and all(
        not isinstance(value, float) or math.isfinite(value) for value in values
    )
