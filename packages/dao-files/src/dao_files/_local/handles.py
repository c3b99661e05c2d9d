"""Directory handles, from which everything below is reached without following symbolic links.

Every system call resolves its path again, so a directory that is replaced by a link between two calls redirects the
second one. A handle stays at the directory that was opened, and each step down from it opens one name that must not be
a link. :func:`dao_files._local.walk.real_key` decides beforehand which links may be followed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache
from types import TracebackType
from typing import Self

from attrs import define

from dao.errors import UnsupportedError

try:
    from fcntl import F_GETPATH, fcntl  # type: ignore[attr-defined]  # macOS
except ImportError:
    F_GETPATH = None

__all__ = ["Folder", "descriptor_path", "is_link_error", "reopen"]

# O_PATH requires no permission to list a directory, only to traverse it; only Linux has it.
_ROOT = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_STEP = _ROOT | os.O_NOFOLLOW
_SAFE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe without a writer must not block


@define
class Folder:
    """An open directory. Close it, or use it in a ``with`` statement.

    Attributes:
        path: its path when opened; for messages only.
        handle: its descriptor; valid as ``dir_fd``, not for listing.

    All paths given to its methods are relative, with ``/`` between the parts, and can have no ``.`` or ``..``; ``""``
    is the directory itself.
    """

    path: str
    handle: int

    @classmethod
    def at(cls, path: str) -> Self:
        """Open a directory by its absolute path, which may contain links: the owner of a root decides where it is."""
        return cls(path, os.open(path, _ROOT))

    def folder(self, path: str, *, make: bool = False) -> Folder:
        """Open a directory below; with ``make`` it and its parents are created.

        Raises:
            OSError: ELOOP if a part is a symbolic link, ENOTDIR if it is a file, ENOENT if it doesn't exist.
        """
        handle = os.dup(self.handle)
        done = self.path
        try:
            for part in path.split("/") if path else ():
                done = f"{done}/{part}"
                below = _step(handle, part, done, make=make)
                os.close(handle)
                handle = below
        except BaseException:
            os.close(handle)
            raise
        return Folder(done, handle)

    def _inner(self, path: str) -> AbstractContextManager[Folder]:
        """A directory below while the block runs; for ``""`` this one, which stays open."""
        return self.folder(path) if path else nullcontext(self)

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        """Open a path below and return its descriptor, like ``os.open``. Never blocks on a pipe.

        Raises:
            OSError: as for :meth:`folder`, and as for ``os.open``.
        """
        above, _, name = path.rpartition("/")
        with self._inner(above) as parent:
            try:
                return os.open(name or ".", flags | _SAFE, mode, dir_fd=parent.handle)
            except OSError as error:
                raise _explain(error, parent.handle, name, f"{parent.path}/{name}".rstrip("/")) from None

    def open_file(self, path: str) -> int:
        """Open a regular file below for reading and return its descriptor.

        Raises:
            OSError: as for :meth:`open`.
            UnsupportedError: it isn't a regular file.
        """
        file = self.open(path, os.O_RDONLY)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise UnsupportedError(f"{self.path}/{path} is not a file")
        return file

    def stat(self, path: str) -> os.stat_result:
        """Stat a path below, without following a symbolic link.

        Raises:
            OSError: as for :meth:`folder`.
        """
        above, _, name = path.rpartition("/")
        with self._inner(above) as parent:
            try:
                return os.stat(name or ".", dir_fd=parent.handle, follow_symlinks=False)
            except OSError as error:
                raise _explain(error, parent.handle, name, f"{parent.path}/{name}".rstrip("/")) from None

    @contextmanager
    def parent(self, path: str) -> Iterator[tuple[int, str]]:
        """The handle of a path's parent directory, and its name there: the arguments of ``dir_fd`` calls."""
        above, _, name = path.rpartition("/")
        with self._inner(above) as parent:
            yield parent.handle, name

    def has(self, path: str) -> bool:
        """Whether a path below exists: a file, a directory or a link."""
        try:
            self.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def rename(self, old: str, new: str) -> None:
        """Rename a path below, like ``os.rename``."""
        with self.parent(old) as (source, name), self.parent(new) as (target, new_name):
            os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=target)

    def unlink(self, path: str) -> None:
        """Remove a file below, or a link itself."""
        with self.parent(path) as (parent, name):
            os.unlink(name, dir_fd=parent)

    def link(self, path: str, target: Folder, name: str) -> None:
        """Create a hard link to a file below; symbolic links are not followed.

        Args:
            path: the file.
            target: the directory of the new path.
            name: the new path, below ``target``.
        """
        with self.parent(path) as (source, old), target.parent(name) as (folder, new):
            os.link(old, new, src_dir_fd=source, dst_dir_fd=folder, follow_symlinks=False)

    def flush(self, path: str) -> None:
        """Flush a file below, or a directory's entries, to disk (fsync)."""
        file = self.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def close(self) -> None:
        """Close the descriptor. May be called twice."""
        handle, self.handle = self.handle, -1
        if handle >= 0:
            os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _step(handle: int, part: str, path: str, *, make: bool) -> int:
    while True:
        try:
            return os.open(part, _STEP, dir_fd=handle)
        except FileNotFoundError as error:
            if not make:
                raise _explain(error, handle, part, path) from None
        except OSError as error:
            raise _explain(error, handle, part, path) from None
        try:
            os.mkdir(part, dir_fd=handle)
        except FileExistsError:
            pass  # another writer created it first
        except OSError as error:
            raise _explain(error, handle, part, path) from None


def _explain(error: OSError, handle: int, name: str, path: str) -> OSError:
    """The error with the whole path, and with ELOOP wherever the cause is a link: systems differ in this."""
    code = error.errno or 0
    if code == errno.EMLINK:  # BSD
        code = errno.ELOOP
    elif code == errno.ENOTDIR:  # Linux, where a link is met instead of a directory
        with suppress(OSError):
            mode = os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode) or stat.S_ISDIR(mode):  # a directory: the link has gone again
                code = errno.ELOOP
    return OSError(code, error.strerror, path)


def is_link_error(error: OSError) -> bool:
    """Whether a lookup ended because a part of its path is a symbolic link."""
    return error.errno == errno.ELOOP


@cache
def _has_proc() -> bool:
    return os.path.isdir("/proc/self/fd")


def descriptor_path(file: int) -> str:
    """A path by which this process can open a descriptor's file, for libraries that only take paths."""
    return f"/proc/self/fd/{file}" if _has_proc() else f"/dev/fd/{file}"


def reopen(opened: Folder) -> int:
    """A new descriptor for reading the same file with its own offset, even if the file was moved.

    Raises:
        FileNotFoundError: it was moved or deleted, on a system that can't find it again.
    """
    if _has_proc():
        return os.open(descriptor_path(opened.handle), os.O_RDONLY | os.O_CLOEXEC)
    path = opened.path
    if F_GETPATH is not None:
        path = os.fsdecode(fcntl(opened.handle, F_GETPATH, bytes(1024)).rstrip(b"\0"))
    file = os.open(path, os.O_RDONLY | _SAFE)
    if os.path.samestat(os.fstat(file), os.fstat(opened.handle)):
        return file
    os.close(file)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), opened.path)
