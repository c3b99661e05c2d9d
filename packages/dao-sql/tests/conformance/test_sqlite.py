"""The conformance kit over SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao import DataStore
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite, patched
from dao_sql._connections.adbc import AdbcConnection
from dao_sql._sqlite.interface import SqliteInterface


def _store(name: str, path: Path) -> DataStore:
    return DataStore(name, "sqlite", options={"database": str(path)})


class TestSqlite(ConformanceSuite):
    capabilities = capabilities_of(SqliteInterface)

    @pytest.fixture
    def backend(self, tmp_path: Path) -> Backend:
        return Backend(
            store=_store("kit", tmp_path / "kit.db"),
            other=_store("other", tmp_path / "other.db"),
            faults=lambda plan: patched(
                plan, (AdbcConnection, "execute", "query", "ingest", "begin", "commit", "rollback")
            ),
        )
