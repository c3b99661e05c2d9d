"""What a reader has begun to read stays readable, and stays what it was."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pyarrow as pa
import pytest
from left_behind import left_behind

from dao.data_object import FileObject, TableObject
from dao.errors import NotFoundError
from dao_files import LocalInterface
from dao_files._storage.storage import Snapshot

T = TableObject("t")


def table(version: int) -> pa.Table:
    return pa.table({"v": [version] * 10})


def fill(store: LocalInterface) -> None:
    store.write(table(1), T, format="parquet")
    store.write(table(1), T, mode="append")


def test_a_lazy_reader_outlives_overwrites_and_deletion(store: LocalInterface, root: Path, publishing_way: str) -> None:
    fill(store)
    snapshot = store.storage.snapshot("t")
    reader = store.read_stream(T)
    first = reader.read_next_batch()
    for version in (2, 3):
        store.write(table(version), T, mode="overwrite")
    store.delete(T)
    assert left_behind(root) != [], "the old files are kept for the reader"
    assert set(pa.Table.from_batches([first, *reader]).column("v").to_pylist()) == {1}
    assert all(snapshot.open(info.key).read() for info in snapshot.files)
    snapshot.close()
    del reader
    gc.collect()
    store.write(table(4), T, format="parquet")
    assert left_behind(root) == [], "and swept by the next writer"


def test_of_one_file(store: LocalInterface, root: Path) -> None:
    x = FileObject("x.csv")
    store.write_bytes(b"v\n1\n", x)
    reader = store.read_stream(x)
    store.write_bytes(b"v\n2\n", x, mode="overwrite")
    store.delete(x)
    assert reader.read_all().to_pydict() == {"v": [1]}


def test_a_closed_snapshot_is_closed(store: LocalInterface) -> None:
    fill(store)
    snapshot: Snapshot = store.storage.snapshot("t")
    key = snapshot.files[0].key
    snapshot.close()
    snapshot.close()
    with pytest.raises(ValueError, match="closed"):
        snapshot.open(key)


def test_without_proc(store: LocalInterface, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without /proc and F_GETPATH only a single file that is overtaken by a writer isn't found."""
    monkeypatch.setattr("dao_files._local.handles._has_proc", lambda: False)
    fill(store)
    assert store.read(T).num_rows == 20
    store.write(store.read_stream(T), T, mode="overwrite")
    reader = store.read_stream(T)
    store.delete(T)
    assert reader.read_all().num_rows == 20
    store.write_bytes(b"x", FileObject("x"))
    with store.storage.snapshot("x").open("x") as file:
        assert file.read() == b"x"
    snapshot = store.storage.snapshot("x")
    store.write_bytes(b"y", FileObject("x"), mode="overwrite")
    with pytest.raises(NotFoundError):
        store.storage._found("x", lambda top, real: snapshot.descriptor("x"))


def test_a_file_that_another_program_locks_is_read_all_the_same(
    store: LocalInterface, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monkeypatch.setattr("dao_files._local.snapshot._PATIENCE", 0.05)
    store.write_bytes(b"x", FileObject("x"))
    with (root / "x").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert store.read_bytes(FileObject("x"), into="bytes") == b"x"


def test_pipes_and_the_like_are_no_files(store: LocalInterface, root: Path) -> None:
    fill(store)
    os.mkfifo(root / "pipe")
    os.mkfifo(root / "t" / "pipe.parquet")
    with pytest.raises(Exception, match="neither a file nor a directory"):
        store.read_bytes(FileObject("pipe"), into="bytes")
    assert store.read(T).num_rows == 20


def test_the_filesystem_of_a_snapshot(store: LocalInterface) -> None:
    from pyarrow import fs

    fill(store)
    files = store.storage.snapshot("t").filesystem()
    infos = files.get_file_info(fs.FileSelector("t", recursive=True))
    assert len(infos) == 3
    assert files.get_file_info("t/none").type == fs.FileType.NotFound
    assert all(len(files.open_input_stream(info.path).read()) == info.size for info in infos)
    for change in (lambda: files.delete_file(infos[0].path), lambda: files.create_dir("t/x")):
        with pytest.raises(OSError, match="read-only"):
            change()
