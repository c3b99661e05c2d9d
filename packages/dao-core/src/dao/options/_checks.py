"""Validators of options, for the attrs classes of interfaces: a message never quotes the text that a user set."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from dao.errors import ConfigError

__all__ = ["Validator", "described", "matching", "number", "one_of", "refuse"]

Validator = Callable[[Any, Any, Any], None]


def described(value: object) -> str:
    """What a message says of an option's value: numbers as they are, of a text its kind and length.

    A key may have been pasted into the wrong option, and a URL may have a login in it.

    >>> described(3), described("hunter2"), described("https://me:hunter2@host"), described([1])
    ('3', 'a text of 7 characters', 'a URL', 'a list')
    """
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if not isinstance(value, str):
        return f"a {type(value).__name__}"
    if "://" in value:
        return "a URL"
    return f"a text of {len(value)} characters" if value else "an empty text"


def refuse(attribute: Any, value: object, expected: str) -> ConfigError:
    """The error of an option that can't be what it is."""
    return ConfigError(f"{attribute.name}: found {described(value)}, expected {expected}")


def number(kind: str, low: float, high: float | None = None) -> Validator:
    """Between two bounds, both included; ``kind`` is its unit, for the message: ``"seconds"``."""
    bounds = f"{low:,} or more" if high is None else f"{low:,} to {high:,}"

    def check(_instance: object, attribute: Any, value: float) -> None:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= low
        if not fits or (high is not None and value > high):
            raise refuse(attribute, value, f"{kind}, {bounds}")

    return check


def one_of(*allowed: str) -> Validator:
    """One of some texts."""

    def check(_instance: object, attribute: Any, value: object) -> None:
        if value not in allowed:
            raise refuse(attribute, value, f"one of {', '.join(map(repr, allowed))}")

    return check


def matching(pattern: re.Pattern[str], expected: str) -> Validator:
    """None, or a text that a pattern matches as a whole; ``expected`` says in words what that is."""

    def check(_instance: object, attribute: Any, value: object) -> None:
        if value is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
            raise refuse(attribute, value, expected)

    return check
