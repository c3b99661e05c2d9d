"""A check of interfaces that are built in code, where no option is converted to the type of its field."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from dao.errors import ConfigError, Fault
from dao.options._faults import joined
from dao.options._guarding import holds_secret, kinds_below, members
from dao.options._signature import options_of

__all__ = ["check_instance"]


def check_instance(instance: object) -> None:
    """Check an interface that is built in code.

    Raises:
        ConfigError: it has capabilities of its own, or plain text in a field for a secret.
    """
    check_declaration(instance)
    _check_secrets(instance)


def check_declaration(instance: object) -> None:
    """Check that an interface leaves its capabilities to its class: calls are routed by the class, before any is built.

    Raises:
        ConfigError: the instance has capabilities of its own, which nothing would read.
    """
    if "capabilities" in getattr(instance, "__dict__", ()):
        raise ConfigError(
            f"{type(instance).__qualname__}.capabilities is set on the instance, expected on the class, as "
            "'capabilities: ClassVar[Capabilities] = Capabilities(...)': they are read before an instance is built"
        )


def _check_secrets(instance: object) -> None:
    """Check that every field whose type is a secret holds a :class:`~dao.secrets.Secret`, at any depth.

    Only attrs classes and dataclasses have fields; where any other class keeps its secrets isn't known.

    Raises:
        ConfigError: fields with plain text, which a repr would show and a pickle would hold; the text isn't quoted.
    """
    owner = type(instance).__qualname__
    faults = [
        Fault("", f"{owner}.{path}: found {kind}, expected Secret(...)") for path, kind in _plain(instance, [], "")
    ]
    if faults:
        raise ConfigError(faults)


def _plain(value: Any, kinds: list[Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield the path and kind of each text whose type allows a secret and no plain text."""
    if isinstance(value, (str, bytes, bytearray)):
        if any(holds_secret(kind) and str not in members(kind) for kind in kinds):
            yield path, "text" if isinstance(value, str) else type(value).__name__
    elif isinstance(value, Mapping):
        for at, inner in value.items():
            yield from _plain(inner, kinds_below(kinds, at), joined(path, at))
    elif isinstance(value, (list, tuple, set, frozenset)):
        for at, inner in enumerate(value):
            yield from _plain(inner, kinds_below(kinds, at), joined(path, at))
    elif attrs.has(type(value)) or dataclasses.is_dataclass(type(value)):
        kind: Any = type(value)
        for name, option in options_of(kind)[0].items():
            field = option.attribute.name if option.attribute else name
            yield from _plain(getattr(value, field, None), [option.type], joined(path, name))
