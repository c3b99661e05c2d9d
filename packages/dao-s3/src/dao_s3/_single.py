"""Reads and writes the bytes of single objects with as few requests as possible.

The actions of :mod:`dao_files` check the target before they write. A single object needs no check: the write is
conditional, and the store decides. So writing a small object is one request, and so is reading it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dao.errors import AlreadyExistsError, ConflictError, DataError, NotFoundError
from dao.progress import advance, expect
from dao.results import WriteResult
from dao.tables import check_mode, retry_conflicts
from dao_files.manifest import ObjectSettings, OnceWriter, Stat, Writer, put_once
from dao_files.storage import check_key, chunks_of, is_binary, place_of

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from dao.data_object import DataObject
    from dao_files.manifest import ManifestStorage

__all__ = ["SMALL", "already_there", "check_range", "file_key", "key_to_read", "read_object", "whole", "write_object"]

SMALL = 8 << 20
"""The largest object, in bytes, that is written by one request."""

_MODES = ("error", "append", "overwrite", "ignore")


def file_key(storage: ManifestStorage, data_object: DataObject, path: str | None, mode: str = "overwrite") -> str:
    """The key of the single object of a call.

    Raises:
        DataError: the key is invalid, the object is a directory without ``path``, or the mode is unknown.
    """
    check_mode(mode, _MODES)
    place = place_of(storage, data_object, path, writing=True)
    if place.wanted == "directory":
        raise DataError(f"bytes go to one file, and {place.name!r} is a directory: path= says which file in the store")
    return storage.checked(place.key)


def already_there(key: str, error: Exception) -> AlreadyExistsError:
    """The error for an existing object with ``mode="error"``."""
    told = AlreadyExistsError(
        f"{key!r} is already there; mode= 'append', 'overwrite' or 'ignore' says what to do about it"
    )
    told.__cause__ = error
    return told


def whole(data: Any) -> Buffer | None:
    """Small data in memory as one buffer; None for data to be read in chunks."""
    if isinstance(data, (bytes, bytearray, memoryview)):
        view = memoryview(data).cast("B")
        return view if view.nbytes <= SMALL else None
    if isinstance(data, os.PathLike):
        with suppress(OSError):  # reading it in chunks raises the error
            if os.path.getsize(data) <= SMALL:
                return b"".join(chunks_of(data))
    return None


def write_object(
    storage: ManifestStorage,
    data: Any,
    data_object: DataObject,
    *,
    mode: str,
    path: str | None,
    settings: ObjectSettings | None,
) -> WriteResult:
    """Write bytes to one object; see :meth:`dao_s3._interface.S3Interface.write_bytes`."""
    is_binary(data)
    key = file_key(storage, data_object, path, mode)
    if mode == "append":
        return _append(storage, key, b"".join(chunks_of(data)), settings)
    content = whole(data)
    try:
        if content is not None:
            size = _put(storage, key, content, mode, settings)
        else:
            size = _pour(_writer(storage, key, mode, settings), chunks_of(data, SMALL), _size_of(data))
    except ConflictError as error:
        if mode == "overwrite":
            raise
        if mode == "ignore":
            return WriteResult(bytes=0, files=0)
        raise already_there(key, error) from error
    return WriteResult(bytes=size, files=1)


def _put(storage: ManifestStorage, key: str, content: Buffer, mode: str, settings: ObjectSettings | None) -> int:
    if mode == "overwrite":
        storage.transport.put(key, content, settings=settings)
    else:
        put_once(storage.transport, key, content, if_absent=True, settings=settings)
    size = memoryview(content).nbytes
    advance(0, size)
    return size


def _writer(storage: ManifestStorage, key: str, mode: str, settings: ObjectSettings | None) -> Writer:
    if mode == "overwrite":
        return OnceWriter(storage.transport, key, settings=settings)
    # Fail before uploading gigabytes if the object exists; one created meanwhile is detected at the end.
    if storage.kind(key, "file") == "file":
        raise ConflictError(f"{key!r} is already there")
    return OnceWriter(storage.transport, key, if_absent=True, settings=settings)


def _size_of(data: Any) -> int | None:
    if isinstance(data, (bytes, bytearray, memoryview)):
        return memoryview(data).nbytes
    return None


def _pour(writer: Writer, chunks: Iterator[Buffer], size: int | None) -> int:
    expect(bytes=size)
    total = 0
    try:
        for chunk in chunks:
            writer.write(chunk)
            length = memoryview(chunk).nbytes
            total += length
            advance(0, length)
        writer.close()
    finally:
        writer.abort()  # no effect once complete
    return total


def _append(storage: ManifestStorage, key: str, content: bytes, settings: ObjectSettings | None) -> WriteResult:
    """Append by rewriting: objects can't grow, so old and new content are written as one if the old is unchanged."""

    def work() -> None:
        transport = storage.transport
        try:
            old = transport.head(key)
        except NotFoundError:
            put_once(transport, key, content, if_absent=True, settings=settings)
            return
        writer = OnceWriter(transport, key, if_match=old.etag, settings=settings or _settings_of(old))
        try:
            for chunk in transport.chunks(key, etag=old.etag):
                writer.write(chunk)
            writer.write(content)
            writer.close()
        except NotFoundError as error:
            raise ConflictError(f"{key!r} was deleted meanwhile") from error
        finally:
            writer.abort()

    retry_conflicts(storage.conflict_timeout, work)
    advance(0, len(content))
    return WriteResult(bytes=len(content), files=1)


def _settings_of(stat: Stat) -> ObjectSettings:
    """The known storage settings of an object; the rest is left to the store."""
    return ObjectSettings(
        metadata=stat.metadata,
        content_type=stat.facts.get("content_type"),
        storage_class=stat.facts.get("storage_class"),
    )


def key_to_read(storage: ManifestStorage, data_object: DataObject, path: str | None) -> str:
    """The key of the single object that a call reads.

    Raises:
        DataError: the key is invalid, or the object is a table.
    """
    place = place_of(storage, data_object, path)
    place.refuse_bytes()
    return check_key(place.key)


def check_range(offset: int | None, length: int | None) -> None:
    """Raise a DataError for an invalid offset or length."""
    for name, value in (("offset", offset), ("length", length)):
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise DataError(f"{name}: found {value!r}, expected a whole number of at least 0")


def read_object(
    storage: ManifestStorage,
    data_object: DataObject,
    *,
    path: str | None,
    offset: int | None,
    length: int | None,
    version: str | None,
) -> bytes:
    """Read one object, or a part of it, in one request; see :meth:`dao_s3._interface.S3Interface.read_bytes`."""
    check_range(offset, length)
    key = key_to_read(storage, data_object, path)
    try:
        content = storage.transport.get(key, start=offset or 0, length=length, version=version)
    except NotFoundError:
        stat = storage.stat_of(key) if version is None else None
        if stat is None:
            _refuse_directory(storage, key)
            raise
        content = storage.transport.get(stat.key, start=offset or 0, length=length)
    advance(0, memoryview(content).nbytes)
    return content if isinstance(content, bytes) else bytes(content)


def _refuse_directory(storage: ManifestStorage, key: str) -> None:
    if storage.kind(key, "directory") == "directory":
        raise DataError(f"{key!r} is a directory: path= says which of its files to read as bytes")
