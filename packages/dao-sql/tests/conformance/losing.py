"""Faults of SQLite's connection: a file isn't lost, so that the loss of the answer to COMMIT is acted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dao import DataStore
from dao.errors import TransientError
from dao.testing import Backend, FaultPlan, patched
from dao_sql import AdbcConnection

__all__ = ["backend_in", "losing"]


class Lost(TransientError):
    """What a driver raises when the connection is lost."""


@contextmanager
def losing(plan: FaultPlan) -> Iterator[FaultPlan]:
    """Calls of the driver fail as the plan says: a COMMIT, done or not, as if the connection were lost."""
    usual = plan.error
    plan.error = lambda name: Lost(name) if name.endswith(".commit") else usual(name)
    is_lost = AdbcConnection.is_lost
    AdbcConnection.is_lost = lambda connection, error: isinstance(error, Lost)  # type: ignore[method-assign]
    try:
        with patched(plan, (AdbcConnection, "execute", "query", "ingest", "begin", "commit", "rollback")):
            yield plan
    finally:
        AdbcConnection.is_lost = is_lost  # type: ignore[method-assign]


def backend_in(folder: Path) -> Backend:
    """Two stores in a folder, with these faults."""

    def store(name: str) -> DataStore:
        return DataStore(name, "sqlite", options={"database": str(folder / f"{name}.db")})

    return Backend(store=store("kit"), other=store("other"), faults=losing)
