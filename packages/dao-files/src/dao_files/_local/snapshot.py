"""Snapshots of a path in a folder, readable while writers replace or delete it.

A snapshot holds the file, or the top directory of the tree, open with a shared lock. A tree is never modified in
place but replaced as a whole (see :mod:`dao_files._local.change`), and replaced trees are swept only when unlocked. So
the open descriptor leads to the same files for as long as it is open, even if the tree has been moved.

There is one exception: ``path=`` writes a single file into a directory in place. A reader of that directory that has
not opened it yet sees the new, complete file.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

from dao.errors import UnsupportedError
from dao.results import FileInfo
from dao_files._local.handles import Folder, descriptor_path, reopen
from dao_files._local.locks import is_same, share
from dao_files._local.walk import info_of, walk

__all__ = ["FolderSnapshot"]

_PATIENCE = 2.0
"""Seconds to wait for another program's lock on a file; DAO itself holds one only while it deletes."""


def _open_current(top: Folder, path: str) -> int:
    """Open a path with a shared lock, verifying that it still exists once it is locked."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        file = top.open(path, os.O_RDONLY)
        try:
            mode = os.fstat(file).st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise UnsupportedError(f"{path!r} is neither a file nor a directory")
            late = time.monotonic() > deadline  # another program locks the file: read it nevertheless
            if (share(file) and is_same(top, path, file)) or late:
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)
        time.sleep(0.0005)


class FolderSnapshot:
    """See :class:`dao_files.storage.Snapshot`.

    Attributes:
        key: the key it was taken of.
        is_file: True for a file.
        files: the files in the order of their names.
        facts: the stat of the file or directory itself.
        inside: the stats of the files and directories below, by key.
    """

    def __init__(self, top: Folder, key: str, real: str) -> None:
        self.key = key
        self._root = top.path
        self._real = real
        self._linked: dict[str, str] = {}
        self.inside: dict[str, os.stat_result] = {}
        self._anchor = Folder(f"{top.path}/{real}", _open_current(top, real))
        try:
            self.facts = os.fstat(self._anchor.handle)
            self.is_file = not stat.S_ISDIR(self.facts.st_mode)
            if self.is_file:
                self.files: tuple[FileInfo, ...] = (info_of(key, self.facts),)
            else:
                self.files = tuple(self._walk())
        except BaseException:
            self.close()
            raise

    def _walk(self) -> Iterator[FileInfo]:
        for found in walk(self._anchor.handle, self.key, self._real, self._root, self.inside):
            self.inside[found.info.key] = found.facts
            if found.linked is not None:
                self._linked[found.info.key] = found.linked
            yield found.info

    def descriptor(self, key: str) -> int:
        """Open one of its files for reading, or its directory, and return the descriptor; the caller closes it.

        Follows only symbolic links that stayed below the root when the snapshot was taken.
        """
        if self._anchor.handle < 0:
            raise ValueError(f"the snapshot of {self._anchor.path} is closed")
        if key == self.key:
            return reopen(self._anchor) if self.is_file else os.dup(self._anchor.handle)
        if key in self._linked:
            with Folder.at(self._root) as top:
                return top.open_file(self._linked[key])
        return self._anchor.open_file(key[len(self.key) :].lstrip("/"))

    def link(self, key: str, target: Folder, path: str) -> None:
        """Create a hard link to one of its files; see :meth:`dao_files._local.handles.Folder.link`."""
        if key in self._linked:
            with Folder.at(self._root) as top:
                top.link(self._linked[key], target, path)
        else:
            self._anchor.link(key[len(self.key) :].lstrip("/"), target, path)

    def open(self, key: str) -> BinaryIO:
        """See :meth:`dao_files.storage.Snapshot.open`."""
        return os.fdopen(self.descriptor(key), "rb")

    def _open_native(self, key: str) -> Any:
        import pyarrow as pa

        file = self.descriptor(key)
        try:
            return pa.OSFile(descriptor_path(file), "rb")
        finally:
            os.close(file)

    def filesystem(self) -> Any:
        """See :meth:`dao_files.storage.Snapshot.filesystem`."""
        from dao_files._storage.filesystem import filesystem_of

        return filesystem_of(self, self._open_native, near=True)

    def close(self) -> None:
        """See :meth:`dao_files.storage.Snapshot.close`."""
        self._anchor.close()

    def __del__(self) -> None:
        if hasattr(self, "_anchor"):
            self._anchor.close()
