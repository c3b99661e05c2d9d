"""Writes results to standard output as text or JSON, and detects when its reader is gone."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Any, BinaryIO, ParamSpec, TypeVar

import attrs
import click

from dao.display import WIDTH, table_of
from dao.secrets import MASK, Interpolated, Secret, masked

if TYPE_CHECKING:
    from dao.progress import Listener

__all__ = [
    "ByteOutput",
    "OutputClosed",
    "document",
    "flush",
    "forget",
    "line",
    "outcome",
    "plain",
    "printable",
    "progress",
    "record",
    "room",
    "table",
    "width",
]

P = ParamSpec("P")
R = TypeVar("R")


class OutputClosed(BaseException):
    """The reader of the output is gone, as with ``| head``. Not an ``Exception``, so nothing handles it as one."""


def _to_a_reader(write: Callable[P, R]) -> Callable[P, R]:
    @wraps(write)
    def checked(*args: P.args, **named: P.kwargs) -> R:
        try:
            return write(*args, **named)
        except BrokenPipeError:
            raise OutputClosed from None

    return checked


@_to_a_reader
def line(text: str = "") -> None:
    """Write a line of text."""
    click.echo(text)


@_to_a_reader
def flush() -> None:
    """Flush the buffer."""
    sys.stdout.flush()


def document(value: Any) -> None:
    """Write one JSON document."""
    line(json.dumps(plain(value), indent=2, ensure_ascii=False))


def record(value: Any) -> None:
    """Write one record as a line of JSON."""
    line(json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False))


def outcome(result: Any, as_json: bool) -> None:
    """Write what an action did, as a document or as its one line."""
    if as_json:
        document(result)
    else:
        line(str(result))


def progress() -> Listener | bool:
    """What shows the progress of an action: a bar, if standard error is a terminal."""
    if not sys.stderr.isatty():
        return False
    from dao._display_progress import progress_bar

    return progress_bar()


def plain(value: Any, name: str = "") -> Any:
    """Convert a value to JSON types without secrets: records to mappings, times to ISO 8601, all else to text."""
    if isinstance(value, Secret) or masked(name, value) == MASK:
        return MASK
    if isinstance(value, Interpolated):
        return str(value.template)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if attrs.has(type(value)):
        return {field.name: plain(getattr(value, field.name), field.name) for field in attrs.fields(type(value))}
    if isinstance(value, Mapping):
        return {str(inner): plain(given, str(inner)) for inner, given in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else str(value)


def printable(text: str) -> str:
    """Escape line breaks and control characters, so that data can't control the terminal."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def width() -> int | None:
    """The width of the terminal; ``None`` if the output is not a terminal."""
    import shutil

    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else None


def room() -> int:
    """How long lines of text may be: the terminal's width, else ``COLUMNS``, or what is good to read."""
    told = os.environ.get("COLUMNS", "")
    return width() or (int(told) if told.isdecimal() and int(told) else WIDTH)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], nothing: str) -> None:
    """Write rows as a table, or the text for no rows."""
    line(table_of(heads, rows).text(room()) if rows else nothing)


class ByteOutput:
    """Standard output as a binary file. Closing it has no effect, because the writer doesn't own it."""

    closed = False

    def __init__(self) -> None:
        self._stream: BinaryIO = sys.stdout.buffer

    @_to_a_reader
    def write(self, content: Any) -> int:
        """Write all of ``content``, any bytes-like object."""
        return self._stream.write(content)

    def writable(self) -> bool:
        """True; pyarrow asks for it."""
        return True

    def close(self) -> None:
        """Leave it open."""

    @_to_a_reader
    def flush(self) -> None:
        """Flush the buffer."""
        self._stream.flush()


def forget() -> None:
    """Discard the rest of the output, so that the interpreter doesn't complain at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
