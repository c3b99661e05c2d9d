"""Interfaces that a plugin of this folder's tests registers."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from dao.data_object import FileObject
from dao.hookspecs import hookimpl
from dao.plugins import Plugins
from dao.secrets import Secret

MODULE = "catalog_test_backend"


@attrs.frozen
class Retry:
    attempts: int = 3
    wait: float = 1.0


@attrs.define
class Bucket:
    bucket: str
    region: str = "eu-central-1"
    port: int = 9000
    secure: bool = True
    credential_text: Secret | None = None
    password: Secret | None = None
    retry: Retry = attrs.field(factory=Retry)

    def read(self, data_object: Any) -> str:
        return f"{self.bucket}/{data_object.key}"


@attrs.define
class BucketSpark:
    bucket: str
    cluster: str = "local"

    def read(self, data_object: Any) -> str:
        return f"{self.cluster}:{self.bucket}"


class Plain:
    def __init__(self, root: str = ".", password: str = "") -> None:
        self.root, self.password = root, password

    def read(self, data_object: Any) -> str:
        return self.root


class Sheet(FileObject):
    type_name = "sheet"


class _Plugin:
    @hookimpl
    def dao_interfaces(self) -> dict[str, str]:
        return {"bucket": f"{MODULE}:Bucket", "bucket.spark": f"{MODULE}:BucketSpark", "memory": f"{MODULE}:Plain"}

    @hookimpl
    def dao_object_types(self) -> dict[str, str]:
        return {"sheet": f"{MODULE}:Sheet"}


@pytest.fixture(autouse=True)
def backend() -> Iterator[types.ModuleType]:
    """The module that the test plugin's interfaces are in."""
    module = types.ModuleType(MODULE)
    for kind in (Retry, Bucket, BucketSpark, Plain, Sheet):
        setattr(module, kind.__name__, kind)
    sys.modules[MODULE] = module
    yield module
    del sys.modules[MODULE]


@pytest.fixture
def plugins() -> Plugins:
    """Only the test plugin."""
    found = Plugins(discover=False)
    found.register(_Plugin(), "test")
    return found


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a file below the test's folder."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file
