"""Parsing of `where=` in any accepted form to a tree."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from dao.arrow.predicates import _tree as tree
from dao.errors import DataError

__all__ = ["MAX_DEPTH", "parse"]

MAX_DEPTH = 100
_LONGEST = 500_000  # characters; parsing them takes some seconds
_LONGEST_CACHED = 4096  # characters; longer texts are parsed each time, so that the cache stays small


def parse(where: Any) -> tree.Predicate:
    """Parse `where=` to a predicate tree. Accepted forms:

    - SQL text, a boolean expression in DuckDB's dialect: ``"country = 'DE' AND ts >= DATE '2026-01-01'"``.
      At most 500,000 characters; the trees of the last 1,024 different texts of at most 4,096 characters are cached.
    - A list of ``(column, operator, value)`` tuples, all of which must hold, or a list of such lists, one of which
      must hold. Operators: ``= == != < <= > >= in``, ``not in``.
    - A `pyarrow.compute.Expression` of at most 2,000 operations, wrapped unchanged: its comparisons with NaN are
      Arrow's, in which NaN is neither equal to NaN nor above the numbers.
    - A tree of at most 100 levels, returned unchanged.

    Names and types aren't checked: `bind` does that, against a schema.

    Args:
        where: a predicate in one of these forms.

    Raises:
        DataError: another form, a syntax error, or an unsupported construct; the message says what is supported.

    >>> parse("a > 1 AND b IS NOT NULL")
    And(operands=(Comparison(op='>', left=Column(path=('a',)), right=Literal(value=1, kind=<Kind.INTEGER: 'INTEGER'>)),\
 Not(operand=IsNull(operand=Column(path=('b',))))))
    >>> print(parse([("a", ">", 1), ("b", "in", ["x", "y"])]))
    ("a" > 1) AND ("b" IN ('x', 'y'))
    """
    if isinstance(where, str):
        return _parse_cached(where) if len(where) <= _LONGEST_CACHED else _parse_text(where)
    if isinstance(where, tree.Predicate):
        if tree.depth(where) > MAX_DEPTH:
            raise DataError(f"the predicate is nested deeper than {MAX_DEPTH} levels")
        return where
    if isinstance(where, (list, tuple)):
        from dao.arrow.predicates._parse_dnf import parse_dnf

        return parse_dnf(where)
    import pyarrow.compute as pc

    if isinstance(where, pc.Expression):
        from dao.arrow.predicates._expressions import check_size

        check_size(where)
        return tree.ArrowExpression(where)
    raise DataError(
        f"where= is of type {type(where).__name__}: give SQL text, a list of (column, operator, value) tuples, "
        "or a pyarrow Expression"
    )


def _parse_text(text: str) -> tree.Predicate:
    if len(text) > _LONGEST:
        raise DataError(
            f"where= is a text of {len(text):,} characters: at most {_LONGEST:,} are read; tuples such as "
            "[('id', 'in', values)] take any number of values"
        )
    from dao.arrow.predicates._parse_sql import parse_sql

    return parse_sql(text)


_parse_cached = lru_cache(maxsize=1024)(_parse_text)
