"""Locks between writers, threads and processes alike, that a killed process can't leave behind.

The operating system gives up a ``flock`` when its holder dies. A writer of ``a/b`` holds ``a/b`` for itself and ``a``
together with others, so writers of different tables don't meet, while whoever changes all of ``a`` waits for those
below it. Locks are taken in the order of their keys: no two writers can wait for each other.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256

from dao.errors import TransientError, UnsupportedError

try:
    import fcntl
except ImportError:  # Windows: reading and importing work, only what needs a lock doesn't
    fcntl = None  # type: ignore[assignment]

__all__ = ["exclusively", "is_same", "locked_keys", "share"]

_FIRST_WAIT, _LONGEST_WAIT = 0.0005, 0.05


@contextmanager
def locked_keys(folder: str, keys: tuple[str, ...], timeout: float) -> Iterator[None]:
    """Hold keys for writing while the block runs.

    Args:
        folder: where lock files are made; they are removed again.
        keys: the keys to be changed.
        timeout: seconds to wait for other writers, of all locks together.

    Raises:
        TransientError: another writer had one of them for longer.
    """
    if fcntl is None:
        raise UnsupportedError("writing to a folder needs a POSIX system (Linux, macOS): this one has no flock")
    deadline = time.monotonic() + timeout
    os.makedirs(folder, exist_ok=True)
    with ExitStack() as held:
        for key, alone in sorted(_wanted(keys).items()):
            held.enter_context(_lock(folder, key, alone, deadline, timeout))
        yield


def _wanted(keys: tuple[str, ...]) -> dict[str, bool]:
    wanted = dict.fromkeys(keys, True)
    for key in keys:
        parts = key.split("/")
        for length in range(1, len(parts)):
            wanted.setdefault("/".join(parts[:length]), False)
    return wanted


@contextmanager
def _lock(folder: str, key: str, alone: bool, deadline: float, timeout: float) -> Iterator[None]:
    path = os.path.join(folder, sha256(key.encode()).hexdigest()[:40])
    mode = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    wait = _FIRST_WAIT
    while (file := _try_lock(path, mode)) is None:
        if time.monotonic() >= deadline:
            raise TransientError(f"another writer has been busy at {key!r} for more than {timeout:g} s (lock_timeout)")
        time.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)
    try:
        yield
    finally:
        _unlock(path, file, alone)


def _try_lock(path: str, mode: int) -> int | None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
        if is_same(path, file):  # else its last holder has removed it meanwhile
            return file
    except BlockingIOError:
        pass
    except BaseException:
        os.close(file)
        raise
    os.close(file)
    return None


def _unlock(path: str, file: int, alone: bool) -> None:
    try:
        with suppress(OSError):
            if not alone:  # others may share it: only who is the last removes it
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_same(path, file):
                os.unlink(path)
    finally:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)  # a forked child may hold the descriptor still
        os.close(file)


def is_same(path: str, file: int) -> bool:
    """Whether a path is the file or directory that a descriptor has open."""
    try:
        found, opened = os.stat(path), os.fstat(file)
    except FileNotFoundError:
        return False
    return (found.st_dev, found.st_ino) == (opened.st_dev, opened.st_ino)


def share(file: int) -> bool:
    """Mark an open file or directory as in use, so that nobody sweeps it away; False where it is being swept.

    A filesystem without locks can't mark anything: there, a reader may find that its files are gone.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (OSError, AttributeError):
        return True
    return True


@contextmanager
def exclusively(path: str) -> Iterator[bool]:
    """Hold a file or directory that nobody has in use while the block runs; gives False where somebody has."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = is_same(path, file)
        except BlockingIOError:
            free = False
        yield free
    finally:
        os.close(file)
