"""Messages about options, without what is a secret or may be one.

A message may show the text of an option that the class declares as a text, so that a user sees what was found. Masked
are secrets, what came out of a reference, what has a login in it or looks like a key, and what nothing is known of:
options that the class doesn't declare or type, and what is inside of a mapping or record.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Literal

from dao.errors import ConfigError
from dao.options._guarding import guarded_options, holds_secret, members
from dao.options._places import is_place
from dao.options._signature import option_types
from dao.secrets import MASK, Interpolated, Template, looks_secret, secrets_in

__all__ = ["can_be_shown", "harmless", "masked_message"]

_SHORTEST = 4
"""Characters of the shortest value that is masked where it isn't quoted: masking shorter ones would garble messages."""

_ASSIGNED = re.compile(r"([\w.-]+)[\"']?\s*[=:]")
_ADDRESS = re.compile(r"[^\s/@]:[^\s@]*@|://[^/]*@|://.*[?#]")
"""Addresses that may have a login, a signature or a token in them."""

_RUN = re.compile(r"[a-zA-Z0-9+/=]{20,}")

_LOGIN = re.compile(r"(?:^|://)([^/@]*:([^/@]*))@")


def masked_message(text: str, cls: type, options: Mapping[str, Any]) -> str:
    """The message with those values of the options masked that are, or may be, secrets.

    Args:
        text: the message.
        cls: the class that has the options.
        options: as they were given.
    """
    for value in sorted(_hidden(cls, guarded_options(options, cls)), key=len, reverse=True):
        text = text.replace(repr(value), MASK)
        if len(value) >= _SHORTEST:
            text = text.replace(value, MASK)
    return text


def harmless(error: Exception, cls: type, options: Mapping[str, Any]) -> Exception | None:
    """The error, if neither it nor its cause and context show what is masked; else None."""
    shown = f"{error!r} {error} {error.__cause__!r} {error.__context__!r}"
    return error if masked_message(shown, cls, options) == shown else None


def _hidden(cls: type, options: Mapping[str, Any]) -> set[str]:
    """The texts that are not shown; local paths aren't among them, which messages need."""
    kinds = option_types(cls)
    found: set[str] = set()
    for name, value in options.items():
        kind = kinds.get(name, Any)
        if not is_place([kind]) and not _is_plain(value, kind):
            found.update(text for given in _strings(value) for text in _spelled(given))
    for _, secret in secrets_in(options):
        try:
            found.add(secret.reveal())
        except ConfigError:  # it has no value that could leak
            continue
    return found - {""}


def _is_plain(value: Any, kind: Any) -> bool:
    """Whether a value is a text of an option that is declared as one, and can't be a secret by what it looks like."""
    if not isinstance(value, str) or holds_secret(kind) or not any(map(_takes_text, members(kind))):
        return False
    return not isinstance(value, Interpolated) and can_be_shown(value)


def can_be_shown(text: str) -> bool:
    """Whether the text of an option that isn't a secret has nothing in it that may be one.

    >>> can_be_shown("sqlite"), can_be_shown("postgresql://me:hunter2@host"), can_be_shown("AKIAIOSFODNN7EXAMPLE")
    (True, False, False)
    """
    if "${" in text or _ADDRESS.search(text) or _has_key(text):
        return False
    return not any(map(looks_secret, _ASSIGNED.findall(text)))


def _has_key(text: str) -> bool:
    """Whether a text has what looks like a key or a token: in a wrong place it is as secret as in the right one."""
    return any(map(_mixes, _RUN.findall(text)))


def _mixes(run: str) -> bool:
    """Whether there are digits among the letters; in what may be a path, letters of both cases too."""
    mixed = any(map(str.isdigit, run)) and any(map(str.isalpha, run))
    return mixed and ("/" not in run or not (run.islower() or run.isupper()))


def _takes_text(kind: Any) -> bool:
    return typing.get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, (str, Enum)))


def _spelled(text: str) -> Iterator[str]:
    """A text in the ways in which a message may have it: with its references resolved, or its login alone."""
    yield text
    if "${" in text:
        try:
            text = Template.parse(text).resolve()
        except ConfigError:  # it has no value that could leak
            return
        yield text
    yield from (part for login in _LOGIN.finditer(text) for part in login.groups())


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from _strings(inner)
