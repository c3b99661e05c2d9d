from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dao import DataAccessObject
from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.errors import AlreadyExistsError, DataError, NotFoundError
from dao.file_set import FileSet, SourceFile
from dao_files import FilesInterface

CONTENT = bytes(range(256)) * 5000  # more than one chunk


def a_path() -> Path:
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(CONTENT)
    return Path(file.name)


class OnlyRead:
    """The least a file object can be: gives few bytes at a time and doesn't know its size."""

    def __init__(self) -> None:
        self._file = io.BytesIO(CONTENT)

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, 1000))


@pytest.mark.parametrize(
    "make",
    [
        lambda: CONTENT,
        lambda: bytearray(CONTENT),
        lambda: memoryview(CONTENT),
        lambda: memoryview(CONTENT).cast("I"),
        lambda: io.BytesIO(CONTENT),
        lambda: a_path(),
        lambda: a_path().open("rb"),
        lambda: OnlyRead(),
        lambda: pa.BufferReader(CONTENT),
    ],
    ids=["bytes", "bytearray", "memoryview", "wide memoryview", "BytesIO", "Path", "file", "only read", "NativeFile"],
)
def test_bytes_go_as_they_are(store: FilesInterface, make: Callable[[], Any]) -> None:
    data = make()
    done = store.write(data, FileObject("blob"))
    assert (done.bytes, done.files, done.rows_inserted) == (len(CONTENT), 1, None)
    assert store.read_bytes(FileObject("blob"), into="bytes") == CONTENT


def test_a_file_is_read_from_where_it_stands(store: FilesInterface) -> None:
    file = io.BytesIO(b"skipped kept")
    file.seek(8)
    store.write_bytes(file, FileObject("x"))
    assert store.read_bytes(FileObject("x"), into="bytes") == b"kept"


@pytest.mark.parametrize(
    ("data", "hint"),
    [("text", "pathlib.Path"), (io.StringIO("x"), "'rb'"), (Path("/nowhere/at/all"), "can't be read")],
)
def test_what_could_mean_two_things_is_refused(store: FilesInterface, data: Any, hint: str) -> None:
    for write in (store.write, store.write_bytes):
        with pytest.raises(DataError, match=hint):
            write(data, FileObject("x"))
    assert not store.exists(FileObject("x"))


def test_a_file_object_that_turns_out_to_give_text(store: FilesInterface) -> None:
    class Text:
        def read(self, size: int) -> str:
            return "text"

    with pytest.raises(DataError, match="rb"):
        store.write(Text(), FileObject("x"))


def test_arguments_about_rows_are_not_ignored(store: FilesInterface) -> None:
    for argument in ({"format": "csv"}, {"partition_by": "a"}, {"delimiter": ";"}, {"schema_mode": "evolve"}):
        with pytest.raises(DataError, match=next(iter(argument))):
            store.write(b"x", FileObject("x"), **argument)


@pytest.mark.parametrize("of_files", [False, True])
def test_arguments_about_rows_are_not_ignored_by_calls_and_plans(of_files: bool) -> None:
    declared = {"format": "csv", "schema": {"a": "int64"}}
    objects = {"one": {"type": "file", "suffix": ".csv", **declared}, "all": {"type": "directory", **declared}}
    dao = DataAccessObject({"lake": {"interface": "memory", "objects": objects}})
    data: Any = FileSet([SourceFile("x", lambda: io.BytesIO(b"x"), 1)]) if of_files else b"x"
    name = "lake.all" if of_files else "lake.one"
    calls: list[Callable[..., Any]] = [dao.write, lambda *roles, **given: dao.explain("write", *roles, **given)]
    arguments: list[dict[str, Any]] = [
        {"format": "parquet"},
        {"partition_by": "a"},
        {"schema": {"b": "int64"}},
        {"schema_mode": "evolve"},
        {"delimiter": ";"},
    ]
    for call in calls:
        for argument in arguments:
            with pytest.raises(DataError, match=f": {next(iter(argument))}: bytes are written unchanged"):
                call(data, name, **argument)
    assert not dao.exists(name)
    dao.write(data, name, format="csv")
    assert dao.exists(name)


def test_partitions_of_one_file_are_refused_by_plans_too() -> None:
    dao = DataAccessObject({"lake": {"interface": "memory", "objects": {"t": {"type": "table"}}}})
    for given in ({"partition_by": ["a"]}, {"mode": "overwrite_partitions"}):
        calls: list[Callable[..., Any]] = [dao.write, lambda *roles, **given: dao.explain("write", *roles, **given)]
        for call in calls:
            with pytest.raises(DataError, match="'a.csv' is one file, and only a directory can have partitions"):
                call([{"a": 1}], "lake.t", path="a.csv", **given)


