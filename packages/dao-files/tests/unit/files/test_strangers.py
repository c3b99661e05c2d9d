"""Files that are no rows of their table: markers, logs and files of others."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pytest
from laid_files import binary, content, ids, lay, text

from dao.data_object import DirectoryObject, TableObject
from dao.errors import DaoError, DataError, NotFoundError, UnsupportedError
from dao_files import FilesInterface
from dao_files._actions.log import LOG_NAME

ROWS = pa.table({"id": [1, 2]})


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
