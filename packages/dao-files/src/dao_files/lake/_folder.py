"""A folder as an object store: the transport under the tables that are kept on a disk.

A file becomes visible whole, by a link or a rename, and a conditional one only if nothing is there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from attrs import define

from dao.errors import ConflictError, NotFoundError, PermissionDeniedError, UnsupportedError
from dao_files.manifest import BaseTransport, ObjectSettings, Stat, Writer

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["FolderTransport"]


@define(slots=False, eq=False)
class FolderTransport(BaseTransport):
    """See :class:`dao_files.manifest.Transport`: the files of a folder. Safe between processes of one machine.

    Attributes:
        root: the folder's absolute path, without symbolic links.
        create: make the folder with the first file; without it a missing folder is an error.
        fsync: flush each file, and its entry in its folder, to the disk before it counts as written.
    """

    root: str
    create: bool = True
    fsync: bool = False

    @property
    def uri(self) -> str:  # type: ignore[override]
        """The folder's URI."""
        return Path(self.root).as_uri()

    def path_of(self, key: str) -> str:
        """The path of a file or folder.

        Raises:
            PermissionDeniedError: a symbolic link on the way leads out of the folder.
        """
        path = os.path.join(self.root, key)
        real = os.path.realpath(path)
        if real != self.root and not real.startswith(f"{self.root.rstrip('/')}/"):
            raise PermissionDeniedError(f"{key!r}: a symbolic link leads out of the store's folder")
        return path

    def head(self, key: str, *, version: str | None = None) -> Stat:
        """See :meth:`dao_files.manifest.Transport.head`."""
        self.refuse_version(version)
        path = self.path_of(key)
        if not os.path.isfile(path):
            raise NotFoundError(f"{key!r} is not there")
        return _stat(key, os.stat(path))

    def get(
        self,
        key: str,
        *,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
        version: str | None = None,
    ) -> bytes:
        """See :meth:`dao_files.manifest.Transport.get`."""
        self.refuse_version(version)
        try:
            with open(self.path_of(key), "rb") as file:
                if etag is not None and _stat(key, os.fstat(file.fileno())).etag != etag:
                    raise ConflictError(f"{key!r} is another one by now")
                file.seek(start)
                return file.read() if length is None else file.read(length)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotFoundError(f"{key!r} is not there") from error

    def put(
        self,
        key: str,
        data: Buffer,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> Stat:
        """See :meth:`dao_files.manifest.Transport.put`; ``if_match`` is refused."""
        writer = self.writer(key, if_absent=if_absent, if_match=if_match, settings=settings)
        try:
            writer.write(data)
        except BaseException:
            writer.abort()
            raise
        writer.close()
        return writer.written

    def writer(
        self,
        key: str,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> Writer:
        """A file under another name, which gets its own when it is closed."""
        self.refuse_settings(settings)
        if if_match is not None:
            raise UnsupportedError("a folder can't replace a file on a condition")
        if not self.create and not os.path.isdir(self.root):
            raise NotFoundError(f"the root {self.root!r} is not there, and create=False forbids to make it")
        path = self.path_of(key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return FileWriter(key, path, if_absent=if_absent, fsync=self.fsync)

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[Stat]:
        """See :meth:`dao_files.manifest.Transport.list`."""
        for key in sorted(self._keys(prefix), key=str.encode):
            if after is None or key.encode() > after.encode():
                path = os.path.join(self.root, key)
                try:
                    if os.path.islink(path):
                        self.path_of(key)
                    yield _stat(key, os.stat(path))
                except (FileNotFoundError, PermissionDeniedError):
                    continue  # deleted since, or a link that leads out

    def _keys(self, prefix: str) -> Iterator[str]:
        folder = prefix.rpartition("/")[0]
        for base, _, names in os.walk(self.path_of(folder)):
            below = os.path.relpath(base, self.root)
            for name in names:
                key = name if below == "." else f"{below}/{name}"
                if key.startswith(prefix):
                    yield key

    def delete(self, keys: Iterable[str]) -> None:
        """See :meth:`dao_files.manifest.Transport.delete`; folders that become empty go too."""
        for key in keys:
            path = self.path_of(key)
            try:
                os.unlink(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            self._prune(os.path.dirname(path))

    def copy(
        self,
        source: str,
        target: str,
        *,
        version: str | None = None,
        if_absent: bool = False,
        settings: ObjectSettings | None = None,
    ) -> Stat:
        """A hard link, where the file system has them: files are replaced, and never changed."""
        self.refuse_version(version)
        self.refuse_settings(settings)
        old, new = self.path_of(source), self.path_of(target)
        if not os.path.isfile(old):
            raise NotFoundError(f"{source!r} is not there")
        folder = os.path.dirname(new)
        os.makedirs(folder, exist_ok=True)
        staged = os.path.join(folder, f".{uuid4().hex}.{uuid4().hex}.tmp")
        try:
            os.link(os.path.realpath(old), staged)
        except OSError:
            return super().copy(source, target, if_absent=if_absent, settings=settings)
        try:
            _publish(staged, new, target, if_absent=if_absent)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(staged)  # also where both were one file already: nothing is renamed then
        if self.fsync:
            _sync(folder)
        return self.head(target)

    def _prune(self, folder: str) -> None:
        while folder.startswith(f"{self.root}/"):
            try:
                os.rmdir(folder)
            except OSError:
                return  # it isn't empty
            folder = os.path.dirname(folder)


class FileWriter:
    """See :class:`dao_files.manifest.Writer`: one file of a folder."""

    def __init__(self, key: str, path: str, *, if_absent: bool, fsync: bool) -> None:
        """Begin.

        Args:
            key: the file's key.
            path: its path.
            if_absent: nothing may be there when it is closed.
            fsync: flush it to the disk.
        """
        self._key, self._path, self._if_absent, self._fsync = key, path, if_absent, fsync
        folder, name = os.path.split(path)
        self._staged = os.path.join(folder, f".{name[:200]}.{uuid4().hex}.tmp")
        self._file = open(self._staged, "xb")  # noqa: SIM115 - closed by close() and abort()
        self._written: Stat | None = None

    @property
    def closed(self) -> bool:
        """Whether it is complete or given up."""
        return self._file.closed

    @property
    def written(self) -> Stat:
        """The complete file."""
        if self._written is None:
            raise ValueError(f"{self._key!r} is not complete")
        return self._written

    def write(self, data: Buffer, /) -> int:
        """Add bytes."""
        return self._file.write(data)

    def close(self) -> None:
        """See :meth:`dao_files.manifest.Writer.close`."""
        if self._file.closed:
            return
        try:
            self._file.flush()
            if self._fsync:
                os.fsync(self._file.fileno())
            found = os.fstat(self._file.fileno())
            self._file.close()  # it may be only now that a network's file system says that it is full
            _publish(self._staged, self._path, self._key, if_absent=self._if_absent)
            self._written = _stat(self._key, found)
        finally:
            self.abort()
        if self._fsync:
            _sync(os.path.dirname(self._path))

    def abort(self) -> None:
        """See :meth:`dao_files.manifest.Writer.abort`."""
        with suppress(OSError):  # on a full disk it writes what it holds in vain
            self._file.close()
        with suppress(FileNotFoundError):
            os.unlink(self._staged)

    def __del__(self) -> None:
        # Dropped by an error on its way up: nothing may stay. An error here could be raised to no caller.
        if hasattr(self, "_file") and not self._file.closed:
            with suppress(OSError):
                self.abort()


def _publish(staged: str, path: str, key: str, *, if_absent: bool) -> None:
    """Give a complete file its name."""
    if not if_absent:
        os.replace(staged, path)
        return
    try:
        os.link(staged, path)
    except FileExistsError as error:
        raise ConflictError(f"{key!r} is there") from error


def _stat(key: str, found: os.stat_result) -> Stat:
    etag = f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"
    return Stat(key, found.st_size, etag, datetime.fromtimestamp(found.st_mtime, UTC))


def _sync(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
