"""Translates operating system errors to DAO's errors."""

from __future__ import annotations

import errno

from dao.errors import (
    AlreadyExistsError,
    DaoError,
    DataError,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    TransientError,
    UnsupportedError,
)

__all__ = ["translate_os_error"]

_KINDS: dict[int, tuple[type[DaoError], str]] = {
    errno.ENOENT: (NotFoundError, "it is not there"),
    errno.EEXIST: (AlreadyExistsError, "something is already there"),
    errno.ENOTEMPTY: (AlreadyExistsError, "something is already there"),
    errno.EACCES: (PermissionDeniedError, "the folder's permissions forbid it to this user"),
    errno.EPERM: (PermissionDeniedError, "the folder's permissions forbid it to this user"),
    errno.EROFS: (
        PermissionDeniedError,
        "the filesystem is read-only: it can only be read",
    ),
    errno.ENOTDIR: (DataError, "a part of the path is a file, so nothing can be below it"),
    errno.EISDIR: (DataError, "there is a directory where a file is meant"),
    errno.ENAMETOOLONG: (DataError, "the name is too long for this filesystem"),
    errno.ENXIO: (UnsupportedError, "it is a socket or a pipe, neither a file nor a directory"),
    errno.EILSEQ: (DataError, "the filesystem can't store this name"),
    errno.ELOOP: (
        PermissionDeniedError,
        "a symbolic link is in the place of something else, or leads round in a circle",
    ),
    errno.ENOSPC: (
        StoreError,
        "no space is left on the device; what was there is as it was",
    ),
    errno.EDQUOT: (StoreError, "the disk quota is used up; what was there is as it was"),
    errno.EFBIG: (StoreError, "the file would be larger than the filesystem allows"),
    errno.EMFILE: (TransientError, "this process has too many files open (see `ulimit -n`)"),
    errno.ENFILE: (TransientError, "the system has too many files open"),
    errno.EAGAIN: (TransientError, "the filesystem is busy"),
    errno.EBUSY: (TransientError, "the filesystem is busy"),
    errno.ETIMEDOUT: (TransientError, "the filesystem did not answer in time"),
    errno.ESTALE: (TransientError, "the network filesystem has lost the file's handle"),
}


def translate_os_error(error: Exception) -> DaoError | None:
    """The DaoError for an ``OSError`` or a ``MemoryError``; None for any other error. The caller keeps the cause."""
    if isinstance(error, MemoryError):
        return StoreError("there is not enough memory")
    if not isinstance(error, OSError):
        return None
    kind, meaning = _KINDS.get(error.errno or 0, (StoreError, "the operating system refused"))
    return kind(f"{meaning} ({error})")
