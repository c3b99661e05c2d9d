"""Tables of PostgreSQL that other transactions hold: what waits ends, and says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from services.postgres import PostgresServer

from dao import ConflictError, DataAccessObject, DataStore, TableObject
from sql.schemas import new_schema

ROW = [{"id": 1}]
SETTING = "SELECT current_setting('lock_timeout') AS found"


@pytest.fixture
def schema(postgres_server: PostgresServer) -> Iterator[str]:
    with new_schema(postgres_server) as name:
        yield name


@pytest.mark.parametrize("seconds", [0, 0.2])
def test_a_change_ends_that_waits_for_another_transaction(
    postgres_server: PostgresServer, schema: str, seconds: float
) -> None:
    store = DataStore("gold", "postgres", options={"uri": postgres_server.url, "schema": schema,
                                                   "conflict_timeout": seconds})  # fmt: skip
    table = TableObject("held", store)
    with DataAccessObject() as dao, closing(store), psycopg.connect(postgres_server.url) as other:
        dao.write(ROW, table)
        other.execute(f"INSERT INTO {schema}.held VALUES (2)")
        for change in (
            lambda: dao.write(ROW, table, mode="overwrite"),
            lambda: dao.write([{"name": "a"}], table, mode="overwrite"),
            lambda: dao.delete(table),
            lambda: dao.delete(table, where="id = 1"),
            lambda: dao.upsert(ROW, table, keys=["id"]),
        ):
            with pytest.raises(ConflictError, match=r"another transaction holds the table 'held'.*Read the stream"):
                change()
        asked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        assert other.execute(asked).fetchall() == [(0,)]
        other.rollback()
        dao.write(ROW, table, mode="append")
        assert dao.run("sql", table, query=SETTING).to_pylist() == [{"found": "5s"}]
        assert dao.count(table) == 2
