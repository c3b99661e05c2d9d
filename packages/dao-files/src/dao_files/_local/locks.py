"""Locks between writing threads and processes, released when a process is killed.

The operating system releases a ``flock`` when its holder dies. A writer of ``a/b`` holds an exclusive lock on ``a/b``
and a shared lock on ``a``: writers of different tables don't block each other, and a writer of all of ``a`` waits for
those below it. Locks are acquired in the order of their keys, so there are no deadlocks.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256

from dao.errors import StoreError, TransientError, UnsupportedError
from dao_files._local.handles import Folder
from dao_files._local.protection import share_with_writers

try:
    import fcntl
except ImportError:  # Windows: importing and reading work, locking doesn't
    fcntl = None  # type: ignore[assignment]

__all__ = ["exclusively", "is_same", "lock_keys", "name_of", "share"]

_FIRST_WAIT, _LONGEST_WAIT = 0.0005, 0.05


@contextmanager
def lock_keys(folder: Folder, keys: tuple[str, ...], timeout: float) -> Iterator[None]:
    """Lock keys for writing while the block runs.

    Args:
        folder: where lock files are created and removed.
        keys: the keys to change.
        timeout: seconds to wait for other writers, for all locks together.

    Raises:
        TransientError: another writer held one of them for longer.
    """
    if fcntl is None:
        raise UnsupportedError("writing to a folder needs a POSIX system (Linux, macOS): this one has no flock")
    deadline = time.monotonic() + timeout
    with ExitStack() as held:
        for key, alone in sorted(_wanted(keys).items()):
            held.enter_context(_lock(folder, key, alone, deadline, timeout))
        yield


def name_of(key: str) -> str:
    """The file name for a key in a folder with one file per key; a hash, so that all have the same length."""
    return sha256(key.encode()).hexdigest()[:40]


def _wanted(keys: tuple[str, ...]) -> dict[str, bool]:
    wanted = dict.fromkeys(keys, True)
    for key in keys:
        parts = key.split("/")
        for length in range(1, len(parts)):
            wanted.setdefault("/".join(parts[:length]), False)
    return wanted


@contextmanager
def _lock(folder: Folder, key: str, alone: bool, deadline: float, timeout: float) -> Iterator[None]:
    name = name_of(key)
    mode = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    wait = _FIRST_WAIT
    while (file := _try_lock(folder, name, mode)) is None:
        if time.monotonic() >= deadline:
            raise TransientError(f"another writer has been busy at {key!r} for more than {timeout:g} s (lock_timeout)")
        time.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)
    try:
        yield
    finally:
        _unlock(folder, name, file, alone)


def _try_lock(folder: Folder, name: str, mode: int) -> int | None:
    try:
        file = folder.open(name, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        if error.errno in (errno.EISDIR, errno.ENXIO):  # a directory, a socket
            raise _no_lock(folder, name) from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise _no_lock(folder, name)
        share_with_writers(file, folder)
        fcntl.flock(file, mode | fcntl.LOCK_NB)
        if is_same(folder, name, file):  # else its last holder has removed it
            return file
    except BlockingIOError:
        pass
    except BaseException:
        os.close(file)
        raise
    os.close(file)
    return None


def _no_lock(folder: Folder, name: str) -> StoreError:
    return StoreError(f"{folder.path}/{name} is no file, so it can't be a lock: remove it")


def _unlock(folder: Folder, name: str, file: int, alone: bool) -> None:
    try:
        with suppress(OSError):
            if not alone:  # others may share it: only the last holder removes it
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_same(folder, name, file):
                os.unlink(name, dir_fd=folder.handle)
    finally:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)  # a forked child may still hold the descriptor
        os.close(file)


def is_same(top: Folder, path: str, file: int) -> bool:
    """Whether a path below a directory is the file or directory of a descriptor."""
    try:
        return os.path.samestat(top.stat(path), os.fstat(file))
    except (FileNotFoundError, NotADirectoryError):
        return False


def share(file: int) -> bool:
    """Mark an open file or directory as in use, which protects it from sweeping; False if it is being swept.

    Filesystems without locks can't mark anything: there, files may disappear while they are read.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (OSError, AttributeError):
        return True
    return True


@contextmanager
def exclusively(folder: Folder, name: str) -> Iterator[bool]:
    """Lock a file or directory exclusively while the block runs; yields False if it is in use."""
    try:
        file = folder.open(name, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = is_same(folder, name, file)
        except BlockingIOError:
            free = False
        yield free
    finally:
        os.close(file)
