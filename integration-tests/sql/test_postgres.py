"""The conformance kit over PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from services.postgres import PostgresServer

from dao import DataStore
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite, patched
from dao_sql import AdbcConnection, PostgresInterface
from dao_sql._postgres.connection import PostgresConnection
from sql.schemas import new_schema, tables_left


class TestPostgres(ConformanceSuite):
    capabilities = capabilities_of(PostgresInterface)

    @pytest.fixture
    def backend(self, postgres_server: PostgresServer) -> Iterator[Backend]:
        with new_schema(postgres_server) as schema, new_schema(postgres_server) as other:
            yield Backend(
                store=_store("kit", postgres_server.url, schema),
                other=_store("other", postgres_server.url, other),
                faults=lambda plan: patched(
                    plan,
                    (AdbcConnection, "execute", "query", "ingest"),
                    (PostgresConnection, "begin", "commit", "rollback"),
                ),
                debris=lambda: tables_left(postgres_server),
                secret_store=lambda text: _store("secret", text, schema),
            )


def _store(name: str, uri: str, schema: str) -> DataStore:
    return DataStore(name, "postgres", options={"uri": uri, "schema": schema})
