"""The part of a predicate by which deltalake may skip files and rows without losing any that DuckDB would keep."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from dao.arrow.predicates import (
    And,
    ArrowExpression,
    Comparison,
    IsNull,
    Like,
    Literal,
    Predicate,
    bind,
    parse,
    split,
    to_sql,
    walk,
)

__all__ = ["push_down"]


def push_down(where: Any, schema: pa.Schema) -> tuple[str | None, Predicate | None]:
    """Split a predicate into DataFusion's SQL and the residual to filter by; None for nothing.

    Statistics leave NaN out, in Parquet and in the log: by them a file of 1 and NaN has no value above 5. So conditions
    that NaN fulfils are in the residual.

    Raises:
        DataError: the predicate doesn't fit the columns.

    >>> push_down("id > 1 AND ratio > 0.5", pa.schema({"id": pa.int64(), "ratio": pa.float64()}))[0]
    '"id" > 1'
    """
    pushed, residual = split(bind(parse(where), schema), lambda node: _is_exact(node, schema))
    sql = None if _is_true(pushed) else str(to_sql(pushed, schema, dialect="datafusion"))
    return sql, None if _is_true(residual) else residual


def _is_true(predicate: Predicate) -> bool:
    return isinstance(predicate, Literal) and predicate.value is True


def _is_exact(node: Predicate, schema: pa.Schema) -> bool:
    if isinstance(node, (ArrowExpression, Like)):
        return False
    kinds = [schema.field(name).type for name in node.columns]
    if any(map(pt.is_nested, kinds)):
        return False
    if not any(map(pt.is_floating, kinds)):
        return True
    if isinstance(node, Comparison):
        return node.op in ("=", "<", "<=") and isinstance(node.right, Literal) and _is_finite(node)
    return isinstance(node, (IsNull, And))


def _is_finite(comparison: Comparison) -> bool:
    """Whether its literals are plain numbers, and a column is on the left, so that ``<`` says that it is below."""
    values = [node.value for node in walk(comparison) if isinstance(node, Literal)]
    return not isinstance(comparison.left, Literal) and all(
        not isinstance(value, float) or math.isfinite(value) for value in values
    )
