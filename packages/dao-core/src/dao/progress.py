"""Progress reports of long work: one function for interfaces to call, one callable that listens.

An interface calls :func:`advance` after each batch or chunk. A listener
(``dao.copy(..., progress=True)``, ``DataAccessObject(progress=listener)``, the command line) receives a
:class:`Progress` each time; without a listener a call costs one look-up of a context variable.

The same call is where a cancelled asynchronous action stops: :func:`advance` then raises
:class:`Cancelled`, and the interface cleans up as it does after any error.

An interface that tries something again calls :func:`retrying` before it waits, and :func:`ignored` for an error that
isn't raised, for the logger ``dao``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Lock

from attrs import define, evolve, field, frozen

from dao.display import Displayed

__all__ = ["Cancelled", "Listener", "Progress", "advance", "doing", "expect", "ignored", "listening", "retrying"]


@frozen
class Progress(Displayed):
    """The progress of one action.

    Attributes:
        action: the action, such as ``copy``.
        subject: the full name of the object that is worked on, ``store.object``.
        rows: rows done so far.
        bytes: bytes done so far, as stored where that is known, else as held in memory.
        total_rows: rows in total, ``None`` if unknown.
        total_bytes: bytes in total, ``None`` if unknown.
        done: True once, in the last report.
    """

    action: str
    subject: str
    rows: int = 0
    bytes: int = 0
    total_rows: int | None = None
    total_bytes: int | None = None
    done: bool = False


Listener = Callable[[Progress], object]
"""Receives the reports. Its method ``ended()``, if any, is called when its action has ended, however it ended."""


class Cancelled(BaseException):
    """The action was cancelled by its caller. Not an ``Exception``: only clean-up code should see it."""


@define
class _Reporter:
    listener: Listener | None
    state: Progress
    cancelled: Event
    lock: Lock = field(factory=Lock)

    def change(self, rows: int, size: int, total_rows: int | None, total_bytes: int | None, done: bool) -> None:
        if self.cancelled.is_set() and not done:
            raise Cancelled
        with self.lock:
            old = self.state
            self.state = evolve(
                old,
                rows=old.rows + rows,
                bytes=old.bytes + size,
                total_rows=old.total_rows if total_rows is None else total_rows,
                total_bytes=old.total_bytes if total_bytes is None else total_bytes,
                done=done,
            )
            if self.listener is not None:
                self.listener(self.state)


_current: ContextVar[_Reporter | None] = ContextVar("dao_progress", default=None)


def advance(rows: int = 0, bytes: int = 0) -> None:
    """Report that so many more rows and bytes are done. For interfaces, once per batch or chunk.

    Raises:
        Cancelled: the caller cancelled the action; undo what is staged and let this propagate.
    """
    reporter = _current.get()
    if reporter is not None:
        reporter.change(rows, bytes, None, None, False)


def expect(rows: int | None = None, bytes: int | None = None) -> None:
    """Report the total number of rows or bytes, if known."""
    reporter = _current.get()
    if reporter is not None:
        reporter.change(0, 0, rows, bytes, False)


@contextmanager
def listening(action: str, subject: str, listener: Listener | None, cancelled: Event | None = None) -> Iterator[None]:
    """Send the reports of the work inside the ``with`` block to ``listener``.

    The reporter is in a context variable: worker threads report nothing unless they are started with
    ``contextvars.copy_context().run``.
    """
    reporter = _Reporter(listener, Progress(action, subject), cancelled or Event())
    token = _current.set(reporter)
    try:
        yield
        if listener is not None:
            reporter.change(0, 0, None, None, True)
    finally:
        _current.reset(token)
        ended = getattr(listener, "ended", None)
        if ended is not None:
            ended()


_doing: ContextVar[str] = ContextVar("dao_doing", default="outside of an action")


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Name the action that the work inside the ``with`` block belongs to, for :func:`retrying` and :func:`ignored`."""
    token = _doing.set(what)
    try:
        yield
    finally:
        _doing.reset(token)


def retrying(error: Exception, seconds: float | None) -> None:
    """Log, at INFO, that something is tried again. For interfaces, before the wait.

    The line has the action and its object, and the message of an error of DAO's own, of any other only its type: a
    driver's messages may have secrets.

    Args:
        error: why.
        seconds: the wait; None if this was the last attempt, and ``error`` is raised.
    """
    import logging

    from dao.errors import DaoError

    why = error.message if isinstance(error, DaoError) else ""
    told = f"{type(error).__name__}{f': {why}' if why else ''}"
    then = "gives up" if seconds is None else f"tries again in {seconds:.3f} s"
    logging.getLogger("dao").info("%s %s: %s", _doing.get(), then, told)


def ignored(error: BaseException, what: str) -> None:
    """Log, at DEBUG, an error that isn't raised, since the call's outcome is what it is without it. For interfaces.

    The line has the action and its object, what failed, and the type of the error alone: its message may have secrets.

    Args:
        error: the error.
        what: what failed, in words without any value, such as ``closing a connection``.
    """
    import logging

    logging.getLogger("dao").debug("%s: %s failed: %s", _doing.get(), what, type(error).__name__)
