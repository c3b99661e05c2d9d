"""The conformance kit over a real S3 server, with a catalog in SQLite, in PostgreSQL and of a REST service.

A proxy in between lets requests for files fail, and those of the catalog fail as its driver tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from attrs import evolve
from services import rest_catalog
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer

from dao import DataAccessObject, DataObject, DataStore
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite, FaultPlan
from dao_iceberg import IcebergInterface, S3IcebergObject
from iceberg.catalogs import CatalogKind
from iceberg.looking import leftovers

pytestmark = pytest.mark.timeout(600)

CAPABILITIES = capabilities_of(IcebergInterface)
Kinds = Callable[[str], CatalogKind]


def backend_of(
    kind: CatalogKind, object_server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str
) -> Backend:
    """Two empty stores in a new bucket, reached through the proxy, with catalogs of their own."""
    store = kind.store("kit", proxied, bucket, prefix="kit")
    other = kind.store("other", proxied, bucket, prefix="elsewhere/other")

    @contextmanager
    def faults(plan: FaultPlan) -> Iterator[FaultPlan]:
        with proxy.under(plan), kind.faults(plan):
            yield plan

    def secret_store(secret: str) -> DataStore:
        secrets = dict.fromkeys(("access_key_id", "secret_access_key", "session_token"), secret)
        return kind.store("secret", object_server, bucket, **secrets)

    return Backend(
        store=store,
        other=other,
        table_type=S3IcebergObject,
        faults=faults,
        debris=(lambda: leftovers(object_server, bucket, store, other)) if kind.keeps_snapshots else None,
        refer=refer,
        drop_branch=drop_branch,
        rename_column=rename_column,
        secret_store=secret_store,
    )


def refer(kind: str, table: DataObject, name: str) -> None:
    """Make a branch or a tag of a table's newest snapshot."""
    snapshot: Any = table.data_store.interface._snapshot(table)
    with snapshot.table.manage_snapshots() as manage:
        make = manage.create_tag if kind == "tag" else manage.create_branch
        make(snapshot.version, name)


def drop_branch(table: DataObject, name: str) -> None:
    """Remove a branch of a table."""
    DataAccessObject().run("drop_branch", table, name=name)


def rename_column(table: DataObject, old: str, new: str) -> None:
    """Rename a column of a table."""
    DataAccessObject().run("evolve", table, rename={old: new})


@pytest.mark.slow  # the catalog's code is that of PostgreSQL's, and the package's own tests run the kit on SQLite
class TestSqlite(ConformanceSuite):
    capabilities = CAPABILITIES

    @pytest.fixture
    def backend(
        self, kind_of: Kinds, object_server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str
    ) -> Backend:
        return backend_of(kind_of("sqlite"), object_server, proxied, proxy, bucket)


class TestPostgres(ConformanceSuite):
    capabilities = CAPABILITIES

    @pytest.fixture
    def backend(
        self, kind_of: Kinds, object_server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str
    ) -> Backend:
        return backend_of(kind_of("postgres"), object_server, proxied, proxy, bucket)


_ONE = "Nessie keeps the newest snapshot of a table alone, and has branches of all tables"
OF_NESSIE = evolve(
    CAPABILITIES,
    lacks_actions={"read_changes": _ONE},
    lacks_operations={**CAPABILITIES.lacks_operations, **dict.fromkeys(("restore", "expire"), _ONE)},
    lacks_features={**CAPABILITIES.lacks_features, **dict.fromkeys(("time_travel", "branches", "tags"), _ONE)},
)


class TestRest(ConformanceSuite):
    capabilities = OF_NESSIE if rest_catalog.offer().way == "programs" else CAPABILITIES

    @pytest.fixture
    def backend(
        self, kind_of: Kinds, object_server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str
    ) -> Backend:
        return backend_of(kind_of("rest"), object_server, proxied, proxy, bucket)
