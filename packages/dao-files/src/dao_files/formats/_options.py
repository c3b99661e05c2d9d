"""Validation of the options of formats, which are attrs classes with a check for each field.

An unknown name raises an :class:`~dao.errors.UnsupportedError` with the nearest known name; an invalid value raises a
:class:`~dao.errors.DataError` that names the option, the value found and the values accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from attrs import Attribute, fields

from dao.errors import DataError, UnsupportedError, did_you_mean

__all__ = [
    "READING",
    "RETURNING",
    "SPELLING",
    "WRITING",
    "Direction",
    "boolean",
    "build_options",
    "character",
    "check_level",
    "columns_or_boolean",
    "integer",
    "number",
    "one_of",
    "option_names",
    "optional",
    "per_column",
    "refuse_other_direction",
    "same_spelling",
    "spelled_as",
    "spelling_of",
    "text",
    "texts",
    "tuple_of",
    "valid",
]

O = TypeVar("O")  # noqa: E741 - the options class

Direction = Literal["reading", "writing"]
"""The direction of a call: a read of files, or a write of new ones."""

READING: Mapping[str, Any] = MappingProxyType({"direction": "reading"})
"""Metadata of a field whose option is of no use to a write."""

RETURNING: Mapping[str, Any] = MappingProxyType({**READING, "returned": True})
"""Metadata of a field whose option is about the rows that a call returns, so of no use to one that rewrites files."""

WRITING: Mapping[str, Any] = MappingProxyType({"direction": "writing"})
"""Metadata of a field whose option is of no use to a read."""

SPELLING: Mapping[str, Any] = MappingProxyType({"spelling": True})
"""Metadata of a field of both directions whose value a reader needs, as files don't store it."""


def spelled_as(meant: Callable[[Any], Any]) -> Mapping[str, Any]:
    """Build the metadata of a field like :data:`SPELLING` in which several values mean the same.

    Args:
        meant: returns the same for all such values.
    """
    return MappingProxyType({**SPELLING, "meant": meant})


class Check:
    """A validation of an option's value.

    Attributes:
        expected: a description of the accepted values, for errors.
        accepts: the predicate on the value.
    """

    __slots__ = ("accepts", "expected")

    def __init__(self, expected: str, accepts: Callable[[Any], bool]) -> None:
        self.expected = expected
        self.accepts = accepts


def valid(check: Check) -> Callable[[Any, Attribute[Any], Any], None]:
    """Build an attrs validator that raises a DataError where ``check`` does not accept the value."""

    def validate(instance: Any, attribute: Attribute[Any], value: Any) -> None:
        if not check.accepts(value):
            found = list(value) if isinstance(value, tuple) else value  # as the caller most likely wrote it
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
    """Check for an integer from ``minimum`` to ``maximum``; True and False are refused."""
    limits = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"

    def accepts(value: Any) -> bool:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and value >= minimum and (maximum is None or value <= maximum)

    return Check(f"a whole number {limits}", accepts)


def number(minimum: float) -> Check:
    """Check for a number of at least ``minimum``."""
    return Check(
        f"a number of at least {minimum:g}",
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= minimum,
    )


def one_of(*choices: object) -> Check:
    """Check for one of the given values."""
    shown = ", ".join(map(repr, choices))
    return Check(f"one of {shown}", lambda value: any(value is choice or value == choice for choice in choices))


def optional(check: Check) -> Check:
    """Check for None or a value that ``check`` accepts."""
    return Check(f"{check.expected}, or None", lambda value: value is None or check.accepts(value))


def per_column(check: Check) -> Check:
    """Check for a value that ``check`` accepts, or a mapping of column names to such values."""

    def accepts(value: Any) -> bool:
        if isinstance(value, Mapping):
            return all(isinstance(name, str) and check.accepts(item) for name, item in value.items())
        return check.accepts(value)

    return Check(f"{check.expected}, or a mapping of column name to that", accepts)


def check_level(level: int, codec: str, levels: Mapping[str, tuple[int, int]]) -> None:
    """Check that a codec has a level: others would fail late, or be ignored.

    Args:
        level: the value of the option ``compression_level``.
        codec: the codec.
        levels: the least and the greatest level of the codecs that have some.

    Raises:
        DataError: the codec has no levels, or not this one.
    """
    least, greatest = levels.get(codec, (0, -1))
    if not least <= level <= greatest:
        expected = f"one from {least} to {greatest}" if codec in levels else "None, as it has no levels"
        raise DataError(f"option 'compression_level': found {level} for {codec}, expected {expected}")


def tuple_of(value: Any) -> Any:
    """Convert lists to tuples, so that options stay immutable; other values are left to the validator."""
    return tuple(value) if isinstance(value, list | tuple) else value


def option_names(options: type[Any]) -> tuple[str, ...]:
    """Return the names of the options of an options class, in the order of its fields."""
    return tuple(attribute.name for attribute in fields(options))


def refuse_other_direction(
    format_name: str, options: type[Any], given: Mapping[str, Any], direction: Direction | None
) -> None:
    """Refuse the options of a call that only matter in the other direction.

    Args:
        format_name: the format.
        options: the class of its options.
        given: the options of the call.
        direction: what the call does; None for one that reads and rewrites files, and returns no rows.

    Raises:
        UnsupportedError: an option of reading given to a write, or one of writing given to a read.
    """
    for attribute in fields(options):
        if direction is None:
            if attribute.name in given and attribute.metadata.get("returned"):
                raise UnsupportedError(
                    f"{attribute.name!r} is an option of format {format_name!r} for rows that are returned, so this "
                    "change would ignore it: leave it out, or declare it as a property of the object"
                )
            continue
        own = attribute.metadata.get("direction", direction)
        if attribute.name in given and own != direction:
            use, other = ("reads", "write") if own == "reading" else ("writes", "read")
            raise UnsupportedError(
                f"{attribute.name!r} is an option of {use} of format {format_name!r}, so this {other} would ignore it: "
                f"leave it out, or declare it as a property of the object, which is for its reads and writes"
            )


def spelling_of(options: Any) -> dict[str, Any]:
    """Return the options without which files that were written with them can't be read back, by name."""
    return {
        attribute.name: getattr(options, attribute.name)
        for attribute in fields(type(options))
        if attribute.metadata.get("spelling")
    }


def same_spelling(options: type[Any], name: str, one: Any, other: Any) -> bool:
    """Check whether two values of an option mean the same for files, such as no delimiter and a comma."""
    meant = getattr(fields(options), name).metadata.get("meant", lambda value: value)
    return bool(meant(one) == meant(other))


def build_options(format_name: str, options: type[O], given: Mapping[str, Any]) -> O:
    """Build an instance of the options class from the caller's options.

    Raises:
        UnsupportedError: a name that is no option of the format; the message suggests the nearest option.
        DataError: a value of the wrong kind, or two values that contradict each other.
    """
    known = option_names(options)
    for name in given:
        if name not in known:
            raise UnsupportedError(f"format {format_name!r} has no option {name!r}; {did_you_mean(str(name), known)}")
    return options(**{name: _to_python(value) for name, value in given.items()})


def _to_python(value: Any) -> Any:
    """Convert the scalars and lists of NumPy, pandas and Arrow to Python's own."""
    if isinstance(value, Mapping):
        return {name: _to_python(item) for name, item in value.items()}
    for convert in ("tolist", "as_py"):
        if hasattr(type(value), convert):
            return getattr(value, convert)()
    return value
