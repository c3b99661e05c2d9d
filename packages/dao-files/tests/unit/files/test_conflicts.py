"""Storages that find out at the end that another writer was faster: actions look anew and try again.

The storage here is a folder in memory, whose changes meet another writer as often as they are told to.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pytest
from attrs import define, field

from dao import DirectoryObject, FileObject, TableObject
from dao.errors import AlreadyExistsError, ConflictError, DataError
from dao.file_set import FileSet, SourceFile
from dao.tables import Selection
from dao.tables._conflicts import RetryBudget, retry_conflicts
from dao_files._actions import binary, deleting, managing, reading, upsert, writing
from dao_files._actions.log import LOG_NAME
from dao_files._local.memory import MemoryStorage
from dao_files._storage.keys import join
from dao_files._storage.names import bears_token, with_new_token, without_token

T = TableObject("t", format="parquet")


@define(slots=False)
class Busy(MemoryStorage):
    """``others`` are called one by one, each right before a change is published, and make it fail."""

    others: list[Callable[[], object]] = field(factory=list)
    conflict_timeout: float = 60.0  # type: ignore[misc]  # a class's own there
    changes: int = 0

    @contextmanager
    def change(self, key: str, *, tree: bool, blind: bool = False) -> Iterator[Any]:
        self.changes += 1
        with super().change(key, tree=tree, blind=blind) as change:
            yield _Optimistic(self, key, change)


class _Optimistic:
    """A change of :class:`Busy`: it holds nobody up, and what it has found can be looked at anew."""

    def __init__(self, storage: Busy, key: str, change: Any) -> None:
        self._storage, self._key, self._change = storage, key, change
        self._kept: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._change, name)

    def keep(self, key: str) -> None:
        self._kept.append(key)
        self._change.keep(key)

    def publish(self) -> None:
        storage = self._storage
        if not storage.others:
            self._change.publish()
            return
        other, *others = storage.others
        held, storage._held, storage.others = storage._held, [], []
        other()
        storage._held, storage.others = held, others
        raise ConflictError("another writer was faster")

    def renew(self) -> None:
        for key in (*self._kept, join(self._key, LOG_NAME)):
            self._change._sinks.pop(key, None)
            self._change._contents.pop(key, None)
        self._kept.clear()
        self._change.base = self._storage.snapshot(self._key) if self._storage.kind(self._key) else None


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Busy:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    return Busy()


def write(storage: Busy, rows: list[dict[str, Any]], mode: str = "append", **given: Any) -> Any:
    arguments: dict[str, Any] = {
        "path": None, "format": "parquet", "partition_by": None, "schema_mode": "strict", "schema": None, "options": {},
    }  # fmt: skip
    return writing.write_rows(storage, rows, T, mode=mode, **{**arguments, **given})


def rows(storage: Busy) -> list[dict[str, Any]]:
    table = reading.read_table(storage, T, Selection(), path=None, format=None, schema=None, options={})
    return sorted(table.to_pylist(), key=lambda row: row["id"])


def merge(storage: Busy, new: list[dict[str, Any]], **given: Any) -> Any:
    return upsert.upsert_rows(
        storage, new, T, keys="id", order_by=None, format="parquet", partition_by=None, schema_mode="strict",
        schema=None, options={}, **given,
    )  # fmt: skip


def drop(storage: Busy, where: str, **given: Any) -> Any:
    return deleting.delete_rows(storage, T, where=where, path=None, format=None, schema=None, options={}, **given)


def numbered(*ids: int, v: str = "x") -> list[dict[str, Any]]:
    return [{"id": number, "v": v} for number in ids]


def test_an_append_writes_its_rows_once_however_often_others_come(storage):
    write(storage, numbered(1), "error")
    storage.others = [lambda: write(storage, numbered(2)), lambda: write(storage, numbered(3))]
    changes = storage.changes
    result = write(storage, iter_once(numbered(4)))
    assert rows(storage) == numbered(1, 2, 3, 4)
    assert (result.rows_inserted, result.version_before, result.version_after) == (1, 3, 4)
    assert storage.changes == changes + 3  # one for each writer: what was written is kept


def iter_once(new: list[dict[str, Any]]) -> pa.RecordBatchReader:
    """Rows that can be read a single time."""
    return pa.Table.from_pylist(new).to_reader()


def test_an_overwrite_replaces_what_came_meanwhile(storage):
    write(storage, numbered(1), "error")
    storage.others = [lambda: write(storage, numbered(2))]
    assert write(storage, iter_once(numbered(3)), "overwrite").rows_deleted == 2
    assert rows(storage) == numbered(3)


def test_who_creates_second_is_told_so(storage):
    storage.others = [lambda: write(storage, numbered(1), "error")]
    with pytest.raises(AlreadyExistsError):
        write(storage, numbered(2), "error")
    storage.delete("t")
    storage.others = [lambda: write(storage, numbered(1), "error")]
    assert write(storage, numbered(2), "ignore").rows_inserted == 0
    assert rows(storage) == numbered(1)


def test_partitions_are_replaced_as_they_are_in_the_end(storage):
    write(storage, [{"id": 1, "p": "a"}, {"id": 2, "p": "b"}], "error", partition_by="p")
    storage.others = [lambda: write(storage, [{"id": 3, "p": "a"}, {"id": 4, "p": "b"}])]
    write(storage, iter_once([{"id": 5, "p": "a"}]), "overwrite_partitions")
    assert [row["id"] for row in rows(storage)] == [2, 4, 5]


def test_an_upsert_merges_into_what_is_there_in_the_end(storage):
    write(storage, numbered(1), "error")
    storage.others = [lambda: write(storage, numbered(2, v="other")), lambda: drop(storage, "id = 1")]
    result = merge(storage, numbered(1, 2, v="new"))
    assert rows(storage) == numbered(1, 2, v="new")
    assert (result.rows_inserted, result.rows_updated) == (1, 1)


def test_two_upserts_that_create_become_one_table(storage):
    storage.others = [lambda: merge(storage, numbered(1, 2, v="first"))]
    merge(storage, numbered(2, 3, v="second"))
    assert [row["v"] for row in rows(storage)] == ["first", "second", "second"]


def test_a_deletion_takes_what_came_meanwhile(storage):
    write(storage, numbered(1, 2), "error")
    storage.others = [lambda: write(storage, numbered(1, 3))]
    assert drop(storage, "id = 1").rows_deleted == 2
    assert rows(storage) == numbered(2, 3)


def test_another_schema_meanwhile_is_no_luck(storage):
    write(storage, numbered(1), "error")
    storage.others = [lambda: write(storage, [{"id": 2, "w": 1.5}], schema_mode="evolve")]
    with pytest.raises((ConflictError, DataError)):
        write(storage, numbered(3), schema_mode="evolve")
    assert [row["id"] for row in rows(storage)] == [1, 2]


def files(**content: bytes) -> FileSet:
    return FileSet([SourceFile(name, lambda data=data: io.BytesIO(data)) for name, data in content.items()])


def test_files_are_added_to_what_is_there_in_the_end(storage):
    target = DirectoryObject("d")

    def put(mode: str = "append", **content: bytes) -> Any:
        return binary.write_files(storage, files(**content), target, mode=mode, path=None)

    put("error", a=b"a")
    storage.others = [lambda: put(b=b"b")]
    put(c=b"c")
    assert {info.key for info in storage.list("d")} >= {"d/a", "d/b", "d/c"}
    storage.others = [lambda: put(e=b"other's")]
    with pytest.raises(AlreadyExistsError, match="d/e"):
        put(e=b"mine")
    storage.delete("d")
    storage.others = [lambda: put("error", a=b"other's")]
    assert put("ignore", a=b"mine").files == 0


def test_copies_and_moves_are_made_again(storage):
    write(storage, numbered(1), "error")
    storage.others = [lambda: write(storage, numbered(2))]
    managing.copy(storage, T, TableObject("u", format="parquet"), mode="error")
    assert storage.kind("u") == "directory"


def test_bytes_that_others_make_first_are_theirs(storage):
    target = FileObject("a.bin")

    def put(data: bytes, mode: str) -> Any:
        return binary.write_bytes(storage, data, target, mode=mode, path=None)

    storage.others = [lambda: put(b"other's", "error")]
    with pytest.raises(ConflictError):
        put(b"mine", "append")
    assert binary.read_bytes(storage, target, path=None, offset=None, length=None) == b"other's"


def test_a_source_that_conflicts_is_not_read_a_second_time(storage):
    """Rows from elsewhere may be gone once they are read: their errors are nobody else's conflict."""
    read = []

    def batches() -> Iterator[pa.RecordBatch]:
        read.append(1)
        yield pa.RecordBatch.from_pylist(numbered(1))
        raise ConflictError("the source was replaced while it was read")

    schema = pa.schema({"id": pa.int64(), "v": pa.string()})
    with pytest.raises(ConflictError, match="the source"):
        write(storage, pa.RecordBatchReader.from_batches(schema, batches()), "error")
    assert len(read) == 1
    assert storage.kind("t") is None


