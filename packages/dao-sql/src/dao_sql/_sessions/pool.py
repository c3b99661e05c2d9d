"""Connections that are used again: safe between threads and after a fork."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from threading import Lock

from attrs import define, field

from dao.progress import ignored
from dao_sql._connections.connection import Connection, Statement

__all__ = ["Pool", "Session"]

_INHERITED: list[object] = []
"""Connections of the parent process: closing or collecting one would end the session that the parent still uses."""


@define(eq=False)
class Session:
    """A connection that is in use.

    Attributes:
        connection: the connection.
        is_unused: whether nothing was done with it yet in this session.
        broken: whether it must not be used again.
    """

    connection: Connection
    is_unused: bool = True
    broken: bool = False

    def begin(self, connect: Callable[[], Connection], *, writing: bool) -> None:
        """Begin a transaction; where the idle connection turns out to be lost, on a new one."""
        try:
            self.connection.begin(writing=writing)
        except Exception as error:
            if not self.is_unused or not self.connection.is_lost(error):
                raise
            _close(self.connection)
            self.connection = connect()
            self.connection.begin(writing=writing)
        finally:
            self.is_unused = False


@define(eq=False)
class Pool:
    """Idle connections of one interface.

    Attributes:
        connect: makes a connection.
        size: how many idle ones are kept; more are made where more are in use at once.
        idle_seconds: after so long unused a connection is asked whether it is alive before it is used.
    """

    connect: Callable[[], Connection]
    size: int
    idle_seconds: float = 10.0
    _idle: list[tuple[float, Connection]] = field(factory=list, init=False)
    _lock: Lock = field(factory=Lock, init=False)
    _process: int = field(factory=os.getpid, init=False)

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """Lend a connection for the ``with`` block; one that was lost, or is in an unknown state, is closed."""
        session = Session(self._take())
        try:
            yield session
        except BaseException as error:
            session.broken = session.broken or session.connection.is_lost(error.__cause__ or error)
            raise
        finally:
            self._give(session)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            self._forget_if_forked()
            idle, self._idle = self._idle, []
        for _, connection in idle:
            _close(connection)

    def _take(self) -> Connection:
        while True:
            with self._lock:
                self._forget_if_forked()
                since, connection = self._idle.pop() if self._idle else (0.0, None)
            if connection is None:
                return self.connect()
            if time.monotonic() - since < self.idle_seconds or _is_alive(connection):
                return connection
            _close(connection)

    def _give(self, session: Session) -> None:
        with self._lock:
            self._forget_if_forked()
            if not session.broken and len(self._idle) < self.size:
                self._idle.append((time.monotonic(), session.connection))
                return
        _close(session.connection)

    def _forget_if_forked(self) -> None:
        if self._process != os.getpid():
            _INHERITED.extend(self._idle)
            self._idle, self._process = [], os.getpid()


def _is_alive(connection: Connection) -> bool:
    try:
        connection.query(Statement("SELECT 1"), None).read_all()
    except Exception as error:
        ignored(error, "asking an idle connection whether it is alive")
        return False  # another connection is made, whose error the caller gets
    return True


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except Exception as error:  # it may be lost already, and there is nothing left to do with it
        ignored(error, "closing a connection")
