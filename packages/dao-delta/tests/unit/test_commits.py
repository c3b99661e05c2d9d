"""A commit whose answer is lost, refused or doubtful: what is said of it is what was done."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pytest
from attrs import define, field
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject, UnsupportedError
from dao.errors import ConflictError, NotFoundError, PermissionDeniedError, StoreError, TransientError
from dao_delta import DeltaObject
from dao_delta._commits import transaction as _transaction
from dao_delta._tables import log as _log
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.log import commit_key, put_commit

KEY = commit_key("t", 3)
OURS, THEIRS = [{"commitInfo": {"txnId": "ours"}}], b'{"commitInfo":{"txnId":"theirs"}}'
CUT = TransientError("the connection was cut")
SAME_MOMENT = ConflictError("409 ConditionalRequestConflict")


@define
class Store:
    """A transport whose puts and gets go as they are told: an error before or after what they do."""

    puts: list[tuple[bool, BaseException | None]]
    """Of each put: whether it is done, and what it raises."""
    blind: BaseException | None = None
    content: dict[str, bytes] = field(factory=dict)
    tried: int = 0

    def put(self, key: str, data: bytes, *, if_absent: bool) -> None:
        assert if_absent
        done, error = self.puts[min(self.tried, len(self.puts) - 1)]
        self.tried += 1
        if done and key not in self.content:
            self.content[key] = data
        if error is not None:
            raise error

    def get(self, key: str) -> bytes:
        if self.blind is not None:
            raise self.blind
        if key not in self.content:
            raise NotFoundError("nothing there")
        return self.content[key]


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(_log.time, "sleep", slept.append)
    return slept


def put(store: Store) -> None:
    put_commit(store, "t", 3, OURS, "ours")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "puts",
    [
        [(True, None)],
        [(True, CUT)],
        [(True, StoreError("500 InternalError"))],
        [(True, ConflictError("412 PreconditionFailed, of a retry after a lost answer"))],
        [(True, OSError("unlink of the staged file"))],
        [(False, SAME_MOMENT), (False, SAME_MOMENT), (True, None)],
        [(False, SAME_MOMENT), (True, CUT)],
        [(False, CUT), (True, None)],
        [(False, CUT), (True, ConflictError("412 PreconditionFailed: the first one came late"))],
    ],
)
def test_it_is_known_as_ours(puts: Any) -> None:
    store = Store(puts)
    put(store)
    assert json.loads(store.content[KEY]) == OURS[0]


@pytest.mark.parametrize("content", [THEIRS, b'{"commitInfo":{}}', b'{"add":{}}', b""])
@pytest.mark.parametrize("error", [SAME_MOMENT, CUT, PermissionDeniedError("403")])
def test_another_writers_is_a_conflict(content: bytes, error: Exception) -> None:
    store = Store([(False, error)], content={KEY: content})
    with pytest.raises(ConflictError, match="another writer made version 3 of 't'"):
        put(store)
    assert store.content == {KEY: content}


def test_what_the_store_refuses_at_the_same_moment_is_tried_again_and_not_done(waits: list[float]) -> None:
    store = Store([(False, SAME_MOMENT)])
    with pytest.raises(ConflictError, match="others write at this moment"):
        put(store)
    assert store.tried == 6
    assert len(waits) == 5
    assert store.content == {}


@pytest.mark.parametrize(
    "error", [CUT, PermissionDeniedError("403"), NotFoundError("NoSuchBucket"), OSError(28, "full")]
)
def test_what_is_not_there_is_told_as_it_was(error: Exception) -> None:
    store = Store([(False, error)])
    with pytest.raises(type(error)) as caught:
        put(store)
    assert caught.value is error
    assert store.tried == (2 if error is CUT else 1)


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("blind", [CUT, PermissionDeniedError("403"), OSError(5, "Input/output error")])
@pytest.mark.parametrize("error", [CUT, SAME_MOMENT, OSError(5, "Input/output error")])
def test_what_cannot_be_seen_is_said_to_be_open(done: bool, blind: Exception, error: Exception) -> None:
    with pytest.raises(TransientError, match="whether it was made can't be seen") as caught:
        put(Store([(done, error)], blind))
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("content", [b"\xff\xfe", b'{"commitInfo":'])
def test_a_damaged_commit_of_that_version_is_no_success(content: bytes) -> None:
    with pytest.raises(TransientError, match="whether it was made can't be seen"):
        put(Store([(False, CUT)], content={KEY: content}))


def test_an_interrupt_goes_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        put(Store([(True, KeyboardInterrupt())]))


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_fork_after_use_is_told_what_to_do(tmp_path: Any) -> None:
    store = DataStore("lake", "delta", options={"root": str(tmp_path)})
    table = DeltaObject("t", store)
    with DataAccessObject(registry=DataStoreRegistry([store])) as dao:
        dao.write([{"id": 1}], table)
        child = os.fork()
        if not child:
            told = 1
            try:
                dao.read(table)
            except UnsupportedError as error:
                told = 0 if "'spawn'" in str(error) and "panic" not in str(error) else 2
            finally:
                os._exit(told)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert dao.count(table) == 1


def test_an_error_between_two_attempts_leaves_no_files(
    tmp_path: Path, table: TableObject, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt was refused, so no commit can name its files."""
    dao, find = DataAccessObject(), Client.find
    dao.write(pa.table({"id": [1]}), table)
    files = sorted(Path(path).glob("*.parquet"))

    def overtaken(self: Client, key: str) -> Any:
        snapshot = find(self, key)
        DeltaTable(path).alter.set_table_properties({"delta.appendOnly": "false"})
        return snapshot

    monkeypatch.setattr(Client, "find", overtaken)
    monkeypatch.setattr(Client, "newest", mock.Mock(side_effect=TransientError("the store doesn't answer")))
    with pytest.raises(TransientError, match="doesn't answer"):
        dao.write(pa.table({"id": [2]}), table, mode="append")
    assert sorted(Path(path).glob("*.parquet")) == files


