"""Secrets among options, found by type and name and wrapped in :class:`~dao.secrets.Secret`."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Union

import attrs

from dao.options._signature import option_types
from dao.secrets import Secret, guarded

__all__ = ["guard_as", "guarded_options", "holds_secret", "kinds_below", "members"]


def members(kind: Any) -> tuple[Any, ...]:
    """The types that a value of this type may have: the members of a union, an alias and its target, or the type."""
    if typing.get_origin(kind) is typing.Annotated:
        return members(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (Union, types.UnionType):
        return tuple(found for member in typing.get_args(kind) for found in members(member))
    aliased = getattr(kind, "__supertype__", None) or getattr(kind, "__value__", None)  # NewType, type statement
    return (kind,) if aliased is None else (kind, *members(aliased))


def holds_secret(kind: Any) -> bool:
    """Whether a string of this type is, or may be, a secret."""
    return Secret in members(kind)


def guard_as(value: Any, kind: Any, name: str = "") -> Any:
    """Wrap the strings in ``value`` that are secrets, by their type or their name, in :class:`Secret`, at any depth.

    Args:
        value: an option's value as written in the config; strings may have references.
        kind: the option's type; ``Any`` if it is not known.
        name: the option's name.
    """
    return guarded(value, name, [kind], _secret, kinds_below)


def guarded_options(options: Mapping[str, Any], cls: type | None) -> dict[str, Any]:
    """Wrap the options that are secrets, by their type in ``cls`` or by their name, in ``Secret``, at any depth."""
    kinds = {} if cls is None else option_types(cls)
    return {name: guard_as(value, kinds.get(name, Any), str(name)) for name, value in options.items()}


def _secret(kinds: list[Any]) -> bool:
    return any(map(holds_secret, kinds))


def kinds_below(kinds: list[Any], at: str | int) -> list[Any]:
    """The types of the element at position or key ``at`` of a value that has one of these types."""
    return [found for kind in kinds for member in members(kind) for found in _inner(member, at)]


def _inner(kind: Any, at: str | int) -> Iterator[Any]:
    origin, arguments = typing.get_origin(kind) or kind, typing.get_args(kind)
    if not isinstance(origin, type):
        return
    if attrs.has(origin):
        yield from (found for name, found in option_types(origin).items() if name == at)
    elif issubclass(origin, Mapping):
        yield from arguments[1:]
    elif issubclass(origin, tuple) and Ellipsis not in arguments:
        yield from arguments[at : at + 1] if isinstance(at, int) else ()
    else:
        yield from arguments[:1]
