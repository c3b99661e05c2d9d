"""Resolves symbolic links safely, and walks directories.

Links that stay below the root are followed, all others are refused. The result of ``os.path.realpath`` is only a hint:
the target is opened from the root's handle without following any further link.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from dao.errors import PermissionDeniedError, StoreError
from dao.results import FileInfo
from dao_files._local.handles import Folder, is_link_error
from dao_files._storage.keys import OWN_FOLDER, join

__all__ = ["Found", "check_inside", "info_of", "real_key", "walk"]

_DEEPEST = 250
"""The maximum depth of directories below a key; each level holds a descriptor during the walk."""


class Found(NamedTuple):
    """A file below a directory.

    Attributes:
        info: its key, size and time.
        facts: its stat.
        linked: the key of the actual file if reached by a symbolic link, else None.
    """

    info: FileInfo
    facts: os.stat_result
    linked: str | None


def real_key(top: Folder, key: str) -> str:
    """The key with its symbolic links resolved, so that each file or directory has one lock.

    Raises:
        PermissionDeniedError: a link leads out of the root, or to the store's internal folder.
    """
    try:
        if not stat.S_ISLNK(top.stat(key).st_mode):
            return key
    except (FileNotFoundError, NotADirectoryError):
        return key
    except OSError as error:
        if not is_link_error(error):
            raise
    return check_inside(key, key, top.path)


def check_inside(place: str, key: str, root: str) -> str:
    """Resolve the links of a path below the root, and check that they stay there.

    Args:
        place: the path, from the root.
        key: the key that the caller asked for, for the message.
        root: the root's real path.

    Raises:
        PermissionDeniedError: they lead out of the root.
    """
    real = os.path.realpath(f"{root}/{place}")
    above = root if root.endswith("/") else f"{root}/"
    if not real.startswith(above):
        raise PermissionDeniedError(f"{key!r} is or goes through a symbolic link that leads out of the store")
    below = real[len(above) :]
    if below.split("/")[0].lower() == OWN_FOLDER:
        raise PermissionDeniedError(f"{key!r} leads to what the store keeps for itself")
    return below


def walk(
    directory: int,
    key: str,
    real: str,
    root: str,
    folders: dict[str, os.stat_result] | None = None,
    *,
    skip_foreign: bool = False,
) -> Iterator[Found]:
    """The files below a directory, in the order of their names, without the store's internal files.

    Args:
        directory: its descriptor, open for reading.
        key: its key, the prefix of the files' keys.
        real: its key without symbolic links.
        root: the root's real path.
        folders: receives the stats of directories, by key.
        skip_foreign: leave out symbolic links that lead out of the root.

    Raises:
        PermissionDeniedError: a symbolic link leads out of the root, without ``skip_foreign``.
        StoreError: a symbolic link leads to a directory above it, or the directories are nested too deeply.
    """
    return _Walk(root, {} if folders is None else folders, skip_foreign).below(directory, key, real, (), linked=False)


class _Walk:
    def __init__(self, root: str, folders: dict[str, os.stat_result], skip_foreign: bool) -> None:
        self._root = root
        self._skip_foreign = skip_foreign
        self._folders = folders

    def below(
        self, directory: int, key: str, real: str, above: tuple[tuple[int, int], ...], *, linked: bool
    ) -> Iterator[Found]:
        facts = os.fstat(directory)
        here = (facts.st_dev, facts.st_ino)
        if here in above:
            raise StoreError(f"{key!r} is a symbolic link to a directory that it is in")
        if len(above) == _DEEPEST:
            raise StoreError(f"{key[:80]!r}... is more than {_DEEPEST} levels of directories deep")
        self._folders[key] = facts
        with os.scandir(directory) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
        for entry in entries:
            if not key and entry.name == OWN_FOLDER:
                continue
            own, place = join(key, entry.name), join(real, entry.name)
            if entry.is_symlink():
                try:
                    target = check_inside(place, own, self._root)
                except PermissionDeniedError:
                    if self._skip_foreign:
                        continue
                    raise
                yield from self._through_link(own, target, (*above, here))
            elif entry.is_dir(follow_symlinks=False):
                with _open(Folder(join(self._root, real), directory), entry.name) as below:
                    if below is not None:
                        yield from self.below(below, own, place, (*above, here), linked=linked)
            elif entry.is_file(follow_symlinks=False):
                try:
                    facts = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # a single file that was deleted in place since
                yield Found(info_of(own, facts), facts, place if linked else None)

    def _through_link(self, key: str, real: str, above: tuple[tuple[int, int], ...]) -> Iterator[Found]:
        with Folder.at(self._root) as top:
            try:
                facts = top.stat(real)
            except (FileNotFoundError, NotADirectoryError):
                return
            if stat.S_ISREG(facts.st_mode):
                yield Found(info_of(key, facts), facts, real)
            elif stat.S_ISDIR(facts.st_mode):
                with _open(top, real) as below:
                    if below is not None:
                        yield from self.below(below, key, real, above, linked=True)


@contextmanager
def _open(top: Folder, path: str) -> Iterator[int | None]:
    try:
        directory = top.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        yield None
        return
    try:
        yield directory
    finally:
        os.close(directory)


def info_of(key: str, facts: os.stat_result) -> FileInfo:
    """The FileInfo of a file for listings."""
    return FileInfo(key, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))
