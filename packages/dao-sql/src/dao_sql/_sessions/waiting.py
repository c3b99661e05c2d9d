"""How long a change waits for tables that other transactions hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

from attrs import define

__all__ = ["Waiting"]


@define(eq=False)
class Waiting:
    """What is left of the time for which one call waits, in all attempts of its transaction together.

    Attributes:
        left: seconds.
    """

    left: float

    @contextmanager
    def used(self) -> Iterator[None]:
        """Take the time of the ``with`` block off."""
        since = monotonic()
        try:
            yield
        finally:
            self.left -= monotonic() - since

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Have all waits within the ``with`` block take from this."""
        token = _NOW.set(self)
        try:
            yield
        finally:
            _NOW.reset(token)

    @staticmethod
    def current(seconds: float) -> Waiting:
        """That of the call that is running; a new one of so many seconds where there is none."""
        return _NOW.get() or Waiting(seconds)


_NOW: ContextVar[Waiting | None] = ContextVar("waiting", default=None)
