"""The kit for transports on this driver, on each kind of store."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from dao_files.testing import TransportSuite
from dao_s3._obstore.transport import ObstoreTransport


@pytest.mark.usefixtures("no_atomic_conditions")
class TestOnS3(TransportSuite):
    @pytest.fixture
    def transport(self, on_s3, monkeypatch: pytest.MonkeyPatch) -> ObstoreTransport:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):  # secrets that are given are not pickled
            monkeypatch.setenv(name, "key")
        return on_s3(access_key_id=None, secret_access_key=None)


class TestInMemory(TransportSuite):
    lacks: ClassVar = {"pickle": "obstore's memory stays in its process"}

    @pytest.fixture
    def transport(self, make) -> ObstoreTransport:
        return make(url="memory://")


class TestInAFolder(TransportSuite):
    lacks: ClassVar = {"prefix_keys": "a folder has a file or a folder at a name", "metadata": "files have none"}

    @pytest.fixture
    def transport(self, make, tmp_path: Path) -> ObstoreTransport:
        (tmp_path / "root").mkdir()
        return make(url=(tmp_path / "root").as_uri())
