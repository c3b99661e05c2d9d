"""Resources of this process: open files and sockets, threads."""

from __future__ import annotations

import os
import threading

__all__ = ["KEPT", "open_files", "running_threads"]

KEPT = 8
"""Threads or descriptors that libraries may retain after use, such as those of a connection pool."""

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
