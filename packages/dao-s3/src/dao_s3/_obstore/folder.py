"""Conditional writes into a folder, where obstore has none but creation."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["lock_folder"]


@contextmanager
def lock_folder(folder: str) -> Iterator[None]:
    """Lock out all other writers that use this module, in this process and in others on this machine.

    The lock is on the folder itself, so that no lock file is needed; it is released when the process ends, even by a
    crash.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
