"""Which files of a directory are rows, and what becomes of the others."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable

import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from dao.data_object import DirectoryObject, TableObject
from dao.errors import DaoError, DataError, NotFoundError, UnsupportedError
from dao_files import FilesInterface
from dao_files._actions.contents import is_shown
from dao_files._actions.log import LOG_NAME

ROWS = pa.table({"id": [1, 2]})


def binary(format: str, *ids: int) -> bytes:
    sink = io.BytesIO()
    table = pa.table({"id": list(ids)})
    if format == "parquet":
        pq.write_table(table, sink)
    elif format == "orc":
        pa.orc.write_table(table, sink)
    else:
        pa.feather.write_feather(table, sink)
    return sink.getvalue()


def text(format: str, *ids: int) -> bytes:
    if format == "csv":
        return b"id\n" + b"".join(b"%d\n" % n for n in ids)
    return b"".join(b'{"id":%d}\n' % n for n in ids)


def content(format: str, *ids: int) -> bytes:
    return text(format, *ids) if format in ("csv", "ndjson") else binary(format, *ids)


def lay(store: FilesInterface, **files: bytes) -> None:
    """Put files into the table's folder as another program does."""
    for name, data in files.items():
        store.write_bytes(data, DirectoryObject("any"), path=f"t/{name}", mode="overwrite")


def ids(store: FilesInterface, table: TableObject, **options: object) -> list[int]:
    return sorted(store.read(table, **options).column("id").to_pylist())


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


MARKERS = (
    "_SUCCESS",
    "_committed_123",
    "_started_123",
    "_metadata",
    "_common_metadata",
    "_temporary/0/task/part-0.parquet",
    "_spark_metadata/0",
    ".part-0.parquet.crc",
    "a.parquet.crc",
    "a.csv.md5",
    ".DS_Store",
    "._a.parquet",
    "day=1_$folder$",
    "manifest",
    "unload_manifest",
    ".hive-staging_1/x/000000_0",
    ".spark-staging-1/x.parquet",
)


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_markers_are_neither_rows_nor_in_the_way(store: FilesInterface, format: str) -> None:
    table = TableObject("t")
    lay(store, **{f"a.{format}": content(format, 1), "empty": b""}, **dict.fromkeys(MARKERS, b"no rows"))
    assert ids(store, table) == [1]
    assert store.count(table) == 1
    store.write(pa.table({"id": [2]}), table, mode="append", format=format)
    assert ids(store, table) == [1, 2]
    store.write(pa.table({"id": [3]}), table, mode="overwrite", format=format)
    assert [info.key.rpartition(".")[2] for info in store.list(table)] == [format], "what they were about is gone"
    lay(store, **dict.fromkeys(MARKERS, b"no rows"))
    store.delete(table)
    assert not store.exists(table)


def test_a_marker_leaves_what_the_log_says_true(store: FilesInterface) -> None:
    """Texts stay texts in CSV, which only the log knows."""
    table = TableObject("t")
    store.write(pa.table({"zip": ["007"]}), table, format="csv")
    lay(store, _SUCCESS=b"", **{"a_$folder$": b""})
    assert store.read(table).to_pylist() == [{"zip": "007"}]


STRANGERS = {
    "a.csv": text("csv", 9),
    "a.avro": b"Obj\x01...",
    "README.md": b"# about",
    "README": b"about",
    "LICENSE": b"MIT",
    "load.sql": b"select 1",
    "half.parquet.tmp": b"PAR1",
    "old.parquet.bak": b"PAR1",
    "archive.zip": b"PK",
}

