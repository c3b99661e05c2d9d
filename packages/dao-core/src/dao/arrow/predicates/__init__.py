"""The predicate language of `where=`: parsed once to a small typed tree, with the same rows on every backend.

    >>> import pyarrow as pa
    >>> flights = pa.table({"carrier": ["AA", "UA"], "dep_delay": [20.0, None]})
    >>> filter_table(flights, "carrier IN ('AA', 'DL') AND dep_delay > 15").num_rows
    1

The semantics are DuckDB's: three-valued logic; NaN equals NaN and is above all numbers; -0.0 equals 0.0; texts compare
by their UTF-8 bytes; a text literal is coerced to the type of the column it is compared with; the session's zone is
UTC. Column names are resolved as in DuckDB: in any case, and an exact spelling wins if several differ by case only.

- `parse` converts SQL text, tuples or a pyarrow Expression to a tree; `str(tree)` is SQL again.
- `bind` resolves a tree against a schema's names and types: a backend compiles the bound tree to its own filters.
- `to_arrow`, `filter_table` and `filter_reader` evaluate a predicate with Arrow.
- `to_sql` (DuckDB, DataFusion, Spark, Redshift, PostgreSQL), `to_iceberg` and `to_dnf` translate it for other engines:
  to a filter that keeps the same rows, or they refuse it.
- `split` separates the part that a target can evaluate (pushdown) from the residual.
"""

from __future__ import annotations

from dao.arrow.predicates._bind import bind
from dao.arrow.predicates._compile import arrow_filter, to_arrow
from dao.arrow.predicates._engine_sql import BoundSql, quote_identifier, quote_literal, to_sql
from dao.arrow.predicates._filter import filter_batch, filter_reader, filter_table, mask
from dao.arrow.predicates._iceberg import to_iceberg
from dao.arrow.predicates._parse import parse
from dao.arrow.predicates._parse_dnf import literal
from dao.arrow.predicates._split import OPERATIONS, split
from dao.arrow.predicates._to_dnf import to_dnf
from dao.arrow.predicates._tree import (
    And,
    ArrowExpression,
    Between,
    Column,
    Comparison,
    In,
    IsBoolean,
    IsNull,
    Kind,
    Like,
    Literal,
    Literals,
    Not,
    Or,
    Predicate,
    conjunction,
    disjunction,
    walk,
)

__all__ = [
    "OPERATIONS",
    "And",
    "ArrowExpression",
    "Between",
    "BoundSql",
    "Column",
    "Comparison",
    "In",
    "IsBoolean",
    "IsNull",
    "Kind",
    "Like",
    "Literal",
    "Literals",
    "Not",
    "Or",
    "Predicate",
    "arrow_filter",
    "bind",
    "conjunction",
    "disjunction",
    "filter_batch",
    "filter_reader",
    "filter_table",
    "literal",
    "mask",
    "parse",
    "quote_identifier",
    "quote_literal",
    "split",
    "to_arrow",
    "to_dnf",
    "to_iceberg",
    "to_sql",
    "walk",
]
