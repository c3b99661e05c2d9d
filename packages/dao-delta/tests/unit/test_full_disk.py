"""What is raised when a disk is full says so, and nothing of the write stays."""

from __future__ import annotations

import errno
import os

import numpy as np
import pyarrow as pa
import pytest

from dao import StoreError
from dao_files.lake._folder import FileWriter, FolderTransport

ROWS = pa.table({"id": np.arange(300_000), "p": np.arange(300_000) % 3})

CHANGES = {
    "write": lambda dao, table: dao.write(ROWS, table, mode="append"),
    "overwrite": lambda dao, table: dao.write(ROWS, table, mode="overwrite", partition_by="p"),
    "replace": lambda dao, table: dao.write(ROWS, table, mode="overwrite", where="id >= 0"),
    "upsert": lambda dao, table: dao.upsert(ROWS, table, keys="id"),
    "delete": lambda dao, table: dao.delete(table, where="id = 7"),
}


def files(path: str) -> set[str]:
    return {os.path.join(base, name) for base, _, names in os.walk(path) for name in names}


@pytest.mark.parametrize("kind", list(CHANGES))
@pytest.mark.parametrize("room", [0, 4, 100_000])
def test_a_full_disk_is_told(dao, table, path, monkeypatch, kind, room):
    dao.write(ROWS, table, partition_by="p")
    before = files(path)
    write, used = FileWriter.write, 0

    def limited(self, data):
        nonlocal used
        used += len(memoryview(data).cast("B"))
        if used > room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(FileWriter, "write", limited)
    with pytest.raises(StoreError, match="No space left"):
        CHANGES[kind](dao, table)
    assert files(path) == before
    monkeypatch.undo()
    assert dao.count(table) == 300_000


@pytest.mark.parametrize("raised", [OSError(errno.EIO, "unplugged"), StoreError("gone")])
def test_the_first_error_is_told(dao, table, path, monkeypatch, raised):
    dao.write(ROWS, table, partition_by="p")

    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(FileWriter, "close", lambda self: fail())
    monkeypatch.setattr(FileWriter, "abort", lambda self: fail())
    monkeypatch.setattr(FolderTransport, "delete", lambda self, keys: (_ for _ in ()).throw(OSError("second")))
    with pytest.raises(StoreError, match="unplugged|gone"):
        dao.write(ROWS, table, mode="append")


def test_nothing_stays_of_a_file_that_is_given_up(tmp_path):
    writer = FileWriter("a", str(tmp_path / "a"), if_absent=False, fsync=False)
    writer._file.close()
    writer._file = open("/dev/full", "wb")  # noqa: SIM115 - closed by the writer
    writer.write(b"held until it is closed")
    writer.abort()
    assert os.listdir(tmp_path) == []
    assert writer.closed


def test_a_file_that_is_not_whole_is_not_made(tmp_path):
    writer = FileWriter("a", str(tmp_path / "a"), if_absent=False, fsync=False)
    writer._file.close()
    writer._file = open("/dev/full", "wb")  # noqa: SIM115 - closed by the writer
    writer.write(b"held until it is closed")
    with pytest.raises(OSError, match="No space"):
        writer.close()
    assert os.listdir(tmp_path) == []
