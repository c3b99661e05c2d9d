"""Directories held open, from which everything below is reached without following a symbolic link.

A path is looked up anew by every system call that names it, so a directory that is exchanged for a link between two
calls leads the second one elsewhere. A handle stays at the directory that was opened, and each step down from it opens
one name that must not be a link. Which links may be followed is decided before, by
:func:`dao_files._local.walk.real_key`.
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

# O_PATH asks for no right to list a directory, only for the right to pass through; other systems than Linux lack it.
_ROOT = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_STEP = _ROOT | os.O_NOFOLLOW
_SAFE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe without a writer must not block


@define
class Folder:
    """A directory held open. Close it, or use it in a ``with`` statement.

    Attributes:
        path: where it was found; for messages only.
        handle: its descriptor: may be passed as ``dir_fd``, not be listed.

    All paths given to its methods are relative, with ``/`` between the parts, and can have no ``.`` or ``..``; ``""``
    is the directory itself.
    """

    path: str
    handle: int

    @classmethod
    def at(cls, path: str) -> Self:
        """Open a directory by its absolute path, which may go through links: a root is where its owner says."""
        return cls(path, os.open(path, _ROOT))

    def folder(self, path: str, *, make: bool = False) -> Folder:
        """Open a directory below; with ``make`` it is created, and those that it is in.

        Raises:
            OSError: ELOOP where a part is a symbolic link, ENOTDIR where it is a file, ENOENT where it is not there.
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
        """A descriptor of what is at a path below, as ``os.open`` gives it. Never waits for a pipe's other end.

        Raises:
            OSError: as for :meth:`folder`, and as for ``os.open``.
        """
        above, _, name = path.rpartition("/")
        with self._inner(above) as parent:
            try:
                return os.open(name or ".", flags | _SAFE, mode, dir_fd=parent.handle)
            except OSError as error:
                raise _explained(error, parent.handle, name, f"{parent.path}/{name}".rstrip("/")) from None

    def open_file(self, path: str) -> int:
        """A descriptor for reading a regular file below.

        Raises:
            OSError: as for :meth:`open`.
            UnsupportedError: it is no regular file.
        """
        file = self.open(path, os.O_RDONLY)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise UnsupportedError(f"{self.path}/{path} is not a file")
        return file

    def stat(self, path: str) -> os.stat_result:
        """The facts of what is at a path below; of a symbolic link its own.

        Raises:
            OSError: as for :meth:`folder`.
        """
        above, _, name = path.rpartition("/")
        with self._inner(above) as parent:
            try:
                return os.stat(name or ".", dir_fd=parent.handle, follow_symlinks=False)
            except OSError as error:
                raise _explained(error, parent.handle, name, f"{parent.path}/{name}".rstrip("/")) from None

    @contextmanager
    def parent(self, path: str) -> Iterator[tuple[int, str]]:
        """The handle of the directory that a path below is in, and its name there: what ``dir_fd`` calls take."""
        above, _, name = path.rpartition("/")
        with self._inner(above) as parent:
            yield parent.handle, name

    def has(self, path: str) -> bool:
        """Whether something is at a path below: a file, a directory or a link."""
        try:
            self.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def rename(self, old: str, new: str) -> None:
        """Give what is at a path below another, as ``os.rename`` does."""
        with self.parent(old) as (source, name), self.parent(new) as (target, new_name):
            os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=target)

    def unlink(self, path: str) -> None:
        """Remove a file below, or a link itself."""
        with self.parent(path) as (parent, name):
            os.unlink(name, dir_fd=parent)

    def link(self, path: str, target: Folder, name: str) -> None:
        """Make a hard link to a file below; of a symbolic link the link itself is linked.

        Args:
            path: the file.
            target: the directory below which the new name is.
            name: the path of the new name there.
        """
        with self.parent(path) as (source, old), target.parent(name) as (folder, new):
            os.link(old, new, src_dir_fd=source, dst_dir_fd=folder, follow_symlinks=False)

    def flush(self, path: str) -> None:
        """Make a file below, or a directory's entries, last through a power loss."""
        file = self.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def close(self) -> None:
        """Let go of it. May be called twice."""
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
                raise _explained(error, handle, part, path) from None
        except OSError as error:
            raise _explained(error, handle, part, path) from None
        try:
            os.mkdir(part, dir_fd=handle)
        except FileExistsError:
            pass  # another writer was faster: open theirs
        except OSError as error:
            raise _explained(error, handle, part, path) from None


def _explained(error: OSError, handle: int, name: str, path: str) -> OSError:
    """The same error with the whole path, and ELOOP wherever the reason is a link: systems answer differently."""
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
    """A path by which this process can open what a descriptor has open, for libraries that take paths only."""
    return f"/proc/self/fd/{file}" if _has_proc() else f"/dev/fd/{file}"


def reopen(opened: Folder) -> int:
    """A new descriptor for reading what another has open, with an offset of its own, wherever it has been moved to.

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
