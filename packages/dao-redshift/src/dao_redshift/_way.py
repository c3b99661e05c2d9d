"""How the rows of one read come: the argument ``via``, on its way through dao_sql to the connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

__all__ = ["Way", "by", "chosen"]

Way = Literal["unload", "cursor"]

_WAY: ContextVar[Way | None] = ContextVar("way", default=None)


def chosen() -> Way | None:
    """The way that the call asks for; None leaves it to the size of the result."""
    return _WAY.get()


@contextmanager
def by(way: Way | None) -> Iterator[None]:
    """Ask for a way for the ``with`` block."""
    token = _WAY.set(way)
    try:
        yield
    finally:
        _WAY.reset(token)
