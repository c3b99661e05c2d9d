"""What fails lets go of everything: a thousand failures leave no file, lock, descriptor or thread."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from left_behind import left_behind

from dao.data_object import DataObject, FileObject, TableObject
from dao.errors import DaoError
from dao.progress import Cancelled, listening
from dao_files import LocalInterface

T, P = TableObject("t"), TableObject("p")
ROWS = pa.table({"id": [1, 2, 3], "day": ["mo", "tu", "mo"]})


def broken() -> Iterator[pa.RecordBatch]:
    yield from ROWS.to_batches()
    raise ValueError("the source is gone")


def failures(store: LocalInterface) -> list[Callable[[], object]]:
    class Fails:
        def read(self, size: int) -> bytes:
            raise ValueError("the source is gone")

    return [
        lambda: store.write(ROWS, T, format="parquet"),
        lambda: store.write(broken(), T, mode="overwrite", format="parquet"),
        lambda: store.write(broken(), P, mode="append", format="parquet"),
        lambda: store.write(broken(), FileObject("new.parquet")),
        lambda: store.write_bytes(Fails(), FileObject("x")),
        lambda: store.upsert(pa.table({"id": [1, 1], "day": ["x", "x"]}), T, keys="id"),
        lambda: store.upsert(pa.table({"id": ["x"], "day": ["x"]}), T, keys="id"),
        lambda: store.delete(T, where="nope = 1"),
        lambda: store.delete(TableObject("nothing")),
        lambda: store.read(T, columns=["nope"]),
        lambda: store.read_stream(T, where="id = 'x'").read_all(),
        lambda: store.read(DataObject("broken"), format="parquet"),
        lambda: store.read_stream(DataObject("broken"), format="parquet").read_all(),
        lambda: store.copy(T, P),
        lambda: store.move(T, P),
    ]


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="descriptors can't be counted here")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_thousand_failures(store: LocalInterface, root: Path) -> None:
    store.write(ROWS, T, format="parquet")
    store.write(ROWS, P, format="parquet", partition_by="day")
    store.write_bytes(b"PAR1 this is no Parquet file PAR1", FileObject("broken/x.parquet"))
    calls = failures(store)
    before = 0
    for number in range(1000 + len(calls)):
        if number == len(calls):
            before = descriptors(), threading.active_count()
        with pytest.raises((DaoError, ValueError)):
            calls[number % len(calls)]()
    assert (descriptors(), threading.active_count()) == before
    assert left_behind(root) == []
    assert store.read(T).equals(ROWS)
    assert store.count(P) == 3


def test_cancelling(store: LocalInterface, root: Path) -> None:
    """A cancelled call stops at its next batch, wherever that is worked on, and nothing of it stays."""
    store.write(ROWS, T, format="parquet")
    event = threading.Event()
    event.set()
    many = pa.table({"id": list(range(50)), "day": ["fr"] * 50})
    for call in (
        lambda: store.write(many, P, format="parquet"),
        lambda: store.write(many, T, mode="overwrite", partition_by="day"),
        lambda: store.write(many, FileObject("f.parquet")),
        lambda: store.write_bytes(b"x", FileObject("f")),
        lambda: store.upsert(many, T, keys="id"),
        lambda: store.delete(T, where="id = 1"),
        lambda: store.copy(T, P),
    ):
        with pytest.raises(Cancelled), listening("write", "t", None, event):
            call()
    assert left_behind(root) == []
    assert not store.exists(P)
    assert store.read(T).equals(ROWS)


def test_progress_is_told(store: LocalInterface) -> None:
    seen: list[tuple[int, int]] = []
    with listening("write", "t", lambda progress: seen.append((progress.rows, progress.bytes))):
        store.write(ROWS, T, format="parquet")
    assert seen[-1][0] == 3
    assert seen[-1][1] > 0
    seen.clear()
    with listening("copy", "t", lambda progress: seen.append((progress.rows, progress.bytes))):
        store.copy(T, P)
    assert seen[-1][1] > 0
