"""Options of formats: attrs classes whose fields check what they are given, and the errors for what is wrong.

A wrong name is an :class:`~dao.errors.UnsupportedError` with the nearest right name; a wrong value is a
:class:`~dao.errors.DataError` that names the option, what was found and what would have worked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from attrs import Attribute, fields

from dao.errors import DataError, UnsupportedError, did_you_mean

__all__ = [
    "boolean",
    "build_options",
    "character",
    "columns_or_boolean",
    "integer",
    "number",
    "one_of",
    "option_names",
    "optional",
    "per_column",
    "text",
    "texts",
    "tuple_of",
    "valid",
]

O = TypeVar("O")  # noqa: E741 - the options class


class Check:
    """What an option may hold: a test, and the words that say so in an error."""

    __slots__ = ("accepts", "expected")

    def __init__(self, expected: str, accepts: Callable[[Any], bool]) -> None:
        self.expected = expected
        self.accepts = accepts


def valid(check: Check) -> Callable[[Any, Attribute[Any], Any], None]:
    """An attrs validator that raises a DataError where ``check`` does not accept the value."""

    def validate(instance: Any, attribute: Attribute[Any], value: Any) -> None:
        if not check.accepts(value):
            found = list(value) if isinstance(value, tuple) else value  # as it was most likely written
            raise DataError(f"option {attribute.name!r}: found {found!r}, expected {check.expected}")

    return validate


text = Check("a text", lambda value: isinstance(value, str))
boolean = Check("True or False", lambda value: isinstance(value, bool))
character = Check(
    "one ASCII character", lambda value: isinstance(value, str) and len(value.encode("utf-8", "replace")) == 1
)
texts = Check(
    "a list of texts", lambda value: isinstance(value, tuple) and all(isinstance(item, str) for item in value)
)
columns_or_boolean = Check(
    "True, False or a list of column names", lambda value: boolean.accepts(value) or texts.accepts(value)
)


def integer(minimum: int, maximum: int | None = None) -> Check:
    """A whole number within limits; True and False are none."""
    limits = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"

    def accepts(value: Any) -> bool:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and value >= minimum and (maximum is None or value <= maximum)

    return Check(f"a whole number {limits}", accepts)


def number(minimum: float) -> Check:
    """A number of at least ``minimum``."""
    return Check(
        f"a number of at least {minimum:g}",
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= minimum,
    )


def one_of(*choices: object) -> Check:
    """One of the given values."""
    shown = ", ".join(map(repr, choices))
    return Check(f"one of {shown}", lambda value: any(value is choice or value == choice for choice in choices))


def optional(check: Check) -> Check:
    """None, or what ``check`` accepts."""
    return Check(f"{check.expected}, or None", lambda value: value is None or check.accepts(value))


def per_column(check: Check) -> Check:
    """What ``check`` accepts, or a mapping of column names to it."""

    def accepts(value: Any) -> bool:
        if isinstance(value, Mapping):
            return all(isinstance(name, str) and check.accepts(item) for name, item in value.items())
        return check.accepts(value)

    return Check(f"{check.expected}, or a mapping of column name to that", accepts)


def tuple_of(value: Any) -> Any:
    """An attrs converter: lists become tuples, so that options stay immutable; the rest is left for the check."""
    return tuple(value) if isinstance(value, list | tuple) else value


def option_names(options: type[Any]) -> tuple[str, ...]:
    """The names of the options that an options class has, in the order of its fields."""
    return tuple(attribute.name for attribute in fields(options))


def build_options(format_name: str, options: type[O], given: Mapping[str, Any]) -> O:
    """Make ``options`` of what a caller gave.

    Raises:
        UnsupportedError: a name that the format does not have; the message has the nearest right one.
        DataError: a value of the wrong kind, or two values that contradict each other.
    """
    known = option_names(options)
    for name in given:
        if name not in known:
            raise UnsupportedError(f"format {format_name!r} has no option {name!r}; {did_you_mean(str(name), known)}")
    return options(**{name: _plain(value) for name, value in given.items()})


def _plain(value: Any) -> Any:
    """A value without other libraries' types: NumPy's, pandas' and Arrow's numbers and lists become Python's own."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    for convert in ("tolist", "as_py"):
        if hasattr(type(value), convert):
            return getattr(value, convert)()
    return value
