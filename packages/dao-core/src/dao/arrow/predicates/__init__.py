"""One predicate language for `where=`: parsed once to a small typed tree, the same rows on every backend.

    >>> import pyarrow as pa
    >>> flights = pa.table({"carrier": ["AA", "UA"], "dep_delay": [20.0, None]})
    >>> filter_table(flights, "carrier IN ('AA', 'DL') AND dep_delay > 15").num_rows
    1

The meaning is DuckDB's: three-valued logic; NaN equals NaN and is above all numbers; -0.0 equals 0.0; texts compare by
their UTF-8 bytes; a text literal takes the type of the column it is compared with; the session's zone is UTC. Column
names are looked up as in DuckDB: in any case, and the exact spelling picks where two differ by case alone.

- `parse` makes the tree of SQL text, tuples or a pyarrow Expression; `str(tree)` is SQL again.
- `bind` puts a tree in a schema's names and types: what a backend compiles to its own filters.
- `to_arrow`, `filter_table` and `filter_reader` evaluate it with Arrow.
"""

from __future__ import annotations

from dao.arrow.predicates._bind import bind
from dao.arrow.predicates._compile import arrow_filter, to_arrow
from dao.arrow.predicates._filter import filter_batch, filter_reader, filter_table, mask
from dao.arrow.predicates._parse import parse
from dao.arrow.predicates._parse_dnf import literal
from dao.arrow.predicates._sql import quote_identifier, quote_literal, to_sql
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
    Not,
    Or,
    Predicate,
    conjunction,
    disjunction,
    walk,
)

__all__ = [
    "And",
    "ArrowExpression",
    "Between",
    "Column",
    "Comparison",
    "In",
    "IsBoolean",
    "IsNull",
    "Kind",
    "Like",
    "Literal",
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
    "to_arrow",
    "to_sql",
    "walk",
]
