"""The kit for storages on the storages and transports of this package."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao.errors import ConfigError
from dao_files import LocalStorage, MemoryStorage, Storage
from dao_files.manifest import ManifestStorage, MemoryTransport, Transport
from dao_files.testing import StorageSuite, TransportSuite


class TestMemoryTransport(TransportSuite):
    @pytest.fixture
    def transport(self) -> Transport:
        return MemoryTransport()


class TestMemoryStorage(StorageSuite):
    @pytest.fixture
    def storage(self) -> Storage:
        return MemoryStorage()


class TestLocalStorage(StorageSuite):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        return LocalStorage(str(tmp_path / "root"))


class TestManifestStorage(StorageSuite):
    @pytest.fixture
    def storage(self) -> ManifestStorage:
        return ManifestStorage(MemoryTransport())

    @pytest.fixture
    def rival(self, storage: ManifestStorage) -> ManifestStorage:
        return ManifestStorage(storage.transport)


def test_a_rule_cannot_be_overridden() -> None:
    with pytest.raises(ConfigError, match=r"Mine.test_parts_are_exact takes the place of a rule"):
        type("Mine", (TransportSuite,), {"test_parts_are_exact": None})
    type("Mine", (TransportSuite,), {"test_one_of_its_own": None})
