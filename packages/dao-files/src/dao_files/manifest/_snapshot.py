"""Snapshots of a key: one object, or the files of a tree, each pinned to its content.

Nothing prevents other writers from replacing and deleting. With bucket versioning, or without writers, a snapshot
lasts; otherwise reading a file that is gone raises ConflictError. Never is one state's file read for another's.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, BinaryIO

from dao.results import FileInfo
from dao_files._actions.log import LOG_NAME
from dao_files._storage.keys import join
from dao_files.manifest._arrow_files import native_file
from dao_files.manifest._streams import open_object
from dao_files.manifest._transport import Stat, Transport
from dao_files.manifest._view import View

__all__ = ["ObjectSnapshot", "TreeSnapshot", "info_of"]


def info_of(stat: Stat, key: str | None = None) -> FileInfo:
    """The FileInfo of an object; with another key if it is not yet at its own path."""
    return FileInfo(stat.key if key is None else key, stat.size, stat.modified, stat.etag, stat.version)


class _Objects:
    """The base of both snapshots: files that are objects.

    Args:
        transport: reads their bytes.
        key: the key of them all.
        stats: each one by its key.
    """

    def __init__(self, transport: Transport, key: str, stats: dict[str, Stat]) -> None:
        self.key = key
        self.transport = transport
        self._stats = stats

    @property
    def objects(self) -> Sequence[str]:
        """The keys of the files that are objects: all but a log inside of a manifest."""
        return tuple(self._stats)

    def stat(self, key: str) -> Stat:
        """The object that holds a file."""
        try:
            return self._stats[key]
        except KeyError:
            raise FileNotFoundError(key) from None

    def open(self, key: str) -> BinaryIO:
        """See :meth:`dao_files.storage.Snapshot.open`."""
        return open_object(self.transport, self.stat(key))

    def filesystem(self) -> Any:
        """See :meth:`dao_files.storage.Snapshot.filesystem`."""
        from dao_files._storage.filesystem import filesystem_of

        return filesystem_of(self, self._open_native, near=False)  # type: ignore[arg-type]  # its heirs are Snapshots

    def _open_native(self, key: str) -> Any:
        return native_file(self.transport, self.stat(key))

    def close(self) -> None:
        """See :meth:`dao_files.storage.Snapshot.close`."""


class ObjectSnapshot(_Objects):
    """One object. See :class:`dao_files.storage.Snapshot`."""

    is_file = True

    def __init__(self, transport: Transport, stat: Stat) -> None:
        super().__init__(transport, stat.key, {stat.key: stat})
        self.files: Sequence[FileInfo] = (info_of(stat),)


class TreeSnapshot(_Objects):
    """The files of a directory. See :class:`dao_files.storage.Snapshot`."""

    is_file = False

    def __init__(self, transport: Transport, view: View) -> None:
        stats = {join(view.key, path): stat for path, stat in view.files.items()}
        super().__init__(transport, view.key, stats)
        self.view = view
        self.log = view.log
        self._log_key = join(view.key, LOG_NAME)
        if self.log is not None:
            stats.pop(self._log_key, None)  # one that came as an object, as with a table that was uploaded
        told = [info_of(stat, key) for key, stat in stats.items()]
        if self.log is not None:
            told.append(FileInfo(self._log_key, len(self.log)))
        self.files: Sequence[FileInfo] = tuple(sorted(told, key=lambda info: info.key))

    def open(self, key: str) -> BinaryIO:
        """See :meth:`dao_files.storage.Snapshot.open`."""
        if key == self._log_key and self.log is not None:
            return io.BytesIO(self.log)
        return super().open(key)