def test_a_commit_that_cannot_be_seen_leaves_its_files(
    table: TableObject, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dao = DataAccessObject()
    dao.write(pa.table({"id": [1]}), table)

    def lost(*_: Any) -> None:
        raise TransientError("whether it was made can't be seen")

    monkeypatch.setattr(_transaction, "put_commit", lost)
    with pytest.raises(TransientError, match="can't be seen"):
        dao.write(pa.table({"id": [2]}), table, mode="append")
    assert len(list(Path(path).glob("*.parquet"))) == 2


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device: hunter2"), "OSError"),
        (
            DeltaError("full\nstack backtrace: 0: hunter2"),
            "the Delta table can't be used: full",
        ),
        (StoreError("the store is full"), "the store is full"),
    ],
)
def test_a_checkpoint_that_fails_is_told_in_the_log(
    table: TableObject, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, told: str
) -> None:
    dao = DataAccessObject()
    dao.write(pa.table({"id": [1]}), table, properties={"delta.checkpointInterval": "1"})
    monkeypatch.setattr(_transaction.Client, "open", mock.Mock(side_effect=error))
    monkeypatch.setattr(Client, "find", lambda self, key: Snapshot(self, key, DeltaTable(self.uri_of(key))))
    result = dao.write(pa.table({"id": [2]}), table, mode="append")
    assert result.version_after == 1
    (record,) = [one for one in caplog.records if one.name == "dao"]
    assert record.levelname == "WARNING"
    assert record.getMessage().rstrip() == f"no checkpoint was written for version 1 of 'orders': {told}"


@pytest.mark.parametrize("error", [None, DeltaError("broken"), OSError("ExpiredToken")])
def test_after_a_conflict_only_the_new_commits_are_read(
    table: TableObject, path: str, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    """And the change is planned on what they say, the columns among it."""
    dao, opened, attempts = DataAccessObject(), [], []
    dao.write(pa.table({"id": [1]}), table)
    open_table = Client.open

    def noted(self: Client, *given: Any) -> Snapshot:
        opened.append(given)
        return open_table(self, *given)

    def put(*given: Any) -> None:
        attempts.append(given)
        if len(attempts) == 1:
            monkeypatch.setattr(_transaction, "put_commit", put_commit)
            others = DataAccessObject()
            others.write(pa.table({"id": [2], "new": [5]}), table, mode="append", schema_mode="evolve")
            others.write(pa.table({"id": [3], "new": [6]}), table, mode="append")
            opened.clear()
            if error is not None:
                monkeypatch.setattr(DeltaTable, "update_incremental", mock.Mock(side_effect=error))
        put_commit(*given)

    monkeypatch.setattr(Client, "open", noted)
    monkeypatch.setattr(_transaction, "put_commit", put)
    result = dao.write(pa.table({"id": [4], "new": [7]}), table, mode="append", schema_mode="evolve")
    assert (result.version_before, result.version_after, len(opened)) == (2, 3, 0 if error is None else 1)
    monkeypatch.undo()
    assert dao.read(table).sort_by("id").to_pylist() == [
        {"id": number, "new": new} for number, new in ((1, None), (2, 5), (3, 6), (4, 7))
    ]
    assert {field["name"] for field in json.loads(DeltaTable(path).schema().to_json())["fields"]} == {"id", "new"}