def test_patience_ends(storage, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    budget = RetryBudget(storage.conflict_timeout)
    now[0] += 3600  # what was done until the first conflict is not counted
    budget.wait(ConflictError("first"))
    now[0] += 61
    with pytest.raises(ConflictError, match="second"):
        budget.wait(ConflictError("second"))


def test_storages_without_conflicts_have_none_tried_again(storage):
    storage.conflict_timeout = 0.0
    calls = []

    def work() -> None:
        calls.append(1)
        raise ConflictError("no")

    with pytest.raises(ConflictError):
        retry_conflicts(storage.conflict_timeout, work)
    assert len(calls) == 1


def test_tokens():
    path = "a/part-000001-00000-dao0123456789ab.csv.gz"
    other = with_new_token(path)
    assert bears_token(path)
    assert bears_token(other)
    assert other != path
    assert without_token(other) == without_token(path) == "a/part-000001-00000.csv.gz"
    for name in ("users.csv", "0f8fad5b-d9cb-469f-a165-70867728950e", "a-dao0123456789ab/users.csv", "-dao0123.csv"):
        assert not bears_token(name)


@pytest.mark.parametrize("mode", ["error", "append", "overwrite", "ignore"])
@pytest.mark.parametrize("exists", [False, True])
def test_of_two_writers_with_one_key_one_writes(storage, mode, exists):
    if exists and mode not in ("error", "ignore"):
        write(storage, numbered(1), "error")
    told = []
    storage.others = [lambda: told.append(write(storage, numbered(2), mode, idempotency_key="k"))]
    result = write(storage, iter_once(numbered(2)), mode, idempotency_key="k")
    assert told[0].rows_inserted == 1
    assert (result.rows_inserted, result.version_before, result.version_after) == (0, *[told[0].version_after] * 2)
    assert [row["id"] for row in rows(storage)].count(2) == 1


def test_of_two_writers_with_one_key_and_other_rows_one_fails(storage):
    write(storage, numbered(1), "error")
    storage.others = [lambda: write(storage, numbered(2), idempotency_key="k")]
    with pytest.raises(DataError, match="idempotency_key: 'k' is that of another call, which made version 2"):
        write(storage, numbered(3), idempotency_key="k")
    assert rows(storage) == numbered(1, 2)


def test_of_two_upserts_or_deletes_with_one_key_one_is_done(storage):
    write(storage, numbered(1, 2), "error")

    def twice() -> None:
        merge(storage, numbered(1, v="new"), idempotency_key="u")
        write(storage, numbered(1, 2, v="newest"), "overwrite")

    storage.others = [twice]
    assert merge(storage, numbered(1, v="new"), idempotency_key="u").version_after == 2
    assert rows(storage) == numbered(1, 2, v="newest")
    storage.others = [lambda: drop(storage, "id = 2", idempotency_key="d")]
    assert drop(storage, "id = 2", idempotency_key="d").rows_deleted == 0
    storage.others = [lambda: write(storage, numbered(7))]
    assert drop(storage, "id = 8", idempotency_key="none").rows_deleted == 0
    write(storage, numbered(8))
    assert drop(storage, "id = 8", idempotency_key="none").rows_deleted == 0
    assert rows(storage) == [*numbered(1, v="newest"), *numbered(7, 8)]
