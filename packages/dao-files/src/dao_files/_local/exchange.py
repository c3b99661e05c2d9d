"""Swaps two paths atomically where the system can: Linux ``renameat2``, macOS ``renameatx_np``."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache

__all__ = ["exchange"]

_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # macOS sys/stdio.h

_NOT_HERE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}
"""The errors of a kernel or filesystem that can't swap."""


def exchange(one: tuple[int, str], other: tuple[int, str]) -> bool:
    """Swap two paths of one filesystem atomically.

    Args:
        one: a directory's descriptor, and a name in it.
        other: the same for the other path.

    Returns:
        False if the system or the filesystem can't: nothing was changed.

    Raises:
        OSError: as for a rename.
    """
    swap = _swapper()
    if swap is None:
        return False
    if swap(one[0], os.fsencode(one[1]), other[0], os.fsencode(other[1])) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_HERE:
        return False
    raise OSError(code, os.strerror(code), one[1], None, other[1])


@cache
def _swapper() -> Callable[[int, bytes, int, bytes], int] | None:
    library = ctypes.CDLL(None, use_errno=True)
    try:
        call, flag = (
            (library.renameatx_np, _RENAME_SWAP) if sys.platform == "darwin" else (library.renameat2, _RENAME_EXCHANGE)
        )
    except AttributeError:
        return None
    return lambda folder, name, other, other_name: int(call(folder, name, other, other_name, flag))
