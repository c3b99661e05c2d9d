"""Catalogs that name the tests' tables, each new and empty; and how their databases and services fail."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from attrs import frozen
from s3.stores import options_of
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer
from services.postgres import PostgresServer
from services.rest_catalog import CatalogServer
from sqlalchemy.engine.default import DefaultDialect

from dao import DataStore
from dao.testing import FaultPlan, Verdict, patched

__all__ = ["KINDS", "CatalogKind", "in_postgres", "in_sqlite", "of_service"]

KINDS = ("sqlite", "postgres", "rest")
Options = dict[str, Any]


@frozen
class CatalogKind:
    """A kind of catalog.

    Attributes:
        name: of it.
        options: of an empty catalog, as a store has them: another one with each call.
        faults: lets its requests fail by a plan.
        keeps_snapshots: whether it keeps the older snapshots of a table.
    """

    name: str
    options: Callable[[], Options]
    faults: Callable[[FaultPlan], AbstractContextManager[Any]]
    keeps_snapshots: bool = True

    def store(self, name: str, server: ObjectServer, bucket: str, **others: Any) -> DataStore:
        """A store in a bucket, with an empty catalog."""
        return DataStore(name, "iceberg", options=options_of(server, bucket, **self.options(), **others))


def in_sqlite(folder: Path) -> CatalogKind:
    """Catalogs in files of a folder."""

    def options() -> Options:
        return {"catalog": "sql", "uri": f"sqlite:///{folder / uuid.uuid4().hex}.db"}

    return CatalogKind("sqlite", options, lambda plan: _failing(plan, sqlite3.OperationalError))


def in_postgres(server: PostgresServer) -> CatalogKind:
    """Catalogs in one database: each has a name of its own."""

    def options() -> Options:
        return {"catalog": "sql", "uri": server.url, "catalog_name": uuid.uuid4().hex}

    return CatalogKind("postgres", options, lambda plan: _failing(plan, psycopg.OperationalError))


def of_service(server: CatalogServer, proxy: FaultProxy) -> CatalogKind:
    """Catalogs of a service, behind a proxy."""

    def options() -> Options:
        return {"catalog": "rest", **server.new(proxy.endpoint)}

    return CatalogKind("rest", options, proxy.under, keeps_snapshots=not server.is_nessie)


@contextmanager
def _failing(plan: FaultPlan, error: type[Exception]) -> Iterator[FaultPlan]:
    """Let a database's operations fail, as its driver tells it of a connection that broke."""
    with patched(_OfDatabase(plan, error), (DefaultDialect, "connect", "do_execute", "do_commit")):
        yield plan


class _OfDatabase(FaultPlan):
    """A plan by whose operations a database fails; the connection to a server is then of no use any more."""

    def __init__(self, plan: FaultPlan, error: type[Exception]) -> None:
        super().__init__()
        self._plan, self._error = plan, error

    def call(self, name: str, operation: Any, *args: Any, **named: Any) -> Any:
        verdict = self._plan.verdict(name)
        result = operation(*args, **named) if verdict is not Verdict.FAIL else None
        if verdict is Verdict.PASS:
            return result
        broken = result if name.endswith("connect") else args[1]
        connection = getattr(broken, "driver_connection", None) or getattr(broken, "connection", broken)
        if connection is not None and (isinstance(connection, psycopg.Connection) or broken is result):
            connection.close()
        raise self._error(f"injected fault in {name}")
