from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.errors import AlreadyExistsError, DataError, NotFoundError, UnsupportedError
from dao_files import FilesInterface
from dao_files._actions.log import LOG_NAME

T, U = TableObject("t"), TableObject("deep/u")


@pytest.fixture
def filled(store: FilesInterface, rows: pa.Table) -> FilesInterface:
    store.write(rows, T, format="parquet", partition_by="day")
    store.write(rows, T, mode="append")
    store.write_bytes(b"one", FileObject("f.txt"))
    store.write_bytes(b"x", DirectoryObject("t"), path="t/_hidden")
    return store


def keys(store: FilesInterface, place: DataObject, **arguments: str) -> list[str]:
    return [info.key for info in store.list(place, **arguments)]


class TestList:
    def test_names_sizes_and_times(self, filled: FilesInterface) -> None:
        infos = list(filled.list(T))
        assert [info.key for info in infos] == sorted(info.key for info in infos)
        assert len(infos) == 5
        assert all(LOG_NAME not in info.key for info in infos)
        assert "t/_hidden" in keys(filled, T)
        now = datetime.now(UTC)
        assert all(info.size and now - timedelta(minutes=1) < info.modified <= now for info in infos)

    def test_the_whole_store(self, store: FilesInterface) -> None:
        everything = DirectoryObject("store", key="")
        assert keys(store, everything) == []
        store.write_bytes(b"x", FileObject("b/x"))
        store.write_bytes(b"x", FileObject("a"))
        assert keys(store, everything) == ["a", "b/x"]

    def test_one_file_and_one_place(self, filled: FilesInterface) -> None:
        assert keys(filled, FileObject("f.txt")) == ["f.txt"]
        assert keys(filled, T, path="t/_hidden") == ["t/_hidden"]
        assert len(keys(filled, T, path="t/day=mo")) == 2
        with pytest.raises(NotFoundError):
            filled.list(T, path="t/day=fr")


class TestHistory:
    def test_of_a_table(self, filled: FilesInterface) -> None:
        filled.upsert(pa.table({"id": [1], "day": ["mo"], "x": [1.0]}), T, keys="id")
        filled.delete(T, where="id = 3")
        versions = filled.history(T)
        assert [v.version for v in versions] == [4, 3, 2, 1]
        assert [v.operation for v in versions] == ["delete", "upsert", "append", "create"]
        assert versions[3].details["rows_inserted"] == 3
        assert all(v.timestamp.tzinfo is UTC for v in versions)
        assert versions[0].timestamp >= versions[3].timestamp

    def test_is_bounded(self, store: FilesInterface, monkeypatch: pytest.MonkeyPatch, rows: pa.Table) -> None:
        monkeypatch.setattr("dao_files._actions.log._KEPT", 3)
        for _ in range(5):
            store.write(rows, T, mode="overwrite", format="parquet")
        assert [v.version for v in store.history(T)] == [5, 4, 3]

    def test_of_a_file_and_of_what_others_made(self, filled: FilesInterface) -> None:
        (only,) = filled.history(FileObject("f.txt"))
        assert (only.version, only.details) == (None, {"bytes": 3})
        filled.write_bytes(b"a\n1\n", DataObject("other"), path="other/a.csv")
        assert filled.history(DirectoryObject("other")) == []
        done = filled.write(pa.table({"a": [2]}), TableObject("other"), mode="append", format="csv")
        assert (done.version_before, done.version_after) == (None, 1)
        assert filled.read(TableObject("other")).num_rows == 2

    def test_a_damaged_log_is_named(self, filled: FilesInterface, put_foreign: Callable[[bytes, str], None]) -> None:
        put_foreign(b"{not json\n", f"t/{LOG_NAME}")
        with pytest.raises(Exception, match=f"t/{LOG_NAME} is damaged"):
            filled.read(T)


