"""Translation of a predicate to the SQL condition of an engine.

sqlglot is imported by the first call: it takes half a second, and most reads don't need it.
"""

from __future__ import annotations

from typing import Any, NamedTuple, overload

import pyarrow as pa

from dao.arrow.predicates._bind import bind
from dao.arrow.predicates._parse import parse
from dao.arrow.predicates._tree import Literal
from dao.errors import DataError

__all__ = ["BoundSql", "quote_identifier", "quote_literal", "to_sql"]


class BoundSql(NamedTuple):
    """SQL text with placeholders, and their bound values.

    Attributes:
        text: the condition, to be placed after ``WHERE``.
        values: the bound values: a list in the order of the placeholders, or a dict for ``named`` and ``pyformat``.
    """

    text: str
    values: list[Any] | dict[str, Any]


def quote_identifier(name: str) -> str:
    """Quote a column's name for DuckDB's SQL.

    >>> print(quote_identifier('the "best" column'))
    "the ""best"" column"
    """
    from dao.arrow.predicates._dialects import dialect_named
    from dao.arrow.predicates._sql import sql_of

    duckdb = dialect_named("duckdb")
    return sql_of(duckdb.column([name]), duckdb)


def quote_literal(literal: Literal) -> str:
    """Write a literal's value as typed SQL text of DuckDB.

    >>> from dao.arrow.predicates import literal
    >>> print(quote_literal(literal("it's")))
    'it''s'
    >>> print(quote_literal(literal(float("nan"))))
    CAST('NaN' AS DOUBLE)
    """
    from dao.arrow.predicates._dialects import dialect_named
    from dao.arrow.predicates._sql import sql_of

    duckdb = dialect_named("duckdb")
    return sql_of(duckdb.literal(literal), duckdb)


@overload
def to_sql(
    predicate: Any, schema: pa.Schema | None = None, *, dialect: str = "duckdb", parameters: None = None
) -> str: ...
@overload
def to_sql(
    predicate: Any, schema: pa.Schema | None = None, *, dialect: str = "duckdb", parameters: str
) -> BoundSql: ...
def to_sql(
    predicate: Any, schema: pa.Schema | None = None, *, dialect: str = "duckdb", parameters: str | None = None
) -> str | BoundSql:
    """Translate a predicate to SQL that keeps in the given engine the same rows as in DuckDB.

    Operands that are conditions are put in parentheses, names are quoted, every literal is typed explicitly, every LIKE
    has an escape character. Texts are compared by their bytes: in PostgreSQL by ``COLLATE "C"``; in Redshift, which
    ignores blanks at their ends, by their lengths too, and ``<`` with a character behind both. The result doesn't
    depend on the session's zone. Case folding of ILIKE beyond ASCII is the engine's own.

    Tested by running generated predicates in DuckDB, DataFusion, PostgreSQL and Spark (4.3, except times of day, whose
    type is new there), and Redshift's text in PostgreSQL, without binary values.

    Args:
        predicate: a tree, or anything else that `parse` accepts.
        schema: the schema of the data, in Arrow's types. The text then has the schema's spelling of names and, for each
            literal, the type of its column. Required for every dialect but DuckDB's, and to bind values.
        dialect: ``duckdb``, ``datafusion``, ``spark``, ``redshift`` or ``postgres``.
        parameters: None writes the values into the text. ``qmark``, ``numeric``, ``named``, ``format`` or ``pyformat``
            (a driver's ``paramstyle``) writes placeholders and returns the bound values separately; ``numeric`` and
            ``named`` are ``:1`` and ``:p1``, for DuckDB, which knows only these, ``$1`` and ``$p1``, and
            ``numeric_dollar`` is ``$1`` in every dialect, as in PostgreSQL's own protocol. NULL, booleans and
            values that the engine's driver would change are written into the text nevertheless. Drivers limit the
            number of bound values, which a long IN can exceed: 65,535 in PostgreSQL, 32,767 in Redshift.

    Returns:
        The text; with `parameters` a `BoundSql` of text and values.

    Raises:
        DataError: the predicate doesn't fit the schema, contains a pyarrow Expression, which has no SQL text, or is
            nested too deeply; an unknown dialect or style; a missing schema; a value without a literal in the engine.

    >>> schema = pa.schema({"Id": pa.int32(), "day": pa.date32()})
    >>> print(to_sql("id < 1.5 AND day = '2026-01-31'", schema, dialect="spark"))
    (`Id` <= 1) AND (`day` = CAST('2026-01-31' AS DATE))
    >>> text, values = to_sql("id < 1.5 AND day = '2026-01-31'", schema, dialect="postgres", parameters="format")
    >>> print(text, values)
    ("Id" <= %s) AND ("day" = %s) [1, datetime.date(2026, 1, 31)]
    """
    from dao.arrow.predicates._dialects import dialect_named
    from dao.arrow.predicates._sql import PARAMETERS, bound_sql, sql_text

    target = dialect_named(dialect)
    if parameters is not None and parameters not in PARAMETERS:
        raise DataError(f"parameters={parameters!r} is no style of placeholders: give one of {', '.join(PARAMETERS)}")
    if schema is None and (parameters is not None or dialect != "duckdb"):
        raise DataError(
            f"to_sql(dialect={dialect!r}, parameters={parameters!r}) needs schema=, the columns' types: only DuckDB's "
            "own text means the same without"
        )
    if schema is None:
        return sql_text(parse(predicate), None, target)
    bound = bind(parse(predicate), schema)
    if parameters is None:
        return sql_text(bound, schema, target)
    return BoundSql(*bound_sql(bound, schema, target, parameters))
