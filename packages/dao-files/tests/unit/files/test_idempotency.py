"""A call with an idempotency key is done once, however often it is made and whatever happens in between."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest

from dao.data_object import DataObject, FileObject, TableObject
from dao.data_store import DataStore
from dao.errors import AlreadyExistsError, DataError, NotFoundError, UnsupportedError
from dao.file_set import FileSet, SourceFile
from dao.progress import Cancelled, Progress, listening
from dao.results import WriteResult
from dao_files import FilesInterface, MemoryInterface
from dao_files._actions.log import LOG_NAME

T = TableObject("t")
ONE = pa.table({"id": [1], "v": ["a"]})
TWO = pa.table({"id": [2], "v": ["b"]})
Put = Callable[[bytes, str], None]


def ids(store: FilesInterface) -> list[int]:
    return sorted(row["id"] for row in store.read(T).to_pylist())


def nothing(version: int | None) -> WriteResult:
    return WriteResult(0, 0, 0, 0, 0, version, version)


@pytest.fixture
def table(store: FilesInterface) -> FilesInterface:
    store.write(ONE, T, format="parquet")
    return store


@pytest.mark.parametrize("mode", ["error", "append", "overwrite", "ignore"])
@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_a_write_that_makes_a_table_is_done_once(store: FilesInterface, mode: str, format: str) -> None:
    first = store.write(ONE, T, mode=mode, format=format, idempotency_key="k")
    assert first.version_after == 1
    store.write(TWO, T, mode="append")
    assert store.write(ONE, T, mode=mode, format=format, idempotency_key="k") == nothing(1)
    assert ids(store) == [1, 2]
    assert len(store.history(T)) == 2


def test_a_key_outlives_writes_of_every_kind(table: FilesInterface) -> None:
    assert table.write(TWO, T, mode="append", idempotency_key="k").version_after == 2
    table.write(ONE, T, mode="overwrite", format="csv")
    table.upsert(TWO, T, keys="id")
    table.delete(T, where="id = 2")
    table.write(pa.table({"id": [7], "day": ["mo"]}), T, mode="overwrite", format="parquet", partition_by="day")
    table.write(pa.table({"id": [8], "day": ["mo"]}), T, mode="overwrite_partitions")
    assert table.write(TWO, T, mode="append", idempotency_key="k") == nothing(2)
    assert ids(table) == [8]
    with pytest.raises(AlreadyExistsError):
        table.write(TWO, T, idempotency_key="another")


def test_a_key_comes_along_with_a_moved_table_and_not_with_a_copy(table: FilesInterface) -> None:
    table.write(TWO, T, mode="append", idempotency_key="k")
    copy, moved = TableObject("copy"), TableObject("moved")
    table.copy(T, copy)
    assert table.write(TWO, copy, mode="append", idempotency_key="k").rows_inserted == 1
    table.move(T, moved)
    assert table.write(TWO, moved, mode="append", idempotency_key="k") == nothing(2)


def test_a_copy_over_a_table_leaves_the_keys_of_that_table(table: FilesInterface) -> None:
    table.write(TWO, T, mode="append", idempotency_key="k")
    table.write(ONE, TableObject("other"), format="parquet")
    table.copy(TableObject("other"), T, mode="overwrite")
    assert table.write(TWO, T, mode="append", idempotency_key="k") == nothing(2)


def test_upserts_are_done_once(table: FilesInterface) -> None:
    new = pa.table({"id": [1, 2], "v": ["A", "b"]})
    first = table.upsert(new, T, keys="id", idempotency_key="k")
    assert (first.rows_updated, first.rows_inserted, first.version_after) == (1, 1, 2)
    table.upsert(ONE, T, keys="id")
    assert table.upsert(new.slice(0), T, keys=["id"], idempotency_key="k") == nothing(2)
    assert table.read(T).sort_by("id")["v"].to_pylist() == ["a", "b"]


def test_an_upsert_that_makes_a_table_is_done_once(store: FilesInterface) -> None:
    assert store.upsert(ONE, T, keys="id", idempotency_key="k").version_after == 1
    store.delete(T, where="id = 1")
    assert store.upsert(ONE, T, keys="id", idempotency_key="k") == nothing(1)
    assert store.count(T) == 0


def test_deletes_are_done_once(table: FilesInterface) -> None:
    assert table.delete(T, where="id = 1", idempotency_key="k").version_after == 2
    table.write(ONE, T, mode="append")
    for where in ("id = 1", "  (id) =1", [("id", "=", 1)]):
        assert table.delete(T, where=where, idempotency_key="k") == nothing(2)
    assert ids(table) == [1]


def test_what_changed_nothing_is_done_all_the_same(table: FilesInterface) -> None:
    """Else a call made again would change what was written in between."""
    stale = pa.table({"id": [1], "v": ["old"], "at": [0]})
    table.write(pa.table({"id": [1], "v": ["new"], "at": [5]}), T, mode="overwrite")
    upsert = {"keys": "id", "order_by": "at", "idempotency_key": "u"}
    assert table.upsert(stale, T, **upsert) == nothing(2)
    assert table.delete(T, where="id = 9", idempotency_key="d") == nothing(2)
    assert [version.version for version in table.history(T)] == [2, 1]
    table.write(pa.table({"id": [1, 9], "v": ["x", "y"], "at": [-1, -1]}), T, mode="overwrite")
    assert table.upsert(stale, T, **upsert) == nothing(2)
    assert table.delete(T, where="id = 9", idempotency_key="d") == nothing(2)
    assert ids(table) == [1, 9]


OTHERS: dict[str, Callable[[FilesInterface], object]] = {
    "other data": lambda s: s.write(ONE, T, mode="append", idempotency_key="k"),
    "other types": lambda s: s.write(
        TWO.cast(pa.schema({"id": pa.int32(), "v": pa.string()})), T, mode="append", idempotency_key="k"
    ),
    "more data": lambda s: s.write(pa.concat_tables([TWO, TWO]), T, mode="append", idempotency_key="k"),
    "no data": lambda s: s.write(TWO.slice(1), T, mode="append", idempotency_key="k"),
    "mode": lambda s: s.write(TWO, T, mode="overwrite", idempotency_key="k"),
    "schema_mode": lambda s: s.write(TWO, T, mode="append", schema_mode="evolve", idempotency_key="k"),
    "partition_by": lambda s: s.write(TWO, T, mode="append", partition_by=["v"], idempotency_key="k"),
    "options": lambda s: s.write(TWO, T, mode="append", compression="zstd", idempotency_key="k"),
    "upsert": lambda s: s.upsert(TWO, T, keys="id", idempotency_key="k"),
    "delete": lambda s: s.delete(T, where="id = 2", idempotency_key="k"),
    "upsert: keys": lambda s: s.upsert(TWO, T, keys=["id", "v"], idempotency_key="u"),
    "upsert: order_by": lambda s: s.upsert(TWO, T, keys="id", order_by="v", idempotency_key="u"),
    "upsert: delete_when": lambda s: s.upsert(TWO, T, keys="id", delete_when="id = 5", idempotency_key="u"),
    "upsert: data": lambda s: s.upsert(ONE, T, keys="id", idempotency_key="u"),
    "delete: where": lambda s: s.delete(T, where="id = 8", idempotency_key="d"),
    "delete: schema": lambda s: s.delete(T, where="id = 9", schema=TWO.schema, idempotency_key="d"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_call_with_the_same_key_is_an_error(table: FilesInterface, other: str) -> None:
    table.write(TWO, T, mode="append", idempotency_key="k")
    table.upsert(TWO, T, keys="id", idempotency_key="u")
    table.delete(T, where="id = 9", idempotency_key="d")
    history = table.history(T)
    with pytest.raises(DataError, match=r"idempotency_key: '.' is that of another call"):
        OTHERS[other](table)
    assert (table.history(T), ids(table)) == (history, [1, 2])


def test_an_error_names_the_version_of_the_first_call(table: FilesInterface) -> None:
    table.write(TWO, T, mode="append", idempotency_key="k")
    with pytest.raises(DataError, match=r"which made version 2, at \d{4}-\d\d-\d\d .* UTC"):
        table.write(ONE, T, mode="append", idempotency_key="k")


def test_the_same_rows_in_another_layout_are_the_same(table: FilesInterface) -> None:
    rows = pa.table({"id": pa.array(range(10)), "v": pa.array([None, "x"] * 5)})
    table.write(rows, T, mode="append", idempotency_key="k")
    chunked = pa.concat_tables([rows.slice(0, 3), rows.slice(3)])
    encoded = rows.set_column(1, "v", rows["v"].dictionary_encode())
    for same in (chunked, chunked.to_reader(max_chunksize=2), encoded, rows.to_pylist(), iter(rows.to_batches(4))):
        assert table.write(same, T, mode="append", idempotency_key="k") == nothing(2)
    assert table.count(T) == 11


def test_data_is_compared_as_its_declared_schema_has_it(store: FilesInterface) -> None:
    schema = pa.schema({"id": pa.int64(), "v": pa.string()})
    store.write(ONE, T, schema=schema, format="parquet", idempotency_key="k")
    small = ONE.cast(pa.schema({"id": pa.int8(), "v": pa.string()}))
    assert store.write(small, T, schema=schema, format="parquet", idempotency_key="k") == nothing(1)


def test_a_failed_call_leaves_no_key(table: FilesInterface) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield from TWO.to_batches()
        raise RuntimeError("the source ended")

    stream = pa.RecordBatchReader.from_batches(TWO.schema, broken())
    with pytest.raises(Exception, match="the source ended"):
        table.write(stream, T, mode="append", idempotency_key="k")
    with pytest.raises(DataError):
        table.write(pa.table({"x": [1]}), T, mode="append", idempotency_key="k")
    with pytest.raises(AlreadyExistsError):
        table.write(TWO, T, idempotency_key="k")
    assert table.write(TWO, T, mode="append", idempotency_key="k").rows_inserted == 1


def test_a_repeated_call_fails_with_its_stream(table: FilesInterface) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield from TWO.to_batches()
        raise RuntimeError("the source ended")

    table.write(TWO, T, mode="append", idempotency_key="k")
    with pytest.raises(Exception, match="the source ended"):
        table.write(pa.RecordBatchReader.from_batches(TWO.schema, broken()), T, mode="append", idempotency_key="k")


def test_a_repeated_call_reports_the_rows_that_it_compares_and_can_be_cancelled(table: FilesInterface) -> None:
    rows = pa.concat_tables([TWO, ONE, TWO])
    table.write(rows, T, mode="append", idempotency_key="k")
    told: list[int] = []

    def listen(progress: Progress) -> None:
        told.append(progress.rows)
        if told == [1, 2]:
            raise Cancelled

    with listening("write", "s.t", listen), pytest.raises(Cancelled):
        table.write(rows.to_reader(max_chunksize=1), T, mode="append", idempotency_key="k")
    assert told[:2] == [1, 2]


def test_other_programs_files_dont_matter(table: FilesInterface, put_foreign: Put) -> None:
    table.write(TWO, T, mode="append", idempotency_key="k")
    other = MemoryInterface()
    other.write(pa.table({"id": [3], "v": ["c"]}), FileObject("f.parquet"))
    put_foreign(other.read_bytes(FileObject("f.parquet"), into="bytes"), "t/foreign.parquet")
    assert table.write(TWO, T, mode="append", idempotency_key="k") == nothing(2)
    assert ids(table) == [1, 2, 3]


def test_a_table_of_another_program_remembers_what_changed_nothing(store: FilesInterface, put_foreign: Put) -> None:
    other = MemoryInterface()
    other.write(ONE, FileObject("f.parquet"))
    put_foreign(other.read_bytes(FileObject("f.parquet"), into="bytes"), "t/foreign.parquet")
    assert store.delete(T, where="id = 2", idempotency_key="k") == nothing(None)
    assert (store.history(T), ids(store)) == ([], [1])
    store.write(TWO, T, mode="append")
    assert store.delete(T, where="id = 2", idempotency_key="k") == nothing(None)
    assert ids(store) == [1, 2]


def test_a_lost_log_has_lost_its_keys_and_harms_nothing(table: FilesInterface) -> None:
    table.write(TWO, T, mode="append", idempotency_key="k")
    table.storage.delete(f"t/{LOG_NAME}", "file")
    assert table.write(TWO, T, mode="append", idempotency_key="k").rows_inserted == 1
    assert ids(table) == [1, 2, 2]


def test_keys_go_with_a_table_that_is_deleted_whole(table: FilesInterface) -> None:
    table.write(TWO, T, mode="append", idempotency_key="k")
    table.delete(T)
    with pytest.raises(NotFoundError):
        table.delete(T, where="id = 1", idempotency_key="d")
    assert table.write(TWO, T, mode="append", idempotency_key="k").rows_inserted == 1


def test_ignore_leaves_no_key_where_it_does_nothing(table: FilesInterface) -> None:
    assert table.write(TWO, T, mode="ignore", idempotency_key="k").version_after == 1
    assert table.write(TWO, T, mode="append", idempotency_key="k").rows_inserted == 1


FILE = FileObject("f.parquet")
REFUSED: dict[str, Callable[[FilesInterface], object]] = {
    "write": lambda s: s.write(ONE, FILE, mode="append", idempotency_key="k"),
    "write path": lambda s: s.write(ONE, T, path="g.parquet", idempotency_key="k"),
    "write a file of no kind": lambda s: s.write(ONE, DataObject("f.parquet"), mode="append", idempotency_key="k"),
    "upsert": lambda s: s.upsert(ONE, FILE, keys="id", idempotency_key="k"),
    "upsert a file of no kind": lambda s: s.upsert(ONE, DataObject("f.parquet"), keys="id", idempotency_key="k"),
    "delete": lambda s: s.delete(FILE, where="id = 1", idempotency_key="k"),
    "delete a file of no kind": lambda s: s.delete(DataObject("f.parquet"), where="id = 1", idempotency_key="k"),
    "delete a file whole": lambda s: s.delete(FILE, idempotency_key="k"),
    "delete a table whole": lambda s: s.delete(T, idempotency_key="k"),
    "bytes": lambda s: s.write(b"x", FILE, mode="overwrite", idempotency_key="k"),
    "files": lambda s: s.write(FileSet((SourceFile("x", io.BytesIO, 0),)), T, mode="append", idempotency_key="k"),
    "read": lambda s: s.read(T, idempotency_key="k"),
}


@pytest.mark.parametrize("call", REFUSED)
def test_what_has_no_log_takes_no_key(table: FilesInterface, call: str) -> None:
    table.write(ONE, FILE)
    with pytest.raises(UnsupportedError, match="idempotency_key="):
        REFUSED[call](table)
    assert (ids(table), table.read(FILE).num_rows, len(table.history(T))) == ([1], 1, 1)


def test_explain_shows_the_key_and_refuses_what_has_none() -> None:
    def plan(action: str, what: DataObject, **given: Any) -> dict[str, Any]:
        return store.plan_call(action, what, {"idempotency_key": "k", **given}, {})

    store = MemoryInterface()
    said = "'k', unless the table's log has it: then nothing is done"
    table = TableObject("t", DataStore("s", store))
    assert plan("write", table, data=ONE)["idempotency_key"] == said
    assert plan("upsert", table, data=ONE, keys=["id"])["idempotency_key"] == said
    assert plan("delete", table, where="id = 1")["idempotency_key"] == said
    for action, what, given in (
        ("write", FILE, {"data": ONE}), ("write", FILE, {"data": b"x"}),
        ("upsert", FILE, {"data": ONE, "keys": ["id"]}), ("delete", FILE, {"where": "id = 1"}),
        ("delete", table, {}),
    ):  # fmt: skip
        with pytest.raises(UnsupportedError, match="idempotency_key="):
            plan(action, what, **given)
