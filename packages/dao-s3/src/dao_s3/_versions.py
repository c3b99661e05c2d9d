"""Metadata, versions and presigned URLs of single objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dao.data_object import DataObject
from dao.errors import DataError, NotFoundError
from dao.results import Version, WriteResult
from dao_files.manifest import without_mark
from dao_files.storage import bears_token
from dao_s3._single import file_key

if TYPE_CHECKING:
    from dao_files.manifest import ManifestStorage, Stat

__all__ = ["object_history", "object_metadata", "presign", "restore", "seconds"]

_LONGEST = timedelta(days=7)
"""The maximum validity of a version 4 signature."""


def object_history(storage: ManifestStorage, data_object: DataObject) -> Sequence[Version]:
    """See :meth:`dao_s3._interface.S3Interface.history`."""
    key = file_key(storage, data_object, None)
    found = storage.transport.versions(key)
    if not found:
        raise NotFoundError(f"{key!r} is not there")
    return [Version(stat.version, stat.modified, "write", {"bytes": stat.size}) for stat in found]


def object_metadata(storage: ManifestStorage, data_object: DataObject, path: str | None) -> dict[str, Any]:
    """See :meth:`dao_s3._interface.S3Interface.run_metadata`."""
    describe: Callable[[str], Stat] = getattr(storage.transport, "describe", storage.transport.head)
    stat = describe(file_key(storage, data_object, path))
    return {
        "key": stat.key,
        "size": stat.size,
        "etag": stat.etag,
        "modified": stat.modified,
        "version": stat.version,
        "metadata": without_mark(stat.metadata),
        **stat.facts,
    }


def seconds(given: float | timedelta, name: str) -> timedelta:
    """Seconds from a number or a ``timedelta``.

    Raises:
        DataError: it is neither, or negative.
    """
    if isinstance(given, bool) or not isinstance(given, (int, float, timedelta)):
        raise DataError(f"{name}: found {given!r}, expected seconds or a timedelta")
    span = given if isinstance(given, timedelta) else timedelta(seconds=given)
    if span < timedelta(0):
        raise DataError(f"{name}: found {given!r}, expected 0 or more")
    return span


def presign(
    storage: ManifestStorage,
    data_object: DataObject,
    *,
    path: str | None,
    method: str,
    expires: float | timedelta,
    version: str | None,
) -> str:
    """See :meth:`dao_s3._interface.S3Interface.run_presign`."""
    if method not in ("GET", "PUT"):
        raise DataError(f"method: found {method!r}, expected 'GET' or 'PUT'")
    span = seconds(expires, "expires")
    if not timedelta(seconds=1) <= span <= _LONGEST:
        raise DataError(f"expires: found {expires!r}, expected 1 second to 7 days")
    if version is not None and method == "PUT":
        raise DataError("version: found with method 'PUT', but an older version can't be written")
    key = file_key(storage, data_object, path)
    if method == "GET" and bears_token(key) and (stat := storage.stat_of(key)) is not None:
        key = stat.key
    return storage.transport.presign(key, method=method, expires=span, version=version)


def restore(storage: ManifestStorage, data_object: DataObject, *, version: str, path: str | None) -> WriteResult:
    """See :meth:`dao_s3._interface.S3Interface.run_restore`."""
    key = file_key(storage, data_object, path)
    before = storage.transport.head(key).version if storage.kind(key, "file") == "file" else None
    stat = storage.transport.copy(key, key, version=version)
    return WriteResult(bytes=stat.size, files=1, version_before=before, version_after=stat.version)
