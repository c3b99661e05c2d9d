"""Threads and processes at once: acknowledged is present, readers see one version, nobody waits for ever."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from left_behind import left_behind

from dao.data_object import FileObject, TableObject
from dao.errors import AlreadyExistsError, TransientError
from dao_files import FilesInterface, LocalInterface, MemoryInterface

T = TableObject("t")


@pytest.fixture(params=["local", "memory"])
def any_store(request: pytest.FixtureRequest, root: Path) -> FilesInterface:
    return LocalInterface(root) if request.param == "local" else MemoryInterface()


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    gate = threading.Barrier(count)

    def run(number: int) -> Any:
        gate.wait()
        try:
            return work(number)
        except Exception as error:  # the outcome is what is asked for
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.parametrize("target", [T, FileObject("f.parquet")])
def test_of_many_creators_one_wins(any_store: FilesInterface, target: TableObject | FileObject) -> None:
    outcomes = at_once(16, lambda n: any_store.write(pa.table({"n": [n]}), target, format="parquet"))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyExistsError"] * 15 + ["WriteResult"]
    winner = next(n for n, outcome in enumerate(outcomes) if not isinstance(outcome, AlreadyExistsError))
    assert any_store.read(target).to_pydict() == {"n": [winner]}


def test_many_appenders_lose_nothing(any_store: FilesInterface) -> None:
    def append(number: int) -> None:
        for turn in range(5):
            any_store.write(pa.table({"n": [number * 10 + turn]}), T, mode="append", format="parquet")

    assert at_once(16, append) == [None] * 16
    assert sorted(any_store.read(T).column("n").to_pylist()) == sorted(n * 10 + t for n in range(16) for t in range(5))
    assert [v.version for v in any_store.history(T)] == list(range(80, 0, -1))


def test_upserts_of_one_key_update_it_once_each(any_store: FilesInterface) -> None:
    outcomes = at_once(8, lambda n: any_store.upsert(pa.table({"k": [1], "n": [n]}), T, keys="k", format="parquet"))
    assert sorted(outcome.rows_inserted for outcome in outcomes) == [0] * 7 + [1]
    assert any_store.count(T) == 1


def test_readers_see_one_version_whole(any_store: FilesInterface) -> None:
    def rows(version: int) -> pa.Table:
        return pa.table({"p": [0, 1, 2] * 10, "v": [version] * 30})

    any_store.write(rows(0), T, format="parquet", partition_by="p")
    done = threading.Event()
    seen: set[int] = set()

    def write() -> None:
        try:
            for version in range(1, 31):
                mode = "overwrite" if version % 2 else "overwrite_partitions"
                any_store.write(rows(version), T, mode=mode, partition_by="p")
        finally:
            done.set()

    def work(number: int) -> None:
        if number == 0:
            write()
        while not done.is_set():
            found = any_store.read(T) if number % 2 else any_store.read_stream(T, batch_size=7).read_all()
            assert found.num_rows == 30
            versions = set(found.column("v").to_pylist())
            assert len(versions) == 1
            seen.update(versions)

    assert at_once(4, work) == [None] * 4
    assert len(seen) > 3


def test_a_writer_of_the_whole_waits_for_one_below(any_store: FilesInterface) -> None:
    """`a` is replaced while `a/b` is written: one of them comes first, and neither is lost without a word."""
    any_store.write_bytes(b"0", FileObject("a/_b"))

    def work(number: int) -> None:
        for turn in range(10):
            if number % 2:
                any_store.write_bytes(str(turn).encode(), FileObject("a/_b"), mode="overwrite")
            else:
                any_store.write(pa.table({"n": [turn]}), TableObject("a"), mode="append", format="parquet")

    assert at_once(4, work) == [None] * 4
    assert any_store.read_bytes(FileObject("a/_b"), into="bytes") == b"9"
    assert any_store.count(TableObject("a"), format="parquet") == 20


def test_writers_of_different_tables_do_not_wait(any_store: FilesInterface) -> None:
    with any_store.storage.change("x/one", tree=True):
        any_store.write(pa.table({"n": [1]}), TableObject("x/two"), format="parquet")


def test_waiting_ends(tmp_path: Path) -> None:
    for store in (LocalInterface(tmp_path / "r", lock_timeout=0.1), MemoryInterface(lock_timeout=0.1)):
        with store.storage.change("t", tree=True):
            for key in ("t", "t/below"):
                with pytest.raises(TransientError, match="lock_timeout"):
                    store.write_bytes(b"x", FileObject(key))
        store.write_bytes(b"x", FileObject("t"))


def test_opposite_moves_do_not_wait_for_each_other(any_store: FilesInterface) -> None:
    for name in "ab":
        any_store.write_bytes(name.encode(), FileObject(name))

    def work(number: int) -> None:
        source, target = ("a", "b") if number % 2 else ("b", "a")
        for _ in range(20):
            try:
                any_store.move(FileObject(source), FileObject(target), mode="overwrite")
            except FileNotFoundError:
                continue

    assert at_once(4, work) == [None] * 4


APPEND = """
import sys
import pyarrow as pa
from dao.data_object import TableObject
from dao_files import LocalInterface
root, number = sys.argv[1], int(sys.argv[2])
store = LocalInterface(root)
for turn in range(5):
    store.write(pa.table({"n": [number * 10 + turn]}), TableObject("t"), mode="append", format="parquet")
"""


def test_processes(store: LocalInterface, root: Path) -> None:
    workers = [subprocess.Popen([sys.executable, "-c", APPEND, str(root), str(number)]) for number in range(2)]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert store.count(T) == 10
    assert store.history(T)[0].version == 10
    assert left_behind(root) == []


def test_a_writer_does_not_sweep_what_another_prepares(store: LocalInterface) -> None:
    with store.storage.change("one", tree=True) as change:
        with change.create("part") as file:
            file.write(b"1")
        for number in range(20):
            store.write_bytes(b"x", FileObject(f"other{number}"))
        change.publish()
    assert store.read_bytes(FileObject("one/part"), into="bytes") == b"1"


def test_a_sweeper_that_is_faster_than_a_new_staging_place(
    store: LocalInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was just made has no mark yet, so another writer may sweep it: it is made again."""
    make, swept = os.mkdir, []

    def made_and_swept(path: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        make(path, mode, dir_fd=dir_fd)
        if len(path) == 32 and len(swept) < 3:  # a name of something staged
            swept.append(path)
            os.rmdir(path, dir_fd=dir_fd)

    monkeypatch.setattr("dao_files._local.publishing.os.mkdir", made_and_swept)
    store.write(pa.table({"n": [1]}), T, format="parquet")
    assert len(swept) == 3
    assert store.count(T) == 1