class TestCopy:
    def test_a_table(self, filled: FilesInterface) -> None:
        done = filled.copy(T, U)
        assert (done.files, done.version_after) == (5, 1)
        assert filled.read(U).equals(filled.read(T))
        assert filled.schema(U).equals(filled.schema(T))
        assert [v.operation for v in filled.history(U)] == ["copy"]
        filled.delete(U, where="id = 1")
        assert filled.count(T) == 6, "nothing is shared"

    def test_a_file(self, filled: FilesInterface) -> None:
        assert filled.copy(FileObject("f.txt"), FileObject("g/h.txt")).bytes == 3
        assert filled.read_bytes(FileObject("g/h.txt"), into="bytes") == b"one"

    def test_modes(self, filled: FilesInterface, rows: pa.Table) -> None:
        filled.write(rows.slice(0, 1), U, format="parquet")
        for action in (filled.copy, filled.move):
            with pytest.raises(AlreadyExistsError):
                action(T, U)
            ignored = action(T, U, mode="ignore")
            assert (ignored.files, ignored.version_before, ignored.version_after) == (0, 1, 1)
            with pytest.raises(UnsupportedError):
                action(T, U, mode="append")
            with pytest.raises(DataError):
                action(T, U, mode="overwite")
        assert filled.count(U) == 1
        filled.copy(T, U, mode="overwrite")
        assert filled.count(U) == 6
        assert filled.history(U)[0].version == 2

    def test_missing_or_inside_one_another(self, filled: FilesInterface) -> None:
        for action in (filled.copy, filled.move):
            with pytest.raises(NotFoundError):
                action(TableObject("nothing"), U)
            with pytest.raises(DataError, match="inside"):
                action(T, TableObject("t/below"))
            with pytest.raises(DataError, match="inside"):
                action(T, TableObject("t"))
            with pytest.raises(DataError, match="is a directory"):
                action(T, FileObject("g"))
            with pytest.raises(DataError, match="is a file"):
                action(FileObject("f.txt"), TableObject("g"))
            with pytest.raises(DataError, match="directory"):
                action(FileObject("f.txt"), FileObject("t"), mode="overwrite")
        assert filled.count(T) == 6


class TestMove:
    def test_a_table_takes_its_history_along(self, filled: FilesInterface) -> None:
        before = filled.read(T)
        assert filled.move(T, U).files == 5
        assert not filled.exists(T)
        assert filled.read(U).equals(before)
        assert len(filled.history(U)) == 2

    def test_over_something(self, filled: FilesInterface, rows: pa.Table) -> None:
        filled.write(rows.slice(0, 1), U, format="parquet")
        filled.move(T, U, mode="overwrite")
        assert filled.count(U) == 6
        filled.write_bytes(b"two", FileObject("g.txt"))
        filled.move(FileObject("f.txt"), FileObject("g.txt"), mode="overwrite")
        assert filled.read_bytes(FileObject("g.txt"), into="bytes") == b"one"
        assert not filled.exists(FileObject("f.txt"))

    def test_a_reader_goes_on(self, filled: FilesInterface) -> None:
        stream = filled.read_stream(T)
        filled.move(T, U)
        assert stream.read_all().num_rows == 6


def test_exists(filled: FilesInterface) -> None:
    assert filled.exists(T)
    assert filled.exists(DataObject("t"))
    assert filled.exists(FileObject("f.txt"))
    assert filled.exists(T, path="t/_hidden")
    assert not filled.exists(T, path="t/day=mo")
    assert not filled.exists(FileObject("t"))
    assert not filled.exists(TableObject("f.txt"))
    assert not filled.exists(TableObject("f.txt/below"))


def test_metadata(filled: FilesInterface) -> None:
    told = filled.run_metadata(T)
    assert told["format"] == "parquet"
    assert (told["rows"], told["version"], told["partition_by"]) == (6, 2, ["day"])
    assert [column["name"] for column in told["columns"]] == ["id", "day", "x"]
    assert sum(file["rows"] for file in told["files"]) == 6
    assert told["bytes"] == sum(file["bytes"] for file in told["files"])
