"""SQL for PostgreSQL and Redshift, run by PostgreSQL: it keeps the rows that DuckDB keeps.

Redshift's own text runs here as far as PostgreSQL has its functions, all but binary literals, and by operators that
ignore blanks at the ends of texts, as Redshift's do.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from psycopg import sql as psql
from services.postgres import PostgresServer

from dao.arrow.predicates import to_sql
from dao.errors import DataError
from dao.testing._predicates import Conditions, duckdb_rows
from predicates.conftest import NAMES

GENERATED = settings(
    max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
_SCHEMA = "predicates_texts"
_SCRIPT = files("dao_redshift.testing._system").joinpath("sql", "15_texts.sql").read_text("utf-8")
_FUNCTIONS = f"CREATE FUNCTION {_SCHEMA}.len(text) RETURNS integer RETURN length($1)"
_TYPES = {
    pa.int16(): "smallint", pa.int32(): "integer", pa.int64(): "bigint", pa.float32(): "real",
    pa.float64(): "double precision", pa.string(): "text", pa.bool_(): "boolean", pa.date32(): "date",
    pa.timestamp("us"): "timestamp", pa.timestamp("us", "UTC"): "timestamptz", pa.time64("us"): "time",
    pa.binary(): "bytea",
}  # fmt: skip


def _type(arrow: pa.DataType) -> str:
    return f"numeric({arrow.precision}, {arrow.scale})" if pa.types.is_decimal(arrow) else _TYPES[arrow]


@pytest.fixture(scope="module")
def connection(postgres_server: PostgresServer, stored: pa.Table) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres_server.url, autocommit=True) as connected:
        columns = psql.SQL(", ").join(
            psql.SQL("{} {}").format(psql.Identifier(field.name), psql.SQL(_type(field.type)))
            for field in stored.schema
        )
        connected.execute(psql.SQL("CREATE TEMP TABLE stored ({})").format(columns))
        marks = psql.SQL(", ").join([psql.Placeholder()] * stored.num_columns)
        with connected.cursor() as cursor:
            cursor.executemany(
                psql.SQL("INSERT INTO stored VALUES ({})").format(marks),
                [tuple(row.values()) for row in stored.to_pylist()],
            )
        connected.execute(_SCRIPT.replace("_dao_redshift_texts", _SCHEMA))
        connected.execute(_FUNCTIONS)
        connected.execute("SET TimeZone = 'Asia/Tokyo'")  # no text may depend on the session's zone
        yield connected
        connected.execute(f"DROP SCHEMA {_SCHEMA} CASCADE")


def _agrees(connection: psycopg.Connection[Any], stored: pa.Table, condition: str, duck: Any, dialect: str) -> None:
    expected = duckdb_rows(stored, condition, duck)
    if "ILIKE" in condition:  # the letters beyond ASCII are the database's
        return
    try:
        text = to_sql(condition, stored.schema, dialect=dialect)
        bound = to_sql(condition, stored.schema, dialect=dialect, parameters="format")
    except DataError:
        assert expected is None
        return
    ask = 'SELECT "row" FROM stored WHERE {} ORDER BY "row"'
    assert [row for (row,) in connection.execute(ask.format(text)).fetchall()] == expected, text
    found = connection.execute(ask.format(bound.text), bound.values).fetchall()
    assert [row for (row,) in found] == expected, bound


@GENERATED
@given(condition=Conditions(NAMES).any())
def test_postgres_keeps_the_rows_that_duckdb_keeps(
    condition: str, connection: psycopg.Connection[Any], stored: pa.Table, duck: duckdb.DuckDBPyConnection
) -> None:
    _agrees(connection, stored, condition, duck, "postgres")


@GENERATED
@given(condition=Conditions(tuple(name for name in NAMES if name != "blob")).any())
def test_the_text_for_redshift_keeps_the_rows_that_duckdb_keeps(
    condition: str, connection: psycopg.Connection[Any], stored: pa.Table, duck: duckdb.DuckDBPyConnection
) -> None:
    # PostgreSQL 8 and Redshift read a backslash in a text as the start of an escape
    connection.execute("SET standard_conforming_strings = off")
    connection.execute("SET escape_string_warning = off")
    connection.execute(
        f"SET search_path = public, {_SCHEMA}, pg_catalog"
    )  # whose operators ignore blanks at the ends of texts
    try:
        _agrees(connection, stored, condition, duck, "redshift")
    finally:
        connection.execute("RESET search_path")
        connection.execute("SET standard_conforming_strings = on")
