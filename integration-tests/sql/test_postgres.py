"""The conformance kit over PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, time
from decimal import Decimal

import psycopg
import pytest
from adbc_driver_manager import AdbcStatusCode, OperationalError
from services.postgres import PostgresServer

from dao import DataObject, DataStore, TableObject
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite, FaultPlan, patched
from dao_sql import AdbcConnection, PostgresInterface
from dao_sql._postgres.connection import PostgresConnection
from sql.schemas import new_schema, tables_left

TYPES = {
    "varchar(3)": ["a", "ab "], "char(3)": ["a"], '"char"': ["a"], "name": ["a"], "numeric": ["1.50"],
    "citext": ["a", "A"],
    "numeric(5, 2)": [Decimal("1.50")], "numeric(3, -1)": ["10"], "numeric(2, 4)": [Decimal("0.0012")], "real": [0.5],
    "timestamp(0)": [datetime(2026, 1, 1)], "timestamptz(3)": [datetime(2026, 1, 1, tzinfo=UTC)], "time(0)": [time(12)],
    "interval(0)": ["1 day"], "timetz(0)": ["12:00:00+01"], "bit(3)": ["101"], "varbit(3)": ["1"], "money": ["$1.00"],
    "mood": ["A", "a"], "short": ["a", "a  "], "smallint": [2], "inet": ["10.0.0.1/32"], "varchar(2)[]": ["{a}"],
    "json": ['{"a": 1, "a": 2}'], "text COLLATE anycase": ["a", "A"], "varchar(3) COLLATE anycase": ["a", "A"],
}  # fmt: skip
"""Types of tables of others, each with values that it keeps."""
_ENDS = ("infinity", "-infinity", "10000-01-01", "0001-12-31 BC")
MISFITS = {
    "date": (*_ENDS, "5874897-12-31"), "timestamp": (*_ENDS, "294276-12-31"), "timestamptz": (*_ENDS, "294276-12-31"),
    "time": ("24:00",),
}  # fmt: skip
"""Moments that PostgreSQL has and DAO hasn't."""
NEEDED = {
    "citext": "SELECT FROM pg_available_extensions WHERE name = 'citext'",
    "anycase": "SELECT FROM pg_collation WHERE collname = 'und-x-icu'",
}
"""Words in types that not every build of PostgreSQL has, and what asks whether it has them."""
DEFINITIONS = {
    "citext": "CREATE EXTENSION IF NOT EXISTS citext",
    "mood": "CREATE TYPE mood AS ENUM ('b', 'a', 'A')",
    "short": "CREATE DOMAIN short AS varchar(3)",
    "anycase": "CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
}


@pytest.fixture(scope="session")
def lacking(postgres_server: PostgresServer) -> frozenset[str]:
    """Those words that the server doesn't know."""
    with psycopg.connect(postgres_server.url) as connection:
        return frozenset(word for word, asked in NEEDED.items() if connection.execute(asked).fetchone() is None)


class TestPostgres(ConformanceSuite):
    capabilities = capabilities_of(PostgresInterface)

    @pytest.fixture
    def backend(self, postgres_server: PostgresServer, lacking: frozenset[str]) -> Iterator[Backend]:
        with new_schema(postgres_server) as schema, new_schema(postgres_server) as other:

            def declare(table: DataObject, declared: str) -> None:
                with psycopg.connect(postgres_server.url, options=f"-c search_path={schema},public") as connection:
                    if connection.execute("SELECT to_regtype('mood')").fetchone() == (None,):
                        for word in DEFINITIONS.keys() - lacking:
                            connection.execute(DEFINITIONS[word])
                    connection.execute(f"CREATE TABLE {table.key} (value {declared})")

            yield Backend(
                declare=declare,
                declared_types={
                    name: kept for name, kept in TYPES.items() if not any(word in name for word in lacking)
                },
                misfits=lambda: _misfits(postgres_server, schema),
                store=_store("kit", postgres_server.url, schema),
                other=_store("other", postgres_server.url, other),
                faults=_losing,
                debris=lambda: tables_left(postgres_server),
                secret_store=lambda text: _store("secret", text, schema),
            )


def _misfits(server: PostgresServer, schema: str) -> dict[str, DataObject]:
    store, made = _store("kit", server.url, schema), dict[str, DataObject]()
    with psycopg.connect(server.url, options=f"-c search_path={schema}") as connection:
        for number, (kind, value) in enumerate((kind, value) for kind, values in MISFITS.items() for value in values):
            connection.execute(f"CREATE TABLE misfit_{number} (value {kind})")
            connection.execute(f"INSERT INTO misfit_{number} VALUES (NULL), ('{value}')")
            made[f"{kind} {value}"] = TableObject(f"misfit_{number}", store)
    return made


def _losing(plan: FaultPlan) -> AbstractContextManager[FaultPlan]:
    """Calls of the driver fail as the plan says, and as where the connection is lost."""
    plan.error = lambda name: OperationalError(
        f"{name}: server closed the connection", status_code=AdbcStatusCode.IO, sqlstate="08006"
    )
    return patched(
        plan, (AdbcConnection, "execute", "query", "ingest"), (PostgresConnection, "begin", "commit", "rollback")
    )


def _store(name: str, uri: str, schema: str) -> DataStore:
    return DataStore(name, "postgres", options={"uri": uri, "schema": schema})
