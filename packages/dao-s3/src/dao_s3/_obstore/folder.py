"""Conditional writes into a folder, where obstore has none but creation."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["locked"]


@contextmanager
def locked(folder: str) -> Iterator[None]:
    """Keep all other writers out that go this way, of this process and of others on this machine.

    The lock is on the folder itself, so that no file of its own is needed; it is let go of when the process ends,
    however that comes.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
