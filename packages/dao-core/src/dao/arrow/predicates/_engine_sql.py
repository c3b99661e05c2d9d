"""A predicate as the SQL condition of an engine.

sqlglot is imported by the first call: it takes half a second, and most reads do without.
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
    """SQL text with placeholders, and the values for them.

    Attributes:
        text: the condition, to stand after ``WHERE``.
        values: a list in the order of the placeholders, or for ``named`` and ``pyformat`` a dict.
    """

    text: str
    values: list[Any] | dict[str, Any]


def quote_identifier(name: str) -> str:
    """A column's name as DuckDB's SQL text, always quoted.

    >>> print(quote_identifier('the "best" column'))
    "the ""best"" column"
    """
    from dao.arrow.predicates._dialects import dialect_named
    from dao.arrow.predicates._sql import sql_of

    duckdb = dialect_named("duckdb")
    return sql_of(duckdb.column([name]), duckdb)


def quote_literal(literal: Literal) -> str:
    """A literal's value as DuckDB's SQL text.

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
    """A predicate as SQL that keeps, in the named engine, the rows that DuckDB keeps.

    Operands that are conditions themselves are in parentheses, names are quoted, every literal says its type, every
    LIKE its escape character. Texts are compared by their bytes (in PostgreSQL by ``COLLATE "C"``). No text depends on
    the session's zone. What ILIKE takes for the same letter beyond ASCII is the database's own.

    Tested by running on generated predicates: DuckDB, DataFusion, PostgreSQL, Spark (4.3, but for times of day, whose
    type is new there), and Redshift's text in PostgreSQL, without binary values.

    Args:
        predicate: a tree, or whatever else `parse` takes.
        schema: of the data, in Arrow's types. The text then has the schema's spelling of names and, for each literal,
            the type of its column. It is needed for every dialect but DuckDB's, and to bind values.
        dialect: ``duckdb``, ``datafusion``, ``spark``, ``redshift`` or ``postgres``.
        parameters: None writes the values into the text. ``qmark``, ``numeric``, ``named``, ``format`` or ``pyformat``
            (a driver's ``paramstyle``) leaves placeholders and gives the values beside it; NULL, booleans, and what the
            engine's driver would change are written into the text all the same. Drivers have a limit of values, which
            a long IN can pass: 65,535 in PostgreSQL, 32,767 in Redshift.

    Returns:
        The text, or with `parameters` a `BoundSql` of text and values.

    Raises:
        DataError: the predicate does not fit the schema, holds a pyarrow Expression, which has no SQL text, or is
            nested too deeply; an unknown dialect or style; a value that the engine has no literal for.

    >>> schema = pa.schema({"Id": pa.int32(), "day": pa.date32()})
    >>> print(to_sql("id < 1.5 AND day = '2026-01-31'", schema, dialect="spark"))
    (`Id` <= 1) AND (`day` = CAST('2026-01-31' AS DATE))
    >>> text, values = to_sql("id < 1.5 AND day = '2026-01-31'", schema, dialect="postgres", parameters="format")
    >>> print(text, values)
    ("Id" <= %s) AND ("day" = %s) [1, datetime.date(2026, 1, 31)]
    """
    from dao.arrow.predicates._dialects import dialect_named
    from dao.arrow.predicates._sql import PARAMETERS, bound_sql, sql_text

    written = dialect_named(dialect)
    if parameters is not None and parameters not in PARAMETERS:
        raise DataError(f"parameters={parameters!r} is no style of placeholders: give one of {', '.join(PARAMETERS)}")
    if schema is None and (parameters is not None or dialect != "duckdb"):
        raise DataError(
            f"to_sql(dialect={dialect!r}, parameters={parameters!r}) needs schema=, the columns' types: only DuckDB's "
            "own text means the same without"
        )
    if schema is None:
        return sql_text(parse(predicate), None, written)
    bound = bind(parse(predicate), schema)
    if parameters is None:
        return sql_text(bound, schema, written)
    return BoundSql(*bound_sql(bound, schema, written, parameters))
