"""Both storages, so that every rule is tested on each, and a few ways to say things shortly."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from dao.data_object import DataObject, TableObject
from dao_files import FilesInterface, LocalInterface, MemoryInterface

sys.path.insert(0, str(Path(__file__).parent))  # the helpers beside the tests

ROWS = pa.table({"id": [1, 2, 3], "day": ["mo", "tu", "mo"], "x": [0.5, None, 2.5]})


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FilesInterface]:
    if request.param == "memory":
        yield MemoryInterface(lock_timeout=2)
        return
    yield LocalInterface(tmp_path / "root", lock_timeout=2)
    staging = tmp_path / "root" / ".dao" / "staging"
    assert not staging.exists() or not list(staging.iterdir()), "something was left in staging"


@pytest.fixture
def table() -> TableObject:
    return TableObject("t")


@pytest.fixture
def rows() -> pa.Table:
    return ROWS


def keys_of(store: FilesInterface, data_object: DataObject) -> list[str]:
    return [info.key for info in store.list(data_object)]


@pytest.fixture
def put_foreign(store: FilesInterface) -> Callable[[bytes, str], None]:
    """Puts a file under a key as another program would: even over the log of a table."""

    def put(content: bytes, key: str) -> None:
        with store.storage.change(key, tree=False, blind=True) as change:
            with change.create("") as file:
                file.write(content)
            change.publish()

    return put
