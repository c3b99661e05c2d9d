"""Which files of a directory are rows, and what becomes of the others."""

from __future__ import annotations

import gzip

import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pytest
from laid_files import binary, content, ids, lay, text

from dao.data_object import TableObject
from dao.errors import DataError
from dao_files import FilesInterface
from dao_files._actions.contents import is_shown

ROWS = pa.table({"id": [1, 2]})


NAMES = (
    "20240101_000000_00001_abcde_1111",
    "000000_0",
    "part-00000",
    "run-1700000000000-part-r-00000",
    "stream-1-2024-01-01-00-00-00",
    "topic+0+0000000000.bin",
    "data.2024-01-01",
    "part-00000-tid-1.c000",
    "UPPER.{FORMAT}",
    "0000_part_00",
    "list.txt",
    "export.dat",
    "day.log",
)


@pytest.mark.parametrize("format", ["parquet", "orc", "arrow", "csv", "ndjson"])
def test_files_whose_names_say_nothing_are_rows(store: FilesInterface, format: str) -> None:
    """Whatever is beside them, for every action that takes rows."""
    table = TableObject("t", format=format)
    names = [name.replace("{FORMAT}", format.upper()) for name in NAMES]
    lay(store, **{name: content(format, place) for place, name in enumerate(names)})
    every = list(range(len(names)))
    assert ids(store, table, format=format) == every
    lay(store, **{f"z.{format}": content(format, 100)})
    assert ids(store, table, format=format) == [*every, 100]
    assert store.count(table, format=format) == len(every) + 1
    assert store.count(table, where="id = 3", format=format) == 1
    assert store.schema(table, format=format).names == ["id"]
    assert sorted(r for b in store.read_stream(table, format=format) for r in b["id"].to_pylist()) == [*every, 100]
    schema = pa.schema([("id", pa.int64())])
    done = store.upsert(pa.table({"id": [0, 200]}), table, keys="id", format=format, schema=schema)
    assert (done.rows_updated, done.rows_inserted) == (1, 1)
    assert store.delete(table, where="id = 1", format=format, schema=schema).rows_deleted == 1
    assert ids(store, table, format=format) == [0, *every[2:], 100, 200]


def test_text_without_a_column_of_the_table_is_none_of_it(store: FilesInterface) -> None:
    """CSV takes any lines: notes, or rows without a header, would be rows of columns of their own."""
    lay(store, **{"000000_0": b"3\n4\n", "a.csv": text("csv", 1), "notes.txt": b"dear diary\nall is well\n"})
    with pytest.raises(DataError, match=r"'000000_0', 'notes\.txt'"):
        store.read(TableObject("t"))
    store.delete(TableObject("t"), path="t/000000_0")
    store.delete(TableObject("t"), path="t/a.csv")
    lay(store, **{"notes.txt": text("csv", 2)})
    assert ids(store, TableObject("t"), format="csv") == [2]


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_files_that_others_add_to_our_table_are_rows(store: FilesInterface, format: str) -> None:
    table = TableObject("t")
    store.write(pa.table({"id": [1, 2]}), table, format=format)
    lay(store, **{"000000_0": content(format, 3)})
    assert ids(store, table) == [1, 2, 3]
    store.write(pa.table({"id": [4]}), table, mode="append", format=format)
    assert ids(store, table) == [1, 2, 3, 4]
    assert store.count(table) == 4


def test_partitioned_trees_too(store: FilesInterface) -> None:
    table = TableObject("t")
    store.write(pa.table({"id": [1, 2], "d": ["x", "y"]}), table, format="parquet", partition_by="d")
    lay(store, **{"d=x/000000_0": binary("parquet", 3), "d=z/000000_0": binary("parquet", 4)})
    assert sorted((row["id"], row["d"]) for row in store.read(table).to_pylist()) == [
        (1, "x"), (2, "y"), (3, "x"), (4, "z"),
    ]  # fmt: skip
    assert store.count(table, where="d = 'x'") == 2
    store.write(pa.table({"id": [9], "d": ["x"]}), table, mode="overwrite_partitions")
    assert ids(store, table) == [2, 4, 9]
    lay(store, **{"d=y/b.csv": text("csv", 7)})
    with pytest.raises(DataError, match="'d=y/b.csv'"):
        store.write(pa.table({"id": [9], "d": ["y"]}), table, mode="overwrite_partitions")
    assert store.exists(table, path="t/d=y/b.csv")


def test_partition_columns_keep_their_types_when_others_add_files(store: FilesInterface) -> None:
    """Folders spell texts and numbers alike; the log says which they were, as long as it can be true."""
    table = TableObject("t")
    old = pa.table({"id": [1], "code": ["1"], "day": pa.array([5], pa.int16())})
    store.write(old, table, format="parquet", partition_by=["code", "day"])
    lay(store, **{"code=2/day=6/000000_0": binary("parquet", 2)})
    found = store.read(table, columns=["id", "code", "day"])
    assert found.to_pydict() == {"id": [1, 2], "code": ["1", "2"], "day": [5, 6]}
    assert found.schema.field("day").type == pa.int16()
    lay(store, **{"code=2/day=x/000000_0": binary("parquet", 3)})
    assert store.read(table).column("day").to_pylist() == ["5", "6", "x"]


def test_compressed_files_whose_names_say_nothing(store: FilesInterface) -> None:
    lay(store, **{"000000_0.gz": gzip.compress(text("csv", 1)), "b.csv.gz": gzip.compress(text("csv", 2))})
    assert ids(store, TableObject("t")) == [1, 2]


@pytest.mark.parametrize("format", ["parquet", "orc", "arrow"])
def test_the_first_bytes_tell_the_format(store: FilesInterface, format: str) -> None:
    lay(store, **{"000000_0": content(format, 1), "000001_0": content(format, 2)})
    assert ids(store, TableObject("t")) == [1, 2]


def test_nothing_tells_the_format(store: FilesInterface) -> None:
    lay(store, **{"000000_0": text("csv", 1)})
    with pytest.raises(DataError, match="give format= .*csv.*parquet"):
        store.read(TableObject("t"))


def test_json_lines_are_often_named_json(store: FilesInterface) -> None:
    lay(store, **{"a.ndjson": text("ndjson", 1), "b.json": text("ndjson", 2), "c.jsonl": text("ndjson", 3)})
    assert ids(store, TableObject("t"), format="ndjson") == [1, 2, 3]
    lay(store, **{"d.json": b'[{"id":4}]'})
    with pytest.raises(DataError, match=r"also holds 'd\.json'"):
        store.read(TableObject("t"), format="ndjson")
    with pytest.raises(DataError, match=r"several, json \(b.json\), ndjson \(a.ndjson\)"):
        store.read(TableObject("t"))
    with pytest.raises(DataError, match=r"'a.ndjson', 'c.jsonl'"):
        store.read(TableObject("t"), format="json")


def test_the_wrong_format_is_named(store: FilesInterface) -> None:
    lay(store, **{"a.parquet": binary("parquet", 1)})
    with pytest.raises(DataError, match=r"holds no csv files, but 'a.parquet'"):
        store.read(TableObject("t"), format="csv")


@pytest.mark.parametrize(
    ("path", "size", "shown"),
    [("000000_0", 0, False), ("000000_0", 1, True), ("a.csv", 0, True), ("d=1/x", None, True), ("_d=1/x", 1, True)],
)
def test_empty_files_without_a_format_are_none(path: str, size: int | None, shown: bool) -> None:
    assert is_shown(path, size) is shown
