"""JSON that a store keeps for itself, read as what anybody may have written into its place.

Python's own parser lets more through than JSON has (``NaN``, bare numbers, texts that are half a character), and ends
in a ``RecursionError`` where brackets are nested deeply. And a value of another type than was stored passes unnoticed
until something is done with it. Here all that is a ``ValueError`` that says what is wrong, for the caller to say where.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar

__all__ = ["check", "items", "moment", "parse_object", "value"]

T = TypeVar("T")


def parse_object(content: bytes | str) -> dict[str, Any]:
    """The JSON object that a text holds.

    Raises:
        ValueError: it is none.

    >>> parse_object('{"a": 1}')
    {'a': 1}
    >>> parse_object("[1]")
    Traceback (most recent call last):
    ValueError: the whole: found list, expected dict
    """
    try:
        found = json.loads(content, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return check(found, dict, "the whole")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def check(found: Any, kind: type[T], what: str) -> T:
    """The value itself, once it is sure to be of a type; a text, also to be writable in UTF-8 and without NUL.

    Raises:
        ValueError: it isn't.
    """
    if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
        raise ValueError(f"{what}: found {type(found).__name__}, expected {kind.__name__}")
    if isinstance(found, str):
        _check_text(found, what)
    return found


def _check_text(text: str, what: str) -> None:
    if "\0" in text:
        raise ValueError(f"{what}: it has a NUL character")
    text.encode()  # UnicodeEncodeError, a ValueError, where it is half a character


def value(record: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """A field of a record; None where it is missing or null.

    Raises:
        ValueError: it is of another type.
    """
    found = record.get(name)
    return None if found is None else check(found, kind, name)


def items(record: Mapping[str, Any], name: str) -> list[Any]:
    """A field that is a list; empty where it is missing or null.

    Raises:
        ValueError: it is of another type.
    """
    return value(record, name, list) or []


def moment(found: Any, what: str) -> datetime:
    """A time as ``isoformat`` wrote it, in UTC.

    Raises:
        ValueError: it is none, or doesn't say its time zone.
    """
    told = datetime.fromisoformat(check(found, str, what))
    if told.tzinfo is None:
        raise ValueError(f"{what}: {told} has no time zone")
    try:
        return told.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{what}: {told} is beyond the years that there are") from None
