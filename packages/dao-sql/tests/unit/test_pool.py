"""Connections are used again, replaced where they were lost, and left to the process that made them."""

from __future__ import annotations

import logging
import os

import pytest
from attrs import define

from dao_sql._sessions.pool import Pool


@define(eq=False)
class Line:
    """A connection that may be cut."""

    number: int
    cut: bool = False
    closed: bool = False

    def begin(self, *, writing: bool) -> None:
        self._use()

    def query(self, *_: object) -> None:
        self._use()

    def close(self) -> None:
        self.closed = True
        self._use()

    def is_lost(self, error: BaseException) -> bool:
        return isinstance(error, ConnectionError)

    def _use(self) -> None:
        if self.cut:
            raise ConnectionResetError("cut")


@pytest.fixture
def made() -> list[Line]:
    return []


@pytest.fixture
def pool(made: list[Line]) -> Pool:
    def connect() -> Line:
        made.append(Line(len(made)))
        return made[-1]

    return Pool(connect, 1)


def test_a_connection_is_used_again(pool: Pool, made: list[Line]) -> None:
    for _ in range(3):
        with pool.session() as session:
            session.begin(pool.connect, writing=False)
    assert len(made) == 1


def test_more_are_made_while_more_are_in_use_and_as_many_kept_as_was_said(pool: Pool, made: list[Line]) -> None:
    with pool.session(), pool.session():
        pass
    assert [line.closed for line in made].count(True) == 1


def test_one_that_was_lost_while_it_was_idle_is_replaced(pool: Pool, made: list[Line]) -> None:
    with pool.session():
        pass
    made[0].cut = True
    with pool.session() as session:
        session.begin(pool.connect, writing=True)
        assert session.connection is made[1]
    assert made[0].closed


def test_one_that_is_lost_in_a_session_is_an_error_and_not_kept(pool: Pool, made: list[Line]) -> None:
    def lose() -> None:
        with pool.session() as session:
            session.begin(pool.connect, writing=True)
            made[0].cut = True
            session.begin(pool.connect, writing=True)

    with pytest.raises(ConnectionResetError):
        lose()
    assert made[0].closed


def test_an_idle_one_is_asked_after_a_while(pool: Pool, made: list[Line], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="dao")
    pool.idle_seconds = 0
    with pool.session():
        pass
    made[0].cut = True
    with pool.session() as session:
        assert session.connection is made[1]
    failed = ("asking an idle connection whether it is alive", "closing a connection")
    told = [f"outside of an action: {what} failed: ConnectionResetError" for what in failed]
    assert [record.getMessage() for record in caplog.records] == told


def test_a_forked_process_neither_uses_nor_closes_them(pool: Pool, made: list[Line]) -> None:
    with pool.session():
        pass
    child = os.fork()
    if child == 0:
        with pool.session() as session:
            mine = session.connection is not made[0]
        pool.close()
        os._exit(0 if mine and not made[0].closed else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with pool.session() as session:
        assert session.connection is made[0]
