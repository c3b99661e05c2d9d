"""Putting objects, in one request or in parts, and under conditions as far as the store has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from dao.errors import ConflictError, UnsupportedError
from dao.memory import current
from dao_files.manifest import ObjectSettings, Stat
from dao_s3._obstore.errors import translated
from dao_s3._obstore.folder import lock_folder
from dao_s3._obstore.location import Location
from dao_s3._obstore.settings import translate_settings
from dao_s3._obstore.stats import bare, quote

if TYPE_CHECKING:
    from obstore import PutMode, PutResult
    from obstore.store import ObjectStore
    from typing_extensions import Buffer

__all__ = ["bytes_of", "check_writable", "exclusively", "mode_of", "put", "stat_of_put", "stream"]

_AT_ONCE = 4
"""Parts that are sent at the same time: more only take more memory (measured up to 12)."""


def check_writable(location: Location) -> None:
    """Refuse to write where that isn't meant.

    Raises:
        UnsupportedError: it is a web server.
    """
    if location.scheme == "http":
        raise UnsupportedError(f"{location.uri}: an http:// store is read only")


def exclusively(location: Location) -> AbstractContextManager[None]:
    """Lock out other writers of a folder; other stores handle concurrency themselves."""
    return lock_folder(location.prefix) if location.scheme == "file" else nullcontext()


def bytes_of(data: Buffer) -> memoryview:
    """A buffer as obstore takes it, without copying."""
    view = memoryview(data)
    return view if view.format == "B" and view.ndim == 1 else view.cast("B")


def mode_of(if_absent: bool, if_match: str | None, version: str | None = None) -> PutMode:
    """What obstore calls ``mode``; Google Cloud wants the version that belongs to the ETag."""
    if if_absent:
        return "create"
    return "overwrite" if if_match is None else {"e_tag": quote(if_match), "version": version or ""}


def stat_of_put(key: str, size: int, result: PutResult) -> Stat:
    """What the answer to a put tells."""
    return Stat(key, size, bare(result["e_tag"]), version=result["version"])


def put(
    store: ObjectStore,
    key: str,
    data: Buffer,
    location: Location,
    *,
    if_absent: bool,
    if_match: str | None,
    settings: ObjectSettings,
) -> Stat:
    """See :meth:`dao_files.manifest.Transport.put`."""
    import obstore

    check_writable(location)
    content = bytes_of(data)
    how: dict[str, Any] = {**translate_settings(settings, location.scheme)}
    with translated(location, key), exclusively(location):
        version = None
        if if_match is not None and location.scheme in ("file", "gs"):
            version = _version_of(store, key, if_match, location)
        mode = mode_of(if_absent, None if location.scheme == "file" else if_match, version)
        result = obstore.put(store, key, content, mode=mode, use_multipart=False, **how)
    return stat_of_put(key, content.nbytes, result)


def _version_of(store: ObjectStore, key: str, etag: str, location: Location) -> str | None:
    """The version that has an ETag, where the store's own condition is about versions, or it has none.

    Raises:
        ConflictError: the object has another ETag.
    """
    import obstore

    meta = obstore.head(store, key)
    if bare(meta["e_tag"]) != etag:
        raise ConflictError(
            f"{location.uri_of(key)}: it is no longer what the condition asks for; someone else wrote it"
        )
    return meta["version"]


def stream(
    store: ObjectStore,
    key: str,
    pieces: Iterator[Buffer],
    location: Location,
    settings: ObjectSettings,
    part_size: int,
) -> Stat:
    """Store an object in parts, of pieces as they come. If the iterator raises, nothing is left."""
    import obstore

    check_writable(location)
    size = 0

    def counted() -> Iterator[Buffer]:
        nonlocal size
        for piece in pieces:
            size += memoryview(piece).nbytes
            yield piece

    how: dict[str, Any] = {**translate_settings(settings, location.scheme)}
    at_once = max(1, min(_AT_ONCE, current().sent // part_size))
    with translated(location, key):
        result = obstore.put(
            store, key, counted(), use_multipart=True, chunk_size=part_size, max_concurrency=at_once, **how
        )
    return stat_of_put(key, size, result)
