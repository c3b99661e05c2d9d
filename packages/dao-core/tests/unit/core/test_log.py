"""The logger ``dao``: one line per action, the retries, what turns it on and off, and no secret."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest

from dao import ConflictError, DataAccessObject, DataObject, DataStore, NotFoundError, Plugins, Secret, WriteResult
from dao._core import hooks
from dao._core.log import LOGGER
from dao.progress import doing, ignored, retrying
from dao.tables import retry_conflicts

TABLE = {"type": "table"}
CATALOG = {
    "a": {"interface": "memory", "objects": {"x": TABLE, "note": {"type": "file"}}},
    "b": {"interface": "memory", "objects": {"x": TABLE}},
}
ROWS = pa.table({"id": [1, 2, 3]})


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that stands still, so that lines are the same each time."""
    monkeypatch.setattr(hooks, "perf_counter", lambda: 1.0)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage().partition("] ")[2] for record in caplog.records if record.name == "dao"]


def test_each_action_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="dao")
    dao = DataAccessObject(CATALOG)
    written = dao.write(ROWS, "a.x")
    dao.count("a.x")
    dao.copy("a.x", "b.x")
    with pytest.raises(NotFoundError):
        dao.read("a.note")
    assert lines(caplog) == [
        f"write 'a.x' by memory: 3 rows, 1 file, {written.bytes} B, 0.000 s",
        "count 'a.x' by memory: 0.000 s",
        "read_stream 'a.x' by memory: 3 rows, 24 B, 0.000 s",
        f"write_stream 'b.x' by memory: 3 rows, 1 file, {written.bytes} B, 0.000 s",
        f"copy 'a.x' to 'b.x': 3 rows, 1 file, {written.bytes} B, 0.000 s",
        "read 'a.note' by memory failed: NotFoundError, 0.000 s",
    ]
    assert {record.levelname for record in caplog.records if record.name == "dao"} == {"DEBUG"}
    ids = [record.getMessage()[:10] for record in caplog.records if record.name == "dao"]
    assert ids[2] == ids[3] == ids[4] != ids[1]


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING])
def test_there_are_no_lines_above_debug(caplog: pytest.LogCaptureFixture, level: int) -> None:
    caplog.set_level(level, logger="dao")
    DataAccessObject(CATALOG).write(ROWS, "a.x")
    assert lines(caplog) == []


def test_the_level_counts_at_the_time_of_the_call(caplog: pytest.LogCaptureFixture) -> None:
    dao = DataAccessObject(CATALOG)
    for level in (logging.WARNING, logging.DEBUG, logging.WARNING, logging.DEBUG):
        caplog.set_level(level, logger="dao")
        dao.exists("a.x")
    assert lines(caplog) == ["exists 'a.x' by memory: 0.000 s"] * 2


def test_the_level_of_the_root_counts_too(caplog: pytest.LogCaptureFixture) -> None:
    dao = DataAccessObject(CATALOG)
    dao.exists("a.x")
    caplog.set_level(logging.DEBUG)
    dao.exists("a.x")
    assert len(lines(caplog)) == 1


def test_disabled_levels_have_no_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="dao")
    logging.disable(logging.DEBUG)
    try:
        assert DataAccessObject(CATALOG).exists("a.x") is False
    finally:
        logging.disable(logging.NOTSET)
    assert lines(caplog) == []


def test_a_disabled_logger_has_no_lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.DEBUG, logger="dao")
    monkeypatch.setattr(LOGGER, "disabled", True)
    assert DataAccessObject(CATALOG).exists("a.x") is False
    assert lines(caplog) == []


class Contended:
    """Other writers come first, so many times."""

    def __init__(self, times: int, budget: float = 1000) -> None:
        self.times, self.budget = times, budget

    def write(self, data: Any, data_object: DataObject) -> WriteResult:
        def work() -> WriteResult:
            self.times -= 1
            if self.times >= 0:
                raise ConflictError("another writer changed 'x' first")
            return WriteResult(rows_inserted=3)

        return retry_conflicts(self.budget, work)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dao.tables._conflicts.time.sleep", lambda seconds: None)
    monkeypatch.setattr("dao.tables._conflicts.random.uniform", lambda low, high: high)


@pytest.mark.usefixtures("quick")
def test_conflicts_and_retries_are_lines_at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="dao")
    dao = DataAccessObject()
    dao.write(ROWS, DataObject("x", DataStore("s", Contended(2))))
    with pytest.raises(ConflictError):
        dao.write(ROWS, DataObject("y", DataStore("s", Contended(1, budget=0))))
    assert lines(caplog) == [
        "write 's.x' tries again in 0.020 s: ConflictError: another writer changed 'x' first",
        "write 's.x' tries again in 0.040 s: ConflictError: another writer changed 'x' first",
        "write 's.y' gives up: ConflictError: another writer changed 'x' first",
    ]
    assert {record.levelname for record in caplog.records} == {"INFO"}


def test_a_driver_s_message_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="dao")
    retrying(OSError("https://me:secret@host"), 0.5)
    with doing("[12] write 'a.x'"):
        retrying(OSError("https://me:secret@host"), None)
        ignored(OSError("https://me:secret@host"), "closing a connection")
    assert [record.getMessage() for record in caplog.records] == [
        "outside of an action tries again in 0.500 s: OSError",
        "[12] write 'a.x' gives up: OSError",
        "[12] write 'a.x': closing a connection failed: OSError",
    ]
    assert caplog.records[-1].levelno == logging.DEBUG


class Keeper:
    """Has a secret, takes secrets, and fails with them."""

    def __init__(self, password: Secret) -> None:
        self.password = password

    def read(self, data_object: DataObject, *, token: str | None = None) -> Any:
        if token:
            raise OSError(f"refused {token} and {self.password.reveal()}")
        return ROWS

    def read_stream(self, data_object: DataObject, *, token: str | None = None) -> Any:
        def batches() -> Iterator[Any]:
            yield ROWS.to_batches()[0]
            raise OSError(f"cut off {token}")

        return pa.RecordBatchReader.from_batches(ROWS.schema, batches())

    def run_login(self, data_object: DataObject, *, password: str) -> str:
        return password

    def write(self, data: Any, data_object: DataObject, *, token: str | None = None) -> WriteResult:
        return WriteResult(rows_inserted=1, details={"token": token})


def test_no_line_has_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "canary" + secrets.token_hex(8)
    thing = DataObject("x", DataStore("s", Keeper(Secret(canary))), password=canary, key=f"at/{canary}")
    dao = DataAccessObject(plugins=Plugins())
    dao.read(thing)
    dao.run("login", thing, password=canary)
    dao.write([{"secret": canary}], thing, token=canary)
    with suppress(Exception):
        dao.read(thing, token=canary)
    with suppress(Exception):
        dao.read_stream(thing, token=canary).read_all()
    with suppress(Exception):
        dao.read(thing, unknown=canary)
    assert len(lines(caplog)) == 5
    shown = "".join(f"{record.getMessage()}{record.args!r}{record.exc_text}" for record in caplog.records)
    assert canary not in shown
