"""Faults of an option's value, and their messages, which don't reveal secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from dao.errors import ConfigError, Fault, did_you_mean
from dao.options._guarding import holds_secret
from dao.secrets import Interpolated, Secret, Template, looks_secret

__all__ = ["NotKnownYet", "Wrong", "WrongInside", "faults_of", "joined"]

_SHOWN = 60


class Wrong(Exception):
    """A value of another type or content than expected; holds the value until it becomes a :class:`Fault`."""

    def __init__(self, expected: str, value: Any) -> None:
        super().__init__(expected)
        self.expected = expected
        self.value = value


class WrongInside(Exception):
    """The errors of the elements of a list or mapping, each with its position or key."""

    def __init__(self, errors: list[tuple[int | str, Exception]]) -> None:
        super().__init__(len(errors))
        self.errors = errors


class NotKnownYet(Exception):
    """The value depends on references, which are not resolved in this check."""


def joined(path: str, name: object) -> str:
    """Append a name, or a position in a list, to a path."""
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else str(name)


def faults_of(error: Exception, path: str, *, hidden: bool, mask: Callable[[str], str]) -> Iterator[Fault]:
    """Yield the faults in an error of :func:`structure`, each with its path; with ``hidden`` none shows a value.

    ``mask`` removes the options' values from messages of third-party code.
    """
    from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError

    if isinstance(error, NotKnownYet):
        return
    if isinstance(error, Wrong):
        yield Fault(path, f"expected {error.expected}, found {_describe(error.value, hidden)}")
    elif isinstance(error, WrongInside):
        for name, inner in error.errors:
            yield from faults_of(inner, joined(path, name), hidden=hidden or looks_secret(str(name)), mask=mask)
    elif isinstance(error, ClassValidationError):
        noted, others = error.group_exceptions()
        for inner, note in noted:
            if isinstance(inner, KeyError):
                yield Fault(path, f"the option {note.name!r} is required")
            else:
                below = hidden or looks_secret(note.name) or holds_secret(note.type)
                yield from faults_of(inner, joined(path, note.name), hidden=below, mask=mask)
        for other in others:
            yield from faults_of(other, path, hidden=hidden, mask=mask)
    elif isinstance(error, ForbiddenExtraKeysError):
        known = [attribute.alias for attribute in attrs.fields(error.cl)] if attrs.has(error.cl) else []
        for name in sorted(error.extra_fields):
            yield Fault(joined(path, name), f"no option {name!r}, {did_you_mean(name, known)}")
    elif isinstance(error, ConfigError):
        yield from (Fault(path, fault.message) for fault in error.faults)
    else:
        message = mask(str(error.args[0])) if error.args else type(error).__name__
        yield Fault(path, "the value was refused" if hidden else message)


def _describe(value: Any, hidden: bool) -> str:
    """The type of a value, and the value itself if it can't be a secret: a number, or references only."""
    kind = "null" if value is None else type(value).__name__
    if isinstance(value, Secret):
        return "a secret"
    if hidden or not isinstance(value, (str, int, float)):
        return kind
    if not isinstance(value, str):
        shown = repr(value)
        return f"{kind} {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '...'}"
    template = value.template if isinstance(value, Interpolated) else Template.parse(value)
    only_references = template.references and len(template.references) == len(template.parts)
    return f"str {str(template)!r}" if only_references else "str"
