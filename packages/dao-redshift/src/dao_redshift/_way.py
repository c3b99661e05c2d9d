"""What one call asks of the connection below dao_sql: how rows come, and files that are loaded in place of rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from dao_redshift._files import SourceFiles

__all__ = ["Way", "by", "chosen", "loaded_files", "loading"]

Way = Literal["unload", "cursor"]

_WAY: ContextVar[Way | None] = ContextVar("way", default=None)
_FILES: ContextVar[SourceFiles | None] = ContextVar("files", default=None)


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


def loaded_files() -> SourceFiles | None:
    """The files that take the place of the rows that are written; None if there are rows."""
    return _FILES.get()


@contextmanager
def loading(files: SourceFiles) -> Iterator[None]:
    """Have these files loaded in place of rows for the ``with`` block."""
    token = _FILES.set(files)
    try:
        yield
    finally:
        _FILES.reset(token)
