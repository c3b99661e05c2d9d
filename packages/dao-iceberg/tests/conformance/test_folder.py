"""The conformance kit over Iceberg tables in a folder."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.engine.default import DefaultDialect

from dao import DataAccessObject, DataStore, TableObject
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite, FaultPlan, Verdict, patched
from dao_iceberg import IcebergInterface


class TestFolder(ConformanceSuite):
    capabilities = capabilities_of(IcebergInterface)

    @pytest.fixture
    def backend(self, tmp_path):
        folder, other = tmp_path / "lake", tmp_path / "other"
        return Backend(
            store=DataStore("kit", "iceberg", options={"root": str(folder)}),
            other=DataStore("other", "iceberg", options={"root": str(other)}),
            faults=faults,
            debris=lambda: [str(path) for path in folder.rglob(".*.tmp")],
            secret_store=secret_store,
            refer=refer,
            drop_branch=drop_branch,
            rename_column=rename_column,
        )


@contextmanager
def faults(plan: FaultPlan) -> Iterator[FaultPlan]:
    """Let operations of the folder fail, and those of the catalog's database, as SQLite fails."""
    database = (DefaultDialect, "connect", "do_execute", "do_commit")
    with patched(plan, (os, "replace", "link", "unlink", "makedirs", "rmdir")), patched(_OfDatabase(plan), database):
        yield plan


class _OfDatabase(FaultPlan):
    """A plan by whose operations the database fails."""

    def __init__(self, plan: FaultPlan) -> None:
        super().__init__()
        self._plan = plan

    def call(self, name, operation, *args, **named):
        verdict = self._plan.verdict(name)
        if verdict is Verdict.FAIL:
            raise sqlite3.OperationalError(f"injected fault in {name}")
        result = operation(*args, **named)
        if verdict is Verdict.LOSE:
            if name.endswith("connect"):
                result.close()
            raise sqlite3.OperationalError(f"injected fault after {name}")
        return result


def refer(kind: str, table: TableObject, name: str) -> None:
    """Make a branch or a tag of a table's newest snapshot."""
    snapshot = table.data_store.interface._snapshot(table)
    with snapshot.table.manage_snapshots() as manage:
        make = manage.create_tag if kind == "tag" else manage.create_branch
        make(snapshot.version, name)


def drop_branch(table: TableObject, name: str) -> None:
    """Remove a branch of a table."""
    DataAccessObject().run("drop_branch", table, name=name)


def rename_column(table: TableObject, old: str, new: str) -> None:
    """Rename a column of a table."""
    DataAccessObject().run("evolve", table, rename={old: new})


def secret_store(text: str) -> DataStore:
    """A store that answers nothing: the secrets are seen before it is asked."""
    secrets = dict.fromkeys(("access_key_id", "secret_access_key", "session_token"), text)
    options = {
        "catalog": "memory",
        "bucket": "lake",
        "endpoint": "http://127.0.0.1:9",
        "region": "us-east-1",
        "retry": {"attempts": 1},
    }
    return DataStore("secret", "iceberg", options={**options, **secrets})
