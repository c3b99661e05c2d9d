"""Azure's emulator for the tests of this folder, started when it is first needed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from azure import azurite
from dao import DataStore


def _say(config: pytest.Config, text: str) -> None:
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(text)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave these tests out where the emulator was declared absent, and say so."""
    here = Path(__file__).parent
    ours = [item for item in items if here in item.path.parents]
    if azurite.ABSENT and ours:
        _say(config, f"Azure: declared absent by DAO_WITHOUT=azurite, {len(ours)} tests are NOT run")
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


@pytest.fixture(scope="session")
def blob_server(request: pytest.FixtureRequest) -> Iterator[azurite.BlobServer]:
    """The emulator."""
    offer = azurite.offer()
    _say(request.config, f"Azure: {offer.what} ({offer.way})")
    with offer.start() as server:
        yield server


@pytest.fixture
def container(blob_server: azurite.BlobServer) -> str:
    """The name of a new container, for one test."""
    return blob_server.make_container(f"test-{uuid.uuid4().hex}")


@pytest.fixture
def store(blob_server: azurite.BlobServer, container: str) -> Iterator[DataStore]:
    """An empty store in a new container."""
    made = DataStore("box", "s3.obstore", options=blob_server.options(f"az://{container}/pre fix"))
    yield made
    made.close()
