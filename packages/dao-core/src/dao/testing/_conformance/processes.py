"""What this process holds: open files and sockets, threads."""

from __future__ import annotations

import os
import threading

__all__ = ["KEPT", "open_files", "running_threads"]

KEPT = 8
"""Threads and descriptors that libraries keep for good once they are used, such as those of a pool of connections."""

_LISTED = ("/proc/self/fd", "/dev/fd")


def open_files() -> int:
    """The number of open file descriptors, sockets among them.

    Raises:
        OSError: this system has no list of them; the tests that need one run on Linux and macOS.
    """
    for folder in _LISTED:
        if os.path.isdir(folder):
            return len(os.listdir(folder))
    raise OSError(f"none of {', '.join(_LISTED)} is there to count open files")


def running_threads() -> int:
    """The number of Python threads that are alive."""
    return threading.active_count()
