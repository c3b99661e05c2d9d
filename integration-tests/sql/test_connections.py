"""Connections to PostgreSQL: lost ones, limits, and what their errors say."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pyarrow as pa
import pytest
from services.postgres import PostgresServer

from dao import (
    ConfigError,
    DataAccessObject,
    DataError,
    DataStore,
    NotFoundError,
    PermissionDeniedError,
    TableObject,
    TransientError,
)
from sql.schemas import new_schema


@pytest.fixture
def schema(postgres_server: PostgresServer) -> Iterator[str]:
    with new_schema(postgres_server) as name:
        yield name


def _table(server: PostgresServer, schema: str, **options: object) -> TableObject:
    store = DataStore("gold", "postgres", options={"uri": server.url, "schema": schema, **options})
    return TableObject("people", store)


def test_a_connection_that_was_lost_while_idle_is_replaced(postgres_server: PostgresServer, schema: str) -> None:
    table = _table(postgres_server, schema)
    with DataAccessObject() as dao:
        dao.write(pa.table({"id": [1]}), table)
        for act in (lambda: dao.count(table), lambda: dao.write(pa.table({"id": [2]}), table, mode="append")):
            _end_all_others(postgres_server)
            act()
        assert dao.count(table) == 2


def test_a_moment_with_a_zone_ends_no_transaction(postgres_server: PostgresServer, schema: str) -> None:
    """The driver sets the session's zone when one is bound, in a transaction of its own if it knows of no other."""
    table = _table(postgres_server, schema)
    with DataAccessObject() as dao:
        dao.write(pa.table({"at": pa.array([0, 1], pa.timestamp("us", "UTC"))}), table)
        gone = dao.delete(table, where="at = TIMESTAMPTZ '1970-01-01 00:00:00+00:00'", idempotency_key="once")
        assert (gone.rows_deleted, dao.count(table)) == (1, 1)


def test_a_statement_that_takes_too_long_is_given_up(postgres_server: PostgresServer, schema: str) -> None:
    table = _table(postgres_server, schema, statement_timeout=0.2)
    with DataAccessObject() as dao, pytest.raises(TransientError, match="statement timeout"):
        dao.run("sql", table, query="SELECT pg_sleep(20)::text")


def test_a_wrong_password_tells_nothing(postgres_server: PostgresServer) -> None:
    uri = postgres_server.url.replace(postgres_server.password, "not-the-password")
    table = TableObject("people", DataStore("gold", "postgres", options={"uri": uri}))
    with DataAccessObject() as dao, pytest.raises(PermissionDeniedError, match="password is wrong") as caught:
        dao.count(table)
    assert "not-the-password" not in str(caught.value)


def test_a_name_that_would_be_cut_off_is_refused(postgres_server: PostgresServer, schema: str) -> None:
    table = _table(postgres_server, schema)
    with DataAccessObject() as dao:
        for name in ("x" * 64, "ä" * 32):
            with pytest.raises(DataError, match="63 bytes"):
                dao.write(pa.table({name: [1]}), table)
        dao.write(pa.table({"ä" * 31 + "x": [1]}), table)
        assert dao.schema(table).names == ["ä" * 31 + "x"]


@pytest.mark.parametrize("name", ["ctid", "xmin"])
def test_the_name_of_a_column_of_every_table_is_refused(
    postgres_server: PostgresServer, schema: str, name: str
) -> None:
    with DataAccessObject() as dao, pytest.raises(DataError, match=f"'{name}'.*rename it"):
        dao.write(pa.table({name: [1]}), _table(postgres_server, schema))


def test_a_schema_that_is_not_there_is_named(postgres_server: PostgresServer) -> None:
    with DataAccessObject() as dao, pytest.raises(NotFoundError, match="no schema 'nowhere'"):
        dao.write(pa.table({"id": [1]}), _table(postgres_server, "nowhere"))


@pytest.mark.parametrize(
    "uri", ["postgresql://me:canary@127.0.0.1:port/x", "postgresql://me:canary@/x?host=/nowhere", "me:canary", ""]
)
def test_a_uri_that_is_none_is_not_tried_again(uri: str) -> None:
    table = TableObject("people", DataStore("gold", "postgres", options={"uri": uri}))
    with DataAccessObject() as dao, pytest.raises(ConfigError, match="expected postgresql://") as caught:
        dao.count(table)
    assert "canary" not in str(caught.value)


def test_rows_come_without_what_the_database_fills(postgres_server: PostgresServer, schema: str) -> None:
    table, rows = _table(postgres_server, schema), pa.table({"name": ["a", "b"]})
    with psycopg.connect(postgres_server.url) as connection:
        connection.execute(
            f"CREATE TABLE {schema}.people (id int GENERATED ALWAYS AS IDENTITY, nr serial, name text, "
            "big text GENERATED ALWAYS AS (upper(name)) STORED)"
        )
    with DataAccessObject() as dao:
        dao.write(rows.slice(0, 1), table, mode="append")
        dao.upsert(rows, table, keys="name")
        found = dao.read(table, into="pylist")
        assert {(one["name"], one["big"]) for one in found} == {("a", "A"), ("b", "B")}
        assert len({(one["id"], one["nr"]) for one in found}) == 2
        with pytest.raises(DataError, match="id"):
            dao.write(pa.table({"id": pa.array([7], pa.int32()), "name": ["c"]}), table, mode="append")
        with pytest.raises(DataError, match="name"):
            dao.write(pa.table({"big": ["C"]}), table, mode="append")


def _end_all_others(server: PostgresServer) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
