"""What this process holds: open files and sockets, threads."""

from __future__ import annotations

import os
import threading

__all__ = ["open_files", "running_threads"]

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
