"""Validates keys, so that none leaves a store's root, and converts ``path=`` to keys. All without I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from dao.errors import DataError

if TYPE_CHECKING:
    from dao_files._storage.storage import Storage

__all__ = ["OWN_FOLDER", "check_key", "is_hidden", "is_plain", "join", "key_fault", "key_of_path"]

OWN_FOLDER = ".dao"
"""The internal folder of a storage, below its root; keys can't go through it."""

_PLAIN = re.compile(r"(?:[\w=-][\w=.-]*/)*[\w=-][\w=.-]*", re.ASCII)


def is_plain(key: str) -> bool:
    """Whether a key is valid at a glance: only ASCII letters, digits and ``_=-.``, and no part begins with ``.``.

    >>> is_plain("raw/day=1/part-0.csv"), is_plain("raw/../x"), is_plain("raw/ü")
    (True, False, False)
    """
    return _PLAIN.fullmatch(key) is not None


def check_key(key: str) -> str:
    """Validate a key and return it.

    Raises:
        DataError: it is empty or absolute, has an empty part, a ``.``, a ``..`` (percent-encoded too), a NUL, a
            backslash or DAO's own folder ``.dao``, or can't be written in UTF-8.

    >>> check_key("raw/2025/users.csv")
    'raw/2025/users.csv'
    >>> check_key("raw/../../etc/passwd")
    Traceback (most recent call last):
    dao.errors.DataError: key 'raw/../../etc/passwd' can't be used: '..' would leave its place
    """
    if isinstance(key, str) and is_plain(key):  # fast path: most keys are plain
        return key
    reason = key_fault(key)
    if reason is not None:
        raise DataError(f"key {key!r} can't be used: {reason}")
    return key


def key_fault(key: object) -> str | None:
    """Why a key is invalid, without quoting it; None if it is valid.

    >>> key_fault("a/../b"), key_fault("a/b")
    ("'..' would leave its place", None)
    """
    if not isinstance(key, str) or not key:
        return "expected a text that is not empty, with '/' between its parts"
    if key.startswith("/"):
        return "it starts with '/', but keys are relative to the store's root"
    if "\0" in key:
        return "it has a NUL character"
    if "\\" in key:
        return "it has a backslash, but the parts of a key are separated by '/'"
    try:
        key.encode()
    except UnicodeEncodeError:
        return "it has half a character (a lone surrogate), which no store can name"
    return next(filter(None, map(_part_fault, key.split("/"))), None)


def _part_fault(part: str) -> str | None:
    if not part:
        return "it has an empty part: '//' or a '/' at its end"
    if unquote(part) == "..":
        return f"{part!r} would leave its place"
    if unquote(part) == ".":
        return f"{part!r} names no file or folder: leave it out"
    if part.lower() == OWN_FOLDER:  # some filesystems ignore case
        return f"{part!r} is where the store keeps its own things"
    return None


def key_of_path(path: str, storage: Storage) -> str:
    """The key for ``path=``: a path from the store's root, or a full URI of that store.

    Raises:
        DataError: it is outside the store, or an invalid key.
    """
    if not isinstance(path, str):
        raise DataError(f"path: found {path!r}, expected a text: where the file is inside the store")
    if "://" not in path:
        return check_key(path)
    key = storage.key_of(path)
    if key is None:
        raise DataError(f"path {path!r} is not in this store: its own begin with '{storage.uri}/'")
    return check_key(key)


def join(base: str, *parts: str) -> str:
    """Join parts to a key, leaving out empty ones.

    >>> join("", "a", "b.csv"), join("t", "")
    ('a/b.csv', 't')
    """
    return "/".join(filter(None, (base, *parts)))


def is_hidden(path: str) -> bool:
    """Whether a path below a table is hidden, not data: a part starts with ``.`` or ``_``.

    A partition column may start with ``_``, as it may for Spark and Hive.

    >>> is_hidden("_SUCCESS"), is_hidden("a/.tmp/x.csv"), is_hidden("_day=1/x.csv")
    (True, True, False)
    """
    *folders, name = path.split("/")
    return name.startswith((".", "_")) or any(
        part.startswith(".") or (part.startswith("_") and "=" not in part) for part in folders
    )
