"""Which keys obstore can name exactly.

It takes every character but the ASCII control ones as it is: nothing is escaped, unescaped or normalised (tried on S3,
in memory and in folders, with ``%2e``, spaces, ``+``, ``#``, ``?``, NFC and NFD forms). But it takes empty parts off
both ends and refuses ``.`` and ``..``, so such keys are refused here, before another key is meant.
"""

from __future__ import annotations

import os
import re

from dao.errors import DataError, UnsupportedError
from dao_files.storage import is_plain
from dao_s3._obstore.location import Location

__all__ = ["UnnameableError", "check_key", "is_nameable", "split_prefix"]

_LONGEST = 1024
"""Bytes of a key, with the store's prefix: the limit of S3, Google Cloud and Azure."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NO_NAME = re.compile(r"[\x00-\x1f\x7f]|(?:\A|/)\.{0,2}(?:/|\Z)")
_CHANGED_BY_AZURE = re.compile(r"\\|\.(?:/|\Z)")
_STAGED = re.compile(r"#\d+\Z")


class UnnameableError(UnsupportedError):
    """obstore has no name for a key that S3 could keep."""


def is_nameable(key: str) -> bool:
    """Whether obstore can name a key, as far as it can be a key at all.

    >>> is_nameable("a/b%2e"), is_nameable("a//b"), is_nameable("a/")
    (True, False, False)
    """
    return is_plain(key) or _NO_NAME.search(key) is None


def check_key(key: str, location: Location) -> str:
    """The key itself, once it is sure that obstore means the same by it.

    Raises:
        DataError: no store can keep it.
        UnnameableError: obstore can't name it.
        UnsupportedError: it would be taken for a file that obstore stages.
    """
    if location.scheme == "s3" and is_plain(key) and len(key) + 4 * len(location.prefix) < _LONGEST:
        return key  # most are like that; four bytes are the most that a character takes
    if not key:
        raise DataError("an empty key names nothing")
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise DataError(f"key {key!r} has half a character (a lone surrogate), which no store can name") from None
    if location.scheme not in ("file", "memory"):
        size += len(location.prefix.encode()) + 1 if location.prefix and location.scheme != "http" else 0
        if size > _LONGEST:
            raise DataError(f"key {key[:80]!r}... has {size:,} bytes of UTF-8 with its prefix, at most {_LONGEST:,} go")
    if not is_nameable(key):
        raise UnnameableError(f"obstore can't name the key {key!r}; interface: s3 can, if S3 takes it")
    if location.scheme == "az" and _CHANGED_BY_AZURE.search(key):
        raise UnsupportedError(
            f"Azure makes another key of {key!r}: it takes '\\\\' for '/' and drops a '.' at the end"
        )
    if location.scheme == "file":
        _check_file(key, location)
    return key


def _check_file(key: str, location: Location) -> None:
    if _STAGED.search(key):
        raise UnsupportedError(f"the key {key!r} ends like the files that obstore stages in folders: '#' and digits")
    # A symbolic link must not lead out of the folder.
    real = os.path.realpath(location.prefix)
    place = os.path.realpath(os.path.join(real, key))
    if os.path.commonpath((real, place)) != real:
        raise DataError(f"key {key!r} leads out of the store: a symbolic link is on its way")


def split_prefix(prefix: str) -> tuple[str, str]:
    """The folder to list and what the keys in it must begin with: obstore lists whole folders only.

    >>> split_prefix("a/b/part-")
    ('a/b', 'a/b/part-')
    """
    folder = prefix.rpartition("/")[0]
    if prefix.startswith("/") or "//" in prefix or _CONTROL.search(prefix) or {".", ".."} & set(folder.split("/")):
        raise UnnameableError(f"obstore can't list the prefix {prefix!r}; interface: s3 can")
    return folder, prefix
