"""What every integration test may use: where the repository is, and services, which are started when first needed."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

# The tests are imported by their paths; what they share is imported by its name.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from azure import azurite
from services import minio, postgres, rest_catalog
from services.choosing import Offer
from services.fault_proxy import FaultProxy


def pytest_report_header() -> list[str]:
    """Say which services the tests run against."""
    services = {"S3": minio.offer, "PostgreSQL": postgres.offer, "REST catalog": rest_catalog.offer}
    if azurite.ABSENT:
        absent = ["Azure: declared absent by DAO_WITHOUT, its tests are NOT run"]
    else:
        absent, services["Azure"] = [], azurite.offer
    return [_told(name, offer) for name, offer in services.items()] + absent


def _told(name: str, offer: Callable[[], Offer[Any]]) -> str:
    try:
        chosen = offer()
    except pytest.UsageError as error:
        return f"{name}: NOT TO BE HAD, its tests will fail: {error}"
    return f"{name}: {chosen.what} ({chosen.way})"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def object_server() -> Iterator[minio.ObjectServer]:
    """An S3 server."""
    with minio.offer().start() as server:
        yield server


@pytest.fixture(scope="session")
def proxy(object_server: minio.ObjectServer) -> Iterator[FaultProxy]:
    """A proxy in front of the S3 server; it passes everything on unless a test says otherwise."""
    with FaultProxy(object_server.endpoint) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def proxied(object_server: minio.ObjectServer, proxy: FaultProxy) -> minio.ObjectServer:
    """The S3 server as it is reached through the proxy."""
    return evolve(object_server, endpoint=proxy.endpoint)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.PostgresServer]:
    """A PostgreSQL server."""
    with postgres.offer().start() as server:
        yield server


@pytest.fixture
def bucket(object_server: minio.ObjectServer) -> str:
    """The name of a new bucket, for one test."""
    return minio.make_bucket(object_server, f"test-{uuid.uuid4().hex}")
