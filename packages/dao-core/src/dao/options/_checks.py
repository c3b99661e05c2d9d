"""Validators of options, for the attrs classes of interfaces: their messages quote a text only where it is a choice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from dao.errors import ConfigError
from dao.options._masking import can_be_shown

__all__ = ["Validator", "described", "matching", "number", "one_of", "refuse"]

Validator = Callable[[Any, Any, Any], None]


def described(value: object) -> str:
    """Describe an option's value for a message: a number or boolean by its value, a text by its kind and length only.

    A secret may have been pasted into the wrong option, and a URL may contain a login.

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
    """Return the error for an option with an unacceptable value; the caller raises it.

    Args:
        attribute: the attrs attribute of the option, for its name.
        value: the value, which the message describes but doesn't quote, see :func:`described`.
        expected: what would be accepted, in words.
    """
    return ConfigError(f"{attribute.name}: found {described(value)}, expected {expected}")


def number(kind: str, low: float, high: float | None = None) -> Validator:
    """Make a validator for an ``int`` or ``float`` (no ``bool``) between two bounds, both inclusive.

    Args:
        kind: the unit or kind of the number, for the message: ``"seconds"``.
        low: the lowest number allowed.
        high: the highest number allowed; None for no upper bound.

    The validator raises ConfigError, as those of :func:`one_of` and :func:`matching` do.
    """
    bounds = f"{low:,} or more" if high is None else f"{low:,} to {high:,}"

    def check(_instance: object, attribute: Any, value: float) -> None:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= low
        if not fits or (high is not None and value > high):
            raise refuse(attribute, value, f"{kind}, {bounds}")

    return check


def one_of(*allowed: str) -> Validator:
    """Make a validator for a text that is one of ``allowed``, in the same letter case.

    Its message quotes what was found, if it can't be a secret by what it looks like.
    """

    def check(_instance: object, attribute: Any, value: object) -> None:
        if value not in allowed:
            found = repr(value) if isinstance(value, str) and value and can_be_shown(value) else described(value)
            raise ConfigError(f"{attribute.name}: found {found:.80}, expected one of {', '.join(map(repr, allowed))}")

    return check


def matching(pattern: re.Pattern[str], expected: str) -> Validator:
    """Make a validator for None or a text that matches ``pattern`` as a whole; ``expected`` describes it in words."""

    def check(_instance: object, attribute: Any, value: object) -> None:
        if value is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
            raise refuse(attribute, value, expected)

    return check
