"""The kit notices who guesses what became of a COMMIT whose answer was lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from losing import backend_in

from dao import DataAccessObject, DataStoreRegistry
from dao.capabilities import capabilities_of
from dao.testing._conformance.sweeps import CHANGES, Faults
from dao_sql import SqliteInterface
from dao_sql._sessions.database import Database

APPEND = next(change for change in CHANGES if change.name == "append")
TESTS = ("test_one_failed_operation", "test_the_storage_dies", "test_an_answer_is_lost")


class Sweeps(Faults):
    """The kit's sweeps, to be called."""

    capabilities = capabilities_of(SqliteInterface)


def _red(folder: Path) -> set[str]:
    """The tests of an append that fail."""
    found = set()
    for name in TESTS:
        (folder / name).mkdir()
        backend = backend_in(folder / name)
        with DataAccessObject(registry=DataStoreRegistry([backend.store, backend.other])) as dao:
            try:
                getattr(Sweeps(), name)(dao, backend, APPEND)
            except AssertionError:
                found.add(name)
    return found


def _is_done(database: Database, mark: Any) -> bool:
    return True


def _is_sent_again(database: Database, session: Any, change: Any, done: Any) -> Any:
    try:
        return _attempt(database, session, change, done)
    except Exception as error:
        if not session.connection.is_lost(error):
            raise
        session.broken = False
        database._end(session)  # on which the staged rows are
        return _attempt(database, session, change, done)


_attempt = Database._attempt


def test_who_asks_is_green(tmp_path: Path) -> None:
    assert not _red(tmp_path)


def test_who_takes_it_for_done_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "_was_committed", _is_done)
    assert {"test_one_failed_operation", "test_the_storage_dies"} <= _red(tmp_path)


def test_who_sends_it_again_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "_was_committed", lambda database, mark: False)
    monkeypatch.setattr(Database, "_attempt", _is_sent_again)
    assert "test_an_answer_is_lost" in _red(tmp_path)
