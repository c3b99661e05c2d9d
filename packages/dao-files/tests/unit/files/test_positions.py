"""Positions of tables of files: kept in the log with the rows; and incremental copies to such tables."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore, Position, Version
from dao.data_object import FileObject, TableObject
from dao.errors import ConflictError, DataError, NotFoundError, UnsupportedError
from dao.file_set import FileSet, SourceFile
from dao.tables import delete_from_table, mark_changes, merge_tables, select_changes
from dao_files import FilesInterface

T = TableObject("t")
ROWS = pa.table({"id": [1, 2, 3], "v": ["a", "b", "c"]})


def at(version: int, since: int | None = None) -> Position:
    return Position("bronze.orders", version, since)


def position(store: FilesInterface, target: Any = T) -> Position | None:
    return store.read_position(target, source="bronze.orders")


def test_only_the_newest_line_of_the_log_has_positions(store: FilesInterface) -> None:
    store.write(ROWS, T, position=at(3))
    store.write(ROWS, T, mode="append", position=Position("other", 2**63 - 1))
    with closing(store.storage.snapshot("t")) as snapshot, snapshot.open("t/_dao_log.jsonl") as file:
        lines = [json.loads(line) for line in file.read().decode().splitlines()]
    assert [line.get("positions") for line in lines] == [None, {"bronze.orders": 3, "other": 2**63 - 1}]


def test_a_moved_table_takes_its_position_and_a_copied_one_has_none(store: FilesInterface) -> None:
    store.write(ROWS, T, position=at(3))
    store.copy(T, TableObject("copied"))
    store.move(T, TableObject("moved"))
    assert (position(store), position(store, TableObject("copied"))) == (None, None)
    assert position(store, TableObject("moved")) == at(3)
    store.copy(TableObject("copied"), TableObject("moved"), mode="overwrite")
    assert position(store, TableObject("moved")) is None


def test_what_has_no_log_has_no_position(store: FilesInterface) -> None:
    file = FileObject("f.parquet", key="f.parquet")
    with pytest.raises(UnsupportedError, match="position= is kept in a table's log"):
        store.write(ROWS, file, position=at(3))
    with pytest.raises(UnsupportedError, match="position= is kept in a table's log"):
        store.upsert(ROWS, file, keys="id", position=at(3))
    files = FileSet([SourceFile("a.csv", lambda: None, 1)])
    for data in (b"bytes", files):
        with pytest.raises(UnsupportedError, match="position="):
            store.write(data, T, position=at(3))
    with pytest.raises(NotFoundError):
        store.read(T)
    store.write(ROWS, file)
    assert position(store, file) is None


@pytest.mark.parametrize("partition_by", [None, "v"])
def test_an_upsert_that_changes_nothing_keeps_its_position(store: FilesInterface, partition_by: Any) -> None:
    store.write(ROWS, T, position=at(3), partition_by=partition_by)
    files = [info.key for info in store.list(T)]
    done = store.upsert(ROWS.slice(0, 0), T, keys="id", position=at(4, since=3))
    assert (done.version_after, done.files, [info.key for info in store.list(T)]) == (2, 0, files)
    assert (position(store), store.count(T)) == (at(4), 3)
    assert store.read(T, columns=["id", "v"]).sort_by("id").cast(ROWS.schema) == ROWS


def test_replaced_partitions_keep_the_position(store: FilesInterface) -> None:
    store.write(ROWS, T, position=at(3), partition_by="v")
    store.write(ROWS.slice(0, 1), T, mode="overwrite_partitions")
    assert position(store) == at(3)


def test_a_stale_increment_writes_no_file(store: FilesInterface) -> None:
    store.write(ROWS, T, position=at(3))
    before = [info.key for info in store.list(T)]
    for mode in ("append", "overwrite_partitions"):
        with pytest.raises(ConflictError, match="read the increment again"):
            store.write(ROWS, T, mode=mode, position=at(5, since=4))
    with pytest.raises(ConflictError, match="read the increment again"):
        store.upsert(ROWS, T, keys="id", position=at(5))
    assert ([info.key for info in store.list(T)], position(store)) == (before, at(3))


def test_the_position_is_part_of_the_call_that_is_done_once(store: FilesInterface) -> None:
    store.write(ROWS, T, position=at(3))
    for _ in range(2):
        store.write(ROWS, T, mode="append", position=at(4, since=3), idempotency_key="k")
    assert (store.count(T), position(store)) == (6, at(4))
    with pytest.raises(DataError, match="idempotency_key"):
        store.write(ROWS, T, mode="append", position=at(5, since=4), idempotency_key="k")


def test_a_plan_says_the_position(store: FilesInterface) -> None:
    dao, table = DataAccessObject(), TableObject("t", DataStore("silver", store))
    [step] = dao.explain("write", ROWS, table, position=at(3)).steps
    assert step.details["position"] == "of 'bronze.orders', kept in the table's log in the same step"
    with pytest.raises(UnsupportedError, match="position="):
        dao.explain("write", ROWS, FileObject("f.csv", table.data_store), position=at(3))


class Versioned:
    """A table in memory that tells its changes."""

    def __init__(self) -> None:
        self.lines: list[tuple[pa.Table, list[pa.Table]]] = []

    def read_stream(self, data_object, *, version, where=None, columns=None):
        return self.lines[version - 1][0].to_reader()

    def history(self, data_object):
        return [Version(number) for number in range(len(self.lines), 0, -1)]

    def read_changes(self, data_object, *, since):
        if since not in range(1, len(self.lines) + 1):
            raise NotFoundError(f"no version {since}")
        found = [part for _, parts in self.lines[since:] for part in parts]
        return select_changes(pa.concat_tables([self.lines[-1][1][0].slice(0, 0), *found]))

    def publish(self, merged) -> None:
        version = Version(len(self.lines) + 1, datetime(2026, 3, 1, tzinfo=UTC))
        parts = [mark_changes(merged.gone, "delete", version), mark_changes(merged.came, "insert", version)]
        self.lines.append((merged.rows, parts))


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_an_incremental_copy_to_files(store: FilesInterface, format: str) -> None:
    versions = Versioned()
    versions.publish(merge_tables(None, ROWS, ["id"]))
    source = TableObject("orders", DataStore("bronze", versions))
    target = TableObject("t", DataStore("silver", store), keys="id", format=format)
    dao = DataAccessObject()
    assert dao.copy(source, target, incremental=True).rows_inserted == 3
    versions.publish(delete_from_table(versions.lines[-1][0], "id = 1"))
    versions.publish(merge_tables(versions.lines[-1][0], pa.table({"id": [2, 9], "v": ["B", "I"]}), ["id"]))
    done = dao.copy(source, target, incremental=True)
    assert (done.rows_inserted, done.rows_updated, done.rows_deleted, done.version_after) == (1, 1, 1, 2)
    assert position(store) == at(3)
    assert dao.copy(source, target, incremental=True).version_after is None
    assert dao.read(target).sort_by("id") == versions.lines[-1][0].sort_by("id")


def test_of_many_copies_at_once_one_does_it(store: FilesInterface) -> None:
    versions = Versioned()
    versions.publish(merge_tables(None, ROWS, ["id"]))
    source, target = TableObject("orders", DataStore("bronze", versions)), TableObject("t", DataStore("silver", store))
    dao = DataAccessObject()
    dao.copy(source, target, incremental=True)
    versions.publish(merge_tables(versions.lines[-1][0], pa.table({"id": [9], "v": ["I"]}), ["id"]))

    def copy(_: int) -> str:
        try:
            return str(dao.copy(source, target, incremental=True).rows_inserted)
        except ConflictError:
            return "conflict"

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(copy, range(4)))
    assert (outcomes.count("1"), store.count(T)) == (1, 4)
    assert set(outcomes) <= {"0", "1", "conflict"}