def test_modes(store: FilesInterface) -> None:
    x = FileObject("d/x.bin")
    store.write_bytes(b"1", x)
    with pytest.raises(AlreadyExistsError):
        store.write_bytes(b"2", x)
    assert store.write_bytes(b"2", x, mode="ignore").bytes == 0
    assert store.read_bytes(x, into="bytes") == b"1"
    assert store.write_bytes(b"2", x, mode="append").bytes == 1
    assert store.read_bytes(x, into="bytes") == b"12"
    store.write_bytes(b"3", x, mode="overwrite")
    assert store.read_bytes(x, into="bytes") == b"3"
    for mode in ("overwrite_partitions", "overwite"):
        with pytest.raises(DataError, match="mode"):
            store.write_bytes(b"4", x, mode=mode)


def test_bytes_need_one_file(store: FilesInterface) -> None:
    with pytest.raises(DataError, match="path="):
        store.write_bytes(b"x", TableObject("t"))
    store.write_bytes(b"x", DataObject("d"), path="d/x")
    with pytest.raises(DataError, match="path="):
        store.write_bytes(b"x", DataObject("d"), mode="overwrite")
    with pytest.raises(DataError, match="path="):
        store.read_bytes(DataObject("d"), into="bytes")
    with pytest.raises(DataError, match="file"):
        store.write_bytes(b"x", FileObject("d/x/below"))


def test_ranges(store: FilesInterface) -> None:
    x = FileObject("x")
    store.write_bytes(b"0123456789", x)
    assert store.read_bytes(x, into="bytes", offset=3, length=4) == b"3456"
    assert store.read_bytes(x, into="bytes", offset=8) == b"89"
    assert store.read_bytes(x, into="bytes", length=0) == b""
    for wrong in ({"offset": -1}, {"length": 1.5}, {"length": True}):
        with pytest.raises(DataError):
            store.read_bytes(x, into="bytes", **wrong)


def test_a_stream_of_bytes_is_a_seekable_file_that_stays_what_it_was(store: FilesInterface) -> None:
    x = FileObject("x")
    store.write_bytes(b"old", x)
    with store.read_stream_bytes(x, into="bytes") as file:
        store.write_bytes(b"new", x, mode="overwrite")
        assert file.read() == b"old"
        file.seek(1)
        assert file.read() == b"ld"


def test_a_file_without_a_known_format_is_read_as_bytes(store: FilesInterface) -> None:
    store.write_bytes(b"x", FileObject("blob"))
    assert store.read(FileObject("blob")) == b"x"
    with pytest.raises(DataError, match="format"):
        store.read(FileObject("blob"), columns=["a"])
    with pytest.raises(DataError, match="format"):
        store.read(DataObject("blob"))
    store.write_bytes(b"a\n1\n", FileObject("t", suffix=".csv"))
    assert store.read(FileObject("t", suffix=".csv")).to_pylist() == [{"a": 1}]


def test_missing(store: FilesInterface) -> None:
    for read in (store.read_bytes, store.read_stream_bytes):
        with pytest.raises(NotFoundError):
            read(FileObject("nothing"), into="bytes")


def files(*names: str) -> FileSet:
    return FileSet([SourceFile(name, lambda name=name: io.BytesIO(name.encode()), len(name)) for name in names])


class TestFileSets:
    def test_all_at_once(self, store: FilesInterface) -> None:
        d = DirectoryObject("d")
        done = store.write_files(files("a.txt", "sub/b.txt"), d)
        assert (done.files, done.bytes) == (2, 14)
        assert [info.key for info in store.list(d)] == ["d/a.txt", "d/sub/b.txt"]
        assert store.read_bytes(d, into="bytes", path="d/sub/b.txt") == b"sub/b.txt"
        with pytest.raises(AlreadyExistsError):
            store.write_files(files("c"), d)
        store.write_files(files("c"), d, mode="append")
        with pytest.raises(AlreadyExistsError):
            store.write_files(files("e", "c"), d, mode="append")
        assert [info.key for info in store.list(d)] == ["d/a.txt", "d/c", "d/sub/b.txt"]
        store.write_files(files("z"), d, mode="overwrite")
        assert [info.key for info in store.list(d)] == ["d/z"]
        assert store.write_files(files("y"), d, mode="ignore").files == 0

    def test_or_nothing(self, store: FilesInterface) -> None:
        def fail() -> io.BytesIO:
            raise OSError("gone")

        broken = FileSet([*files("a"), SourceFile("b", fail)])
        with pytest.raises(OSError, match="gone"):
            store.write_files(broken, DirectoryObject("d"))
        assert not store.exists(DirectoryObject("d"))

    @pytest.mark.parametrize("name", ["../x", "/x", "a\\b"])
    def test_names_stay_below_the_directory(self, store: FilesInterface, name: str) -> None:
        with pytest.raises(DataError):
            store.write_files(files(name), DirectoryObject("d"))

    def test_one_name_twice(self, store: FilesInterface) -> None:
        with pytest.raises(DataError, match="two files"):
            store.write_files(files("a", "a"), DirectoryObject("d"))
