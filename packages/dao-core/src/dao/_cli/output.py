"""Where results go: text or JSON on standard output, which may be gone before all is written."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from functools import wraps
from typing import Any, BinaryIO, ParamSpec, TypeVar

import attrs
import click

from dao.secrets import MASK, Interpolated, Secret, masked

__all__ = ["ByteOutput", "OutputClosed", "document", "flush", "forget", "line", "plain", "printable", "record", "width"]

P = ParamSpec("P")
R = TypeVar("R")


class OutputClosed(BaseException):
    """Whoever read the output has gone, as ``| head`` does. Not an ``Exception``: nobody may take it for a store's."""


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
    """Hand on what is buffered."""
    sys.stdout.flush()


def document(value: Any) -> None:
    """Write one JSON document."""
    line(json.dumps(plain(value), indent=2, ensure_ascii=False))


def record(value: Any) -> None:
    """Write one line of JSON among many."""
    line(json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False))


def plain(value: Any, name: str = "") -> Any:
    """What JSON can hold, with no secret in it: records as mappings, times as ISO 8601, everything else as text."""
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
    """A text in one line, with what would steer the screen written out: data may hold anything."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def width() -> int | None:
    """The columns of the screen; ``None`` where the output is no screen."""
    import shutil

    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else None


class ByteOutput:
    """Standard output as a binary file to write to. It can't be closed: it isn't whoever's that writes to it."""

    closed = False

    def __init__(self) -> None:
        self._stream: BinaryIO = sys.stdout.buffer

    @_to_a_reader
    def write(self, content: Any) -> int:
        """Write all of ``content``, any bytes-like object."""
        return self._stream.write(content)

    def writable(self) -> bool:
        """It is, as pyarrow asks."""
        return True

    def close(self) -> None:
        """Leave it open."""

    @_to_a_reader
    def flush(self) -> None:
        """Hand on what is buffered."""
        self._stream.flush()


def forget() -> None:
    """Send what is still to be written to nowhere, so that the end of the process doesn't complain."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
