"""Catalogs for the tests of this folder; services start when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from services import minio, rest_catalog
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer

from iceberg.catalogs import CatalogKind, in_postgres, in_sqlite, of_service

_OF_CATALOGS = frozenset(
    [
        *("Appends", "Concurrency", "DeletingUpserts", "Exists", "Faults", "Idempotency"),
        *("Lists", "Moves", "Names", "Overwrites", "PartitionOverwrites", "Positions"),
        *("References", "SchemaEvolution", "Secrets", "Upserts", "Writes"),
    ]
)
"""The parts of the kit that another catalog could fail.

The others run with one catalog, and in `sweeps` with all but Nessie, which lacks half of what they are about. With
stand-ins the quick ring has these with one catalog alone.
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is not worth its time in the quick rings, and let one process have the REST catalog."""
    here, stand_ins = Path(__file__).parent, minio.offer().way == "stand-ins"
    nessie = rest_catalog.offer().way == "programs"
    left_out = []
    for item in items:
        if here not in item.path.parents:
            continue
        if "rest" in item.nodeid.lower() or "catalog_proxy" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("rest catalog"))
        kit = getattr(getattr(item, "cls", None), "__name__", None)
        if kit is None:
            continue
        may_differ = item.function.__qualname__.partition(".")[0] in _OF_CATALOGS
        if kit == "TestRest" and nessie and not may_differ:
            left_out.append(item)
        sqlite = kit == "TestSqlite"
        quick = (sqlite and may_differ) if stand_ins else (sqlite or may_differ)
        if not quick:
            item.add_marker(pytest.mark.slow)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def catalog_server(object_server: ObjectServer) -> Iterator[rest_catalog.CatalogServer]:
    """A REST catalog over the S3 server."""
    with rest_catalog.offer().start(object_server) as server:
        yield server


@pytest.fixture(scope="session")
def catalog_proxy(catalog_server: rest_catalog.CatalogServer) -> Iterator[FaultProxy]:
    """A proxy in front of the REST catalog."""
    with FaultProxy(catalog_server.endpoint) as proxy:
        yield proxy


@pytest.fixture
def kind_of(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], CatalogKind]:
    """A kind of catalog by its name."""

    def make(name: str) -> CatalogKind:
        if name == "sqlite":
            return in_sqlite(tmp_path)
        if name == "postgres":
            return in_postgres(request.getfixturevalue("postgres_server"))
        return of_service(request.getfixturevalue("catalog_server"), request.getfixturevalue("catalog_proxy"))

    return make
