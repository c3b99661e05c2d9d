"""Notes of replacements that take two renames, so that whoever comes next can finish one whose author died.

Anybody who may write into the store's own folder can put something else in a note's place. So a note counts only if it
is a small regular file of the expected shape, at the place that belongs to its key, and if all that it names are a key
and a place in staging or another key: nothing that it says can lead out of the root.
"""

from __future__ import annotations

import json
import os
import re
import stat

from attrs import frozen

from dao.errors import DataError, UnsupportedError
from dao_files._local.handles import Folder, is_link_error
from dao_files._local.locks import name_of
from dao_files._storage.keys import OWN_FOLDER, check_key
from dao_files._storage.stored_json import parse_object

__all__ = ["Note", "is_staged", "read_note"]

_LONGEST = 1 << 16
"""Bytes of a note; the two paths in it have at most 4096 each on any system."""

_STAGED = re.compile(rf"{re.escape(OWN_FOLDER)}/staging/[0-9a-f]{{32}}")


@frozen
class Note:
    """What was meant.

    Attributes:
        key: the key whose content is replaced, without symbolic links.
        new: the path from the root of what belongs there.
    """

    key: str
    new: str

    def text(self) -> str:
        """As it is stored."""
        return json.dumps({"key": self.key, "path": self.key, "new": self.new})


def is_staged(path: str) -> bool:
    """Whether a path from the root is a place in staging with a name that DAO gave."""
    return _STAGED.fullmatch(path) is not None


def read_note(folder: Folder, name: str) -> Note | None:
    """A note, None where there is none or something that is no note.

    Raises:
        OSError: the disk or the permissions don't let it be read.
    """
    try:
        file = folder.open_file(name)
    except (FileNotFoundError, NotADirectoryError, UnsupportedError):
        return None
    except OSError as error:
        if is_link_error(error) or _is_special(folder, name):
            return None
        raise
    with os.fdopen(file, "rb") as opened:
        content = opened.read(_LONGEST + 1)
    return _parsed(content, name) if len(content) <= _LONGEST else None


def _is_special(folder: Folder, name: str) -> bool:
    mode = folder.stat(name).st_mode
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _parsed(content: bytes, name: str) -> Note | None:
    try:
        match parse_object(content):
            case {"key": str(key), "path": str(path), "new": str(new)} if path == key:
                return Note(check_key(key), new) if name_of(key) == name and _may_replace(new, key) else None
    except (ValueError, DataError):
        pass  # torn, or somebody else's: notes are renamed to their places once they are complete
    return None


def _may_replace(new: str, key: str) -> bool:
    return is_staged(new) or (not f"{check_key(new)}/".startswith(f"{key}/") and not key.startswith(f"{new}/"))
