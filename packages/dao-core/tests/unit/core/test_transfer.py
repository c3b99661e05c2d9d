"""Copy and move: which calls they come to, in what order, and what a failure leaves."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import pytest

from dao._core.execute import Executor
from dao._core.explain import explain
from dao._core.transfer import Transfer
from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.data_store import DataStore
from dao.errors import DataError, NotFoundError, StoreError
from dao.file_set import FileSet
from dao.interface import register, when
from dao.plugins import Plugins
from dao.progress import Progress, listening
from dao.results import FileInfo, Listing, WriteResult

EXECUTOR = Executor(Plugins(discover=False))


class Shelf:
    """A store of bytes and of rows that remembers what it was asked for."""

    def __init__(self, **files: bytes) -> None:
        self.files: dict[str, bytes] = {name.replace("__", "/"): content for name, content in files.items()}
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.calls: list[str] = []

    def list(self, data_object):
        key = data_object.key
        found = [FileInfo(k, len(v)) for k, v in self.files.items() if k == key or k.startswith(f"{key}/") or not key]
        if not found:
            raise FileNotFoundError(key)
        return Listing(found)

    @register("read_stream")
    @when(into="bytes")
    def open(self, data_object, *, into, path=None) -> BinaryIO:
        self.calls.append(f"open {path or data_object.key}")
        return io.BytesIO(self.files[path or data_object.key])

    def read(self, data_object: TableObject, *, columns=None):
        self.calls.append(f"read {data_object.key}")
        return [{c: row[c] for c in columns or row} for row in self.rows[data_object.key]]

    def write(self, data: BinaryIO | io.BytesIO, data_object, *, mode="error"):
        self.calls.append(f"write {data_object.key} {mode}")
        self.files[data_object.key] = data.read()
        return WriteResult(bytes=len(self.files[data_object.key]), files=1)

    def write_set(self, data: FileSet, data_object, *, mode="error"):
        self.files.update({f"{data_object.key}/{file.key}": file.open().read() for file in data})
        return WriteResult(files=len(data.files), bytes=data.size)

    def write_rows(self, data: list, data_object: TableObject, *, mode="error"):
        self.rows[data_object.key] = list(data)
        return WriteResult(rows_inserted=len(data))

    def copy(self, data_object, target, *, mode="error"):
        self.calls.append(f"copy {data_object.key} -> {target.key}")
        return WriteResult(files=1)

    def move(self, data_object, target, *, mode="error"):
        self.calls.append(f"move {data_object.key} -> {target.key}")
        return WriteResult(files=1)

    def delete(self, data_object):
        self.calls.append(f"delete {data_object.key}")
        self.files = {
            k: v for k, v in self.files.items() if k != data_object.key and not k.startswith(f"{data_object.key}/")
        }
        self.rows.pop(data_object.key, None)
        return WriteResult()


def transfer(action: str, source: DataObject, target: DataObject, **given: Any) -> WriteResult:
    return Transfer.of(action, source, target, given).run(EXECUTOR)


def test_within_a_store_its_interface_does_it() -> None:
    shelf = Shelf(a=b"1")
    store = DataStore("s", shelf)
    transfer("copy", FileObject("a", store), FileObject("b", store))
    transfer("move", FileObject("a", store), FileObject("c", store), mode="overwrite")
    assert shelf.calls == ["copy a -> b", "move a -> c"]


def test_between_stores_a_file_goes_as_bytes() -> None:
    one, two = Shelf(a=b"content"), Shelf()
    result = transfer(
        "copy", FileObject("a", DataStore("one", one)), FileObject("b", DataStore("two", two)), mode="overwrite"
    )
    assert two.files == {"b": b"content"}
    assert two.calls == ["write b overwrite"]
    assert (result.bytes, result.interface) == (7, "Shelf")


def test_between_stores_a_directory_goes_as_one_set_of_files() -> None:
    one, two = Shelf(raw__a=b"1", raw__deep__b=b"22", other=b"x"), Shelf()
    heard: list[Progress] = []
    with listening("copy", "one.raw", heard.append):
        result = transfer(
            "copy", DirectoryObject("raw", DataStore("one", one)), DirectoryObject("new", DataStore("two", two))
        )
    assert two.files == {"new/a": b"1", "new/deep/b": b"22"}
    assert (result.files, result.bytes) == (2, 3)
    assert heard[0].total_bytes == 3


def test_between_stores_a_table_goes_as_rows_with_projection() -> None:
    one, two = Shelf(), Shelf()
    one.rows["t"] = [{"a": 1, "b": 2}]
    transfer("copy", TableObject("t", DataStore("one", one)), TableObject("u", DataStore("two", two)), columns=["b"])
    assert two.rows == {"u": [{"b": 2}]}


def test_a_move_deletes_the_source_last() -> None:
    one, two = Shelf(a=b"1"), Shelf()
    transfer("move", FileObject("a", DataStore("one", one)), FileObject("b", DataStore("two", two)))
    assert (one.files, two.files) == ({}, {"b": b"1"})


def test_a_move_that_can_not_write_keeps_the_source() -> None:
    class Full(Shelf):
        def write(self, data: io.BytesIO, data_object, *, mode="error"):
            raise OSError(28, "No space left on device")

    one = Shelf(a=b"1")
    with pytest.raises(StoreError, match="No space left") as caught:
        transfer("move", FileObject("a", DataStore("one", one)), FileObject("b", DataStore("two", Full())))
    assert isinstance(caught.value.__cause__, OSError)
    assert (caught.value.action, caught.value.data_object, caught.value.interface) == ("write", "two.b", "Full")
    assert one.files == {"a": b"1"}


def test_a_move_that_can_not_delete_says_that_both_are_there() -> None:
    class Sticky(Shelf):
        def delete(self, data_object):
            raise PermissionError("read-only")

    two = Shelf()
    with pytest.raises(PermissionError) as caught:
        transfer("move", FileObject("a", DataStore("one", Sticky(a=b"1"))), FileObject("b", DataStore("two", two)))
    assert "the data is now in both places" in caught.value.__notes__[0]
    assert two.files == {"b": b"1"}


def test_another_layout_in_one_store_is_rewritten() -> None:
    shelf = Shelf()
    shelf.rows["t"] = [{"a": 1}]
    store = DataStore("s", shelf)
    transfer("copy", TableObject("t", store, format="csv"), TableObject("u", store, format="parquet"))
    assert shelf.rows["u"] == [{"a": 1}]
    assert shelf.calls == ["read t"]


def test_onto_itself_and_half_moves_are_refused() -> None:
    store = DataStore("s", Shelf(a=b"1"))
    with pytest.raises(DataError, match="onto itself"):
        transfer("copy", FileObject("a", store), FileObject("a", store, format="csv"))
    with pytest.raises(DataError, match="move takes all rows, found where"):
        transfer("move", TableObject("a", store), TableObject("b", store), where="x > 1")


def test_a_missing_source_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        transfer("copy", FileObject("a", DataStore("one", Shelf())), FileObject("b", DataStore("two", Shelf())))


def test_the_plan_of_a_copy_can_be_looked_at() -> None:
    one, two = DataStore("one", Shelf(a=b"1")), DataStore("two", Shelf())
    told = explain("move", FileObject("a", one), {"target": FileObject("b", two)})
    assert [(step.action, step.route) for step in told.steps] == [
        ("read_stream", "Shelf.open"),
        ("write", "Shelf.write"),
        ("delete", "Shelf.delete"),
    ]
    assert "two stores: a stream of files, which go as bytes" in str(told)
    within = explain("copy", FileObject("a", one), {"target": FileObject("b", one)})
    assert [step.route for step in within.steps] == ["Shelf.copy"]
    assert one.interface.calls == []


@pytest.mark.parametrize(
    ("properties", "given", "reason"),
    [
        ({}, {"columns": ["x"]}, "one store holds both, but its interface has no copy for this call"),
        ({"format": "orc"}, {}, "one store holds both, but the layouts differ"),
        ({"schema": {"id": "int64"}}, {}, "one store holds both, but the layouts differ"),
        ({"types": {"id": "int64"}}, {}, "one store holds both, but the layouts differ"),
    ],
)
def test_the_plan_of_a_copy_says_why_its_interface_does_not_do_it(
    properties: dict[str, Any], given: dict[str, Any], reason: str
) -> None:
    store = DataStore("one", Shelf())
    plan = Transfer.of("copy", TableObject("a", store, format="csv"), TableObject("b", store, **properties), given)
    assert plan.why.startswith(reason)


@pytest.mark.parametrize("stores", ["one", "two"])
def test_files_go_as_bytes_only_where_formats_and_compressions_agree(stores: str) -> None:
    one = DataStore("one", Shelf())
    other = one if stores == "one" else DataStore("two", Shelf())
    for source, target, as_rows in (
        ("a.parquet", "b.csv", True),
        ("a.csv", "b.csv.gz", True),
        ("a.csv.gz", "b.csv", True),
        ("a.csv", "b.tsv.gz", True),
        ("a.parquet", "b.PARQUET", False),
        ("a.parquet", "b", False),
        ("a", "b.parquet", False),
        ("a.pdf", "b.csv", False),
        ("a.csv", "b.txt", False),
    ):
        for action in ("copy", "move"):
            plan = Transfer.of(action, FileObject(source, one), FileObject(target, other), {})
            assert (plan.way == "rows") is as_rows, (source, target)
    said = Transfer.of("copy", FileObject("a.dat", one, format="csv"), FileObject("b.parquet", other), {})
    assert said.way == "rows"
    for spelling in ({"delimiter": ";"}, {"encoding": "latin-1"}, {"header": False}):
        said = Transfer.of("copy", FileObject("a.csv", one), FileObject("b.csv", other, **spelling), {})
        assert said.way == "rows", spelling
        both = FileObject("a.csv", one, **spelling), FileObject("b.csv", other, **spelling)
        assert Transfer.of("copy", *both, {}).way != "rows"
