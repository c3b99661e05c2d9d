"""Parses a store's own JSON metadata defensively, because any program may have written it.

Python's parser accepts more than JSON (``NaN``, bare numbers, lone surrogates), raises ``RecursionError`` for deep
nesting, and doesn't check types. Here each of these is a ``ValueError`` that says what is wrong; the caller adds where.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar

__all__ = ["check", "items", "moment", "parse_object", "value"]

T = TypeVar("T")


def parse_object(content: bytes | str) -> dict[str, Any]:
    """Parse a JSON object.

    Raises:
        ValueError: it isn't one.

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
    """Check the type of a value and return it; a string must also be valid UTF-8 without NUL.

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
    text.encode()  # raises UnicodeEncodeError, a ValueError, for a lone surrogate


def value(record: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """A field of a record; None if it is missing or null.

    Raises:
        ValueError: it is of another type.
    """
    found = record.get(name)
    return None if found is None else check(found, kind, name)


def items(record: Mapping[str, Any], name: str) -> list[Any]:
    """A list field of a record; empty if it is missing or null.

    Raises:
        ValueError: it is of another type.
    """
    return value(record, name, list) or []


def moment(found: Any, what: str) -> datetime:
    """Parse a time in ISO format to UTC.

    Raises:
        ValueError: it isn't a time, or has no time zone.
    """
    told = datetime.fromisoformat(check(found, str, what))
    if told.tzinfo is None:
        raise ValueError(f"{what}: {told} has no time zone")
    try:
        return told.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{what}: {told} is beyond the years that there are") from None
