"""Resources of this process: open files and sockets, threads."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

__all__ = ["KEPT", "open_files", "running_threads", "settled"]

KEPT = 8
"""Threads or descriptors that libraries may retain after use, such as those of a connection pool."""

_SETTLING = 10.0

_LISTED = ("/proc/self/fd", "/dev/fd")


def open_files() -> int:
    """The number of open file descriptors, including sockets.

    Raises:
        OSError: the operating system doesn't list them; tests that need it run on Linux and macOS.
    """
    for folder in _LISTED:
        if os.path.isdir(folder):
            return len(os.listdir(folder))
    raise OSError(f"none of {', '.join(_LISTED)} is there to count open files")


def running_threads() -> int:
    """The number of Python threads that are alive."""
    return threading.active_count()


def settled(count: Callable[[], int], most: int) -> int:
    """A count as soon as it is at most a number, else as it is after some seconds: drivers close sockets in threads."""
    deadline = time.monotonic() + _SETTLING
    while (found := count()) > most and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
