"""Options that are local paths: made absolute, relative to a directory; texts that can't be local paths are refused."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NewType

from dao.errors import ConfigError, Fault
from dao.options._faults import joined
from dao.options._guarding import kinds_below, members
from dao.secrets import Template, interpolated

__all__ = ["Folder", "absolute_place", "is_place", "place_paths", "resolve_places", "working_folder"]

Folder = NewType("Folder", str)
"""The type of an option that is a local directory, given to the class as an absolute path (a ``str``).

Options of type ``pathlib.Path`` are local paths too.
"""

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/")
_LONGEST_SCHEME = 10
"""Letters of the longest URL scheme that a message quotes; a longer prefix may be part of a secret."""

_VARIABLE = re.compile(r"(?:^|(?<=/))\$([A-Za-z_]\w*)")


def working_folder() -> str:
    """The working directory of the process; empty if it no longer exists."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def absolute_place(text: str, folder: str = "") -> str:
    """Make a local path absolute and normalised; a relative one starts in ``folder``, ``~`` is the home directory.

    The path need not exist; symbolic links are not resolved.

    Args:
        text: the path.
        folder: the directory in which a relative path starts; empty for the working directory.

    Raises:
        ConfigError: ``text`` is empty, a URL, or has a shell variable, a null or half a character, or the ``~`` of
            an unknown user. The message has the right spelling and doesn't quote ``text``.
    """
    if not text or "\0" in text:
        raise ConfigError("found an empty text, or one with a null character, expected the path of a folder")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise ConfigError("found half a character (a lone surrogate), expected the path of a folder") from None
    if found := _URL.match(text):
        scheme = found[1].lower()
        right = "the path alone, without 'file://'" if scheme == "file" else "a path on this machine"
        bucket = "; a bucket is a store with 'interface: s3' and the options 'bucket' and 'prefix'"
        is_s3 = scheme in ("s3", "s3a", "s3n")
        hint = bucket if is_s3 else "" if scheme == "file" else "; a URL needs another interface"
        shown = f" ({scheme}://...)" if len(scheme) <= _LONGEST_SCHEME else ""
        raise ConfigError(f"found a URL{shown}, expected {right}{hint}")
    if found := _VARIABLE.search(text):
        raise ConfigError(f"found ${found[1]}, which no shell replaces here; write ${{env:{found[1]}}}")
    expanded = os.path.expanduser(text)
    if expanded.startswith("~"):
        raise ConfigError("found '~' with a user who has no home here, expected the path of a folder")
    return os.path.abspath(os.path.join(folder or working_folder(), expanded))


def is_place(kinds: list[Any]) -> bool:
    """Whether a text that has one of these types is a local path."""
    return any(member in (Folder, Path) for kind in kinds for member in members(kind))


def place_paths(value: Any, kinds: list[Any], path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the position, within an option's value, of each text that is a local path by its type."""
    if isinstance(value, (str, os.PathLike)):
        if is_place(kinds):
            yield path
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from place_paths(inner, kinds_below(kinds, name), (*path, name))
    elif isinstance(value, (list, tuple)):
        for at, inner in enumerate(value):
            yield from place_paths(inner, kinds_below(kinds, at), (*path, at))


def resolve_places(
    value: Any, kinds: list[Any], path: str, folders: Mapping[str, str], faults: list[Fault], *, lookup: bool
) -> Any:
    """Make every local path in ``value`` absolute; texts that can't be local paths are added to ``faults``.

    Args:
        value: an option's value.
        kinds: the types that it may have.
        path: the option's path.
        folders: the directories in which relative paths start, by the path of the option; ``""`` is the default.
        faults: the list that faults are appended to.
        lookup: resolve references; without it a path that has some is returned unchanged.
    """
    if isinstance(value, (str, os.PathLike)):
        if not is_place(kinds):
            return value
        try:
            text = os.fspath(value)
            start = folders.get(path, folders.get("", ""))
            if not isinstance(text, str):
                return value
            if "${" not in text or lookup:
                return absolute_place(interpolated(text), start)
            first = Template.parse(text).parts[0]
            if isinstance(first, str):
                absolute_place(first, start)
        except ConfigError as error:
            faults.extend(Fault(path, fault.message) for fault in error.faults)
        return value
    if isinstance(value, Mapping):
        return {
            name: resolve_places(inner, kinds_below(kinds, name), joined(path, name), folders, faults, lookup=lookup)
            for name, inner in value.items()
        }
    if type(value) in (list, tuple):
        return type(value)(
            resolve_places(inner, kinds_below(kinds, at), joined(path, at), folders, faults, lookup=lookup)
            for at, inner in enumerate(value)
        )
    return value