CHANGES: dict[str, Callable[[FilesInterface, TableObject], object]] = {
    "append": lambda s, t: s.write(pa.table({"id": [5]}), t, mode="append", format="parquet"),
    "overwrite": lambda s, t: s.write(pa.table({"id": [5]}), t, mode="overwrite", format="parquet"),
    "overwrite as csv": lambda s, t: s.write(pa.table({"id": [5]}), t, mode="overwrite", format="csv"),
    "upsert": lambda s, t: s.upsert(pa.table({"id": [5]}), t, keys="id"),
    "delete": lambda s, t: s.delete(t),
    "delete rows": lambda s, t: s.delete(t, where="true"),
    "copied over": lambda s, t: s.copy(TableObject("other"), t, mode="overwrite"),
    "moved over": lambda s, t: s.move(TableObject("other"), t, mode="overwrite"),
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_what_is_no_row_is_named_by_reads_and_changes(store: FilesInterface, stranger: str) -> None:
    table = TableObject("t", format="parquet")
    store.write(pa.table({"id": [7]}), TableObject("other"), format="parquet")
    lay(store, **{"a.parquet": binary("parquet", 1), "000000_0": binary("parquet", 2), stranger: STRANGERS[stranger]})
    for read in (store.read, store.count, store.schema):
        with pytest.raises(DataError, match=stranger):
            read(table, format="parquet")
    for name, change in CHANGES.items():
        with pytest.raises(DataError, match=f"{stranger}|a.parquet"):
            change(store, table)
        kept = {info.key for info in store.list(table)}
        assert kept == {"t/a.parquet", "t/000000_0", f"t/{stranger}"}, name
    assert store.exists(TableObject("other"))
    store.delete(DirectoryObject("any"), path=f"t/{stranger}")
    assert ids(store, table) == [1, 2]


def test_a_file_of_rows_is_known_by_its_bytes_before_it_goes(store: FilesInterface) -> None:
    """Names that say nothing may be anything: a table is not replaced over notes that were never read."""
    table = TableObject("t", format="parquet")
    store.write(pa.table({"id": [7]}), TableObject("other"), format="parquet")
    lay(store, **{"a.parquet": binary("parquet", 1), "notes.txt": b"dear diary", "orders": binary("orc", 4)})
    with pytest.raises(DaoError, match=r"notes\.txt|orders"):
        store.read(table)
    for change in (CHANGES["overwrite"], CHANGES["delete"], CHANGES["copied over"], CHANGES["moved over"]):
        with pytest.raises(DataError, match=r"'notes\.txt', 'orders'"):
            change(store, table)
    assert len(store.list(table)) == 3


def test_hidden_files_that_nobody_knows_stay(store: FilesInterface) -> None:
    """No read takes them, so an overwrite leaves them, and what would take them away is refused."""
    table = TableObject("t", format="parquet")
    store.write(pa.table({"id": [7]}), TableObject("other"), format="parquet")
    lay(store, **{"a.parquet": binary("parquet", 1), "_old/b.parquet": binary("parquet", 2), ".git/HEAD": b"main"})
    assert ids(store, table) == [1]
    CHANGES["overwrite"](store, table)
    assert ids(store, table) == [5]
    for change in (CHANGES["delete"], CHANGES["copied over"], CHANGES["moved over"]):
        with pytest.raises(DataError, match=r"'\.git/HEAD', '_old/b.parquet'"):
            change(store, table)
    assert {"t/_old/b.parquet", "t/.git/HEAD"} < {info.key for info in store.list(table)}
    store.move(table, TableObject("elsewhere"))
    assert store.exists(table, path="elsewhere/_old/b.parquet"), "a move within a store takes everything along"
    store.delete(DirectoryObject("elsewhere"))
    assert not store.exists(DirectoryObject("elsewhere"))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Delta", "_delta_log/00000000000000000000.json"),
        ("Hudi", ".hoodie/hoodie.properties"),
        ("Iceberg", "metadata/v1.metadata.json"),
    ],
)
def test_a_table_with_a_log_of_another_kind_is_refused(store: FilesInterface, name: str, path: str) -> None:
    """Its directory holds rows that were deleted, too."""
    table = TableObject("t", format="parquet")
    lay(store, **{"a.parquet": binary("parquet", 1), path: b"{}"})
    for call in (
        lambda: store.read(table),
        *(lambda one=one: CHANGES[one](store, table) for one in ("overwrite", "delete")),
    ):
        with pytest.raises(UnsupportedError, match=f"is a {name} table"):
            call()
    assert len(store.list(table)) == 2


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


def test_only_markers(store: FilesInterface) -> None:
    lay(store, _SUCCESS=b"", **{"x_$folder$": b""})
    with pytest.raises(NotFoundError, match="no data files"):
        store.read(TableObject("t"), format="csv")


@pytest.mark.parametrize("act", ["read", "append", "upsert"])
def test_a_log_without_its_files_says_what_happened(store: FilesInterface, act: str) -> None:
    table = TableObject("t", keys=["id"])
    store.write(ROWS, table)
    with store.storage.change("t", tree=True) as change:
        assert change.base is not None
        change.keep(f"t/{LOG_NAME}")
        change.publish()
    acts: dict[str, Callable[[], object]] = {
        "read": lambda: store.read(table),
        "append": lambda: store.write(ROWS, table, mode="append"),
        "upsert": lambda: store.upsert(ROWS, table, keys=["id"]),
    }
    with pytest.raises(
        NotFoundError, match=r"'t' holds the log of a table at version 1, and none of its data files.*put"
    ):
        acts[act]()
    assert store.exists(table)
    store.write(ROWS, table, mode="overwrite")
    assert store.read(table).num_rows == len(ROWS)


def test_what_replaces_markers_alone(store: FilesInterface) -> None:
    """They are no table, so copy and move need no mode; a hidden file beside them is not lost."""
    source = TableObject("source")
    store.write(ROWS, source)
    for action in (store.copy, store.move):
        lay(store, _SUCCESS=b"", **{"_mine/notes": b"1"})
        with pytest.raises(DataError, match="'_mine/notes'"):
            action(source, TableObject("t"))
        store.delete(DirectoryObject("t"), path="t/_mine/notes")
        action(source, TableObject("t"))
        assert ids(store, TableObject("t")) == [1, 2]
        store.delete(TableObject("t"))


@pytest.mark.parametrize(
    ("path", "size", "shown"),
    [("000000_0", 0, False), ("000000_0", 1, True), ("a.csv", 0, True), ("d=1/x", None, True), ("_d=1/x", 1, True)],
)
def test_empty_files_without_a_format_are_none(path: str, size: int | None, shown: bool) -> None:
    assert is_shown(path, size) is shown
