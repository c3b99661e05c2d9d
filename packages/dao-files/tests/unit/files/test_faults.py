"""Fail the n-th operation of the storage in every change: all or nothing, and the next write works."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dao.data_object import DirectoryObject, FileObject, TableObject
from dao.errors import DaoError, StoreError
from dao.file_set import FileSet, SourceFile
from dao.testing import positions
from dao_files import FilesInterface, LocalInterface, MemoryInterface
from dao_files._local import memory
from dao_files._storage.faults import translate

T, P, U, F, G = TableObject("t"), TableObject("p"), TableObject("u"), FileObject("f.parquet"), FileObject("g.parquet")
ROWS = pa.table({"id": [1, 2, 3], "day": ["mo", "tu", "mo"]})
MORE = pa.table({"id": [3, 4], "day": ["tu", "we"]})

CHANGES: dict[str, Callable[[FilesInterface], Any]] = {
    "create": lambda s: s.write(MORE, U, format="parquet"),
    "create partitions": lambda s: s.write(MORE, U, format="parquet", partition_by="day"),
    "append": lambda s: s.write(MORE, T, mode="append"),
    "overwrite": lambda s: s.write(MORE, T, mode="overwrite"),
    "overwrite partitions": lambda s: s.write(MORE, P, mode="overwrite_partitions"),
    "upsert": lambda s: s.upsert(MORE, T, keys="id"),
    "upsert partitions": lambda s: s.upsert(MORE, P, keys="id"),
    "upsert a file": lambda s: s.upsert(MORE, F, keys="id"),
    "delete rows": lambda s: s.delete(T, where="id = 1"),
    "delete rows of a file": lambda s: s.delete(F, where="id = 1"),
    "delete": lambda s: s.delete(T),
    "delete a file": lambda s: s.delete(F),
    "write a file": lambda s: s.write(MORE, G),
    "overwrite a file": lambda s: s.write(MORE, F, mode="overwrite"),
    "append to a file": lambda s: s.write(MORE, F, mode="append"),
    "write bytes": lambda s: s.write_bytes(b"x", FileObject("b")),
    "several files": lambda s: s.write_files(
        FileSet([SourceFile(n, lambda: io.BytesIO(b"x")) for n in "ab"]), DirectoryObject("d")
    ),
    "copy": lambda s: s.copy(T, U),
    "copy over": lambda s: s.copy(T, P, mode="overwrite"),
    "copy a file": lambda s: s.copy(F, G),
    "move": lambda s: s.move(T, U),
    "move over": lambda s: s.move(T, P, mode="overwrite"),
    "move a file": lambda s: s.move(F, G),
}


def fill(store: FilesInterface) -> None:
    store.write(ROWS, T, format="parquet")
    store.write(ROWS.slice(0, 2), P, format="parquet", partition_by="day")
    store.write(ROWS, F)


def contents(store: FilesInterface) -> dict[str, Any]:
    """Everything that can be seen: rows of tables, bytes of files, and what else lies about."""
    seen: dict[str, Any] = {}
    for name in "tpu":
        table = TableObject(name)
        if store.exists(table):
            seen[name] = sorted(store.read(table).select(["id", "day"]).to_pylist(), key=str)
            assert store.count(table) == len(seen[name])
    for key in (info.key for info in store.list(DirectoryObject("all", key=""))):
        if key.endswith(".parquet") and "/" not in key:
            seen[key] = store.read(FileObject(key)).to_pylist()
        elif key.split("/")[0] not in ("t", "p", "u"):
            seen[key] = store.read_bytes(FileObject(key), into="bytes")
    return seen


class Failing:
    """Counts operations, and lets the n-th fail."""

    def __init__(self) -> None:
        self.count = 0
        self.at = 0

    def step(self) -> None:
        self.count += 1
        if self.count == self.at:
            raise OSError(5, "Input/output error")


os_scandir, os_listdir = os.scandir, os.listdir
OS_CALLS = ("open", "mkdir", "makedirs", "rename", "replace", "link", "unlink", "scandir", "listdir", "stat")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    counter = Failing()

    def failing_before(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            handles = any(name.endswith("dir_fd") for name in kwargs) or real in (os_scandir, os_listdir)
            if handles or any("/root" in arg for arg in args if isinstance(arg, str)):
                counter.step()
            return real(*args, **kwargs)

        return call

    from dao_files._local import change, publishing, snapshot

    for name in OS_CALLS:
        monkeypatch.setattr(os, name, failing_before(getattr(os, name)))
    monkeypatch.setattr(shutil, "rmtree", failing_before(shutil.rmtree))
    monkeypatch.setattr(publishing, "exchange", failing_before(publishing.exchange))
    real_native, real_create = snapshot.FolderSnapshot._open_native, change.FolderChange.create

    def open_native(self: Any, key: str) -> Any:
        counter.step()
        return real_native(self, key)

    def create(self: Any, path: str, *, native: bool = False, **arguments: Any) -> Any:
        counter.step()
        file = real_create(self, path, native=native, **arguments)
        return _FailingFile(file, counter) if not native else file

    monkeypatch.setattr(snapshot.FolderSnapshot, "_open_native", open_native)
    monkeypatch.setattr(change.FolderChange, "create", create)
    for name in ("create", "keep", "copy_in", "size"):
        monkeypatch.setattr(memory.MemoryChange, name, stepping(counter, getattr(memory.MemoryChange, name)))
    monkeypatch.setattr(memory.MemoryStorage, "swap", stepping(counter, memory.MemoryStorage.swap))
    return counter


def stepping(counter: Failing, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        counter.step()
        return real(*args, **kwargs)

    return call


class _FailingFile:
    def __init__(self, file: Any, counter: Failing) -> None:
        self._file = file
        self._counter = counter

    def write(self, data: bytes) -> int:
        self._counter.step()
        return int(self._file.write(data))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> _FailingFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def stores(tmp_path: Path, kind: str) -> Iterator[FilesInterface]:
    number = 0
    while True:
        number += 1
        yield LocalInterface(tmp_path / str(number) / "root") if kind == "local" else MemoryInterface()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", ["local", "memory"])
@pytest.mark.parametrize("name", CHANGES)
def test_the_nth_operation_fails(tmp_path: Path, failing: Failing, kind: str, name: str) -> None:
    change = CHANGES[name]
    made = stores(tmp_path, kind)
    reference = next(made)
    fill(reference)
    old = contents(reference)
    failing.count = 0
    change(reference)
    steps = failing.count
    new = contents(reference)
    assert old != new
    assert steps > 0
    for at in positions(steps):
        store = next(made)
        fill(store)
        failing.count, failing.at = 0, at
        failed = False
        try:
            change(store)
        except (OSError, DaoError) as error:
            failed = True
            if kind == "local":
                translated = error if isinstance(error, DaoError) else translate(error, store.storage)
                assert isinstance(translated, StoreError)
        finally:
            failing.at = 0
        seen = contents(store)
        assert seen in (old, new), f"{name}: half of it is there after step {at}"
        if not failed:
            assert seen == new, f"{name}: step {at} failed without a word"
        elif seen == old:
            change(store)
            assert contents(store) == new, f"{name}: can't be done again after step {at}"
        store.write(ROWS, TableObject("after"), format="parquet")
        if isinstance(store, LocalInterface):
            assert os.listdir(f"{store.root}/.dao/staging") == []
