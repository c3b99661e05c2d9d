"""What is at a place of a folder now, kept readable while writers replace or delete it.

A snapshot has the file, or the top directory of the tree, open and shares a lock on it. A tree is never changed in
place but replaced whole (see :mod:`dao.local.change`), and what was replaced is swept away only when nobody has it
locked. So the open descriptor leads to the same files for as long as it is open, wherever the tree has gone meanwhile.

One thing is written in place: a single file that ``path=`` puts into a directory. A reader of that directory who has
not come to it yet sees the new file, whole.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, BinaryIO

from dao.errors import PermissionDeniedError, StoreError, UnsupportedError
from dao.files.keys import OWN_FOLDER, join
from dao.local.locks import is_same, share
from dao.results import FileInfo

try:
    from fcntl import F_GETPATH, fcntl  # type: ignore[attr-defined]  # macOS
except ImportError:
    F_GETPATH = None

__all__ = ["Anchor", "FolderSnapshot", "check_inside", "is_folder", "walk"]

_PATIENCE = 2.0
"""Seconds to wait for a lock that somebody else holds on a file of ours; DAO holds one only while it deletes."""


class Anchor:
    """A file or directory held open, and marked as in use."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = _open_current(path)
        self.is_file = not stat.S_ISDIR(os.fstat(self._file).st_mode)

    @property
    def place(self) -> str:
        """A path that leads to it now, also when it was moved or deleted meanwhile."""
        if self._file < 0:
            raise ValueError(f"the snapshot of {self.path} is closed")
        if _has_proc():
            return f"/proc/self/fd/{self._file}"
        if F_GETPATH is not None:
            return os.fsdecode(fcntl(self._file, F_GETPATH, bytes(1024)).rstrip(b"\0"))
        return self.path

    @property
    def stat(self) -> os.stat_result:
        """The open file's own facts."""
        return os.fstat(self._file)

    def close(self) -> None:
        """Let go of it. May be called twice."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def __del__(self) -> None:
        if getattr(self, "_file", -1) >= 0:
            self.close()


@cache
def _has_proc() -> bool:
    return os.path.isdir("/proc/self/fd")


def _open_current(path: str) -> int:
    """Open and share what is at a path, sure that it was still there once it was shared."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            mode = os.fstat(file).st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise UnsupportedError(f"{path!r} is neither a file nor a directory")
            late = time.monotonic() > deadline  # somebody else's program locks the file: read it all the same
            if (share(file) and is_same(path, file)) or late:
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)
        time.sleep(0.0005)


class FolderSnapshot:
    """See :class:`dao.files.storage.Snapshot`."""

    def __init__(self, key: str, path: str, root: str) -> None:
        self.key = key
        self._anchor = Anchor(path)
        try:
            self.is_file = self._anchor.is_file
            if self.is_file:
                self.files: tuple[FileInfo, ...] = (_info(key, self._anchor.stat),)
            else:
                self.files = tuple(walk(self._anchor.place, key, root))
        except BaseException:
            self.close()
            raise

    def locate(self, key: str) -> str:
        """The path of one of its files, valid at this moment."""
        below = key[len(self.key) :].lstrip("/")
        place = self._anchor.place
        return f"{place}/{below}" if below else place

    def open(self, key: str) -> BinaryIO:
        """See :meth:`dao.files.storage.Snapshot.open`."""
        return open(self.locate(key), "rb")

    def _open_native(self, key: str) -> Any:
        import pyarrow as pa

        return pa.OSFile(self.locate(key), "rb")

    def filesystem(self) -> Any:
        """See :meth:`dao.files.storage.Snapshot.filesystem`."""
        from dao.files.filesystem import filesystem_of

        return filesystem_of(self, self._open_native)

    def close(self) -> None:
        """See :meth:`dao.files.storage.Snapshot.close`."""
        self._anchor.close()


def is_folder(path: str) -> bool:
    """Whether there is a directory. Unlike ``os.path.isdir`` it does not say no when the disk fails."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def walk(place: str, key: str, root: str) -> Iterator[FileInfo]:
    """The files below a directory, in the order of their names, without what the storage keeps for itself.

    Raises:
        PermissionDeniedError: a symbolic link leads out of the root.
        StoreError: a symbolic link leads to a directory above it.
    """
    yield from _walk(place, key, root, ())


def _walk(place: str, key: str, root: str, above: tuple[tuple[int, int], ...]) -> Iterator[FileInfo]:
    found = os.stat(place)
    here = (found.st_dev, found.st_ino)
    if here in above:
        raise StoreError(f"{key!r} is a symbolic link to a directory that it is in")
    with os.scandir(place) as scan:
        entries = sorted(scan, key=lambda entry: entry.name)
    for entry in entries:
        if not key and entry.name == OWN_FOLDER:
            continue
        own = join(key, entry.name)
        if entry.is_symlink():
            check_inside(entry.path, own, root)
        try:
            if entry.is_dir():
                yield from _walk(entry.path, own, root, (*above, here))
            elif entry.is_file():
                yield _info(own, entry.stat())
        except FileNotFoundError:
            continue  # a single file that was deleted in place since


def check_inside(path: str, key: str, root: str) -> str:
    """The path with all symbolic links resolved, once it is sure that they stay below the root.

    Raises:
        PermissionDeniedError: they don't.
    """
    real = os.path.realpath(path)
    if not real.startswith(root if root.endswith("/") else f"{root}/"):
        raise PermissionDeniedError(f"{key!r} is or goes through a symbolic link that leads out of the store")
    if real[len(root) :].lstrip("/").split("/")[0] == OWN_FOLDER:
        raise PermissionDeniedError(f"{key!r} leads to what the store keeps for itself")
    return real


def _info(key: str, facts: os.stat_result) -> FileInfo:
    return FileInfo(key, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))
