"""What tests of S3 may use: a proxy in front of the server, and what is needed to stream in little memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import evolve
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer

from dao import memory


@pytest.fixture(scope="session")
def proxy(object_server: ObjectServer) -> Iterator[FaultProxy]:
    """A proxy in front of the S3 server; it passes everything on unless a test says otherwise."""
    with FaultProxy(object_server.endpoint) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def proxied(object_server: ObjectServer, proxy: FaultProxy) -> ObjectServer:
    """The S3 server as it is reached through the proxy."""
    return evolve(object_server, endpoint=proxy.endpoint)


@pytest.fixture
def small_part_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Part files of 1 MiB: by default several large ones are in memory at once, which only a huge table would show."""
    monkeypatch.setattr(memory, "USUAL", memory.Budget(chunk=1 << 20))
