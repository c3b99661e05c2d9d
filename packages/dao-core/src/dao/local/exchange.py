"""Swap two places of a filesystem in one step, where the system can: Linux ``renameat2``, macOS ``renamex_np``."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache

__all__ = ["exchange"]

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # macOS sys/stdio.h

_NOT_HERE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}
"""What a kernel or a filesystem that can't swap answers."""


def exchange(one: str, other: str) -> bool:
    """Swap what is at two paths of one filesystem, in one step that nobody can see half done.

    Returns:
        False where the system or the filesystem can't: then nothing was changed.

    Raises:
        OSError: as for a rename.
    """
    swap = _swapper()
    if swap is None:
        return False
    if swap(os.fsencode(one), os.fsencode(other)) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_HERE:
        return False
    raise OSError(code, os.strerror(code), one, None, other)


@cache
def _swapper() -> Callable[[bytes, bytes], int] | None:
    library = ctypes.CDLL(None, use_errno=True)
    try:
        if sys.platform == "darwin":
            renamex = library.renamex_np
            return lambda one, other: int(renamex(one, other, _RENAME_SWAP))
        renameat2 = library.renameat2
    except AttributeError:
        return None
    return lambda one, other: int(renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _RENAME_EXCHANGE))
