"""Getting bytes: whole objects, parts of them, piece by piece, and as files that can be read anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5
from typing import TYPE_CHECKING

import obstore
from attrs import frozen

from dao.errors import StoreError
from dao_s3._obstore.errors import is_past_the_end, translated
from dao_s3._obstore.location import Location
from dao_s3._obstore.stats import bare, quote

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult
    from obstore.store import ObjectStore
    from typing_extensions import Buffer

__all__ = [
    "Whole",
    "chunks",
    "cut_short_error",
    "get",
    "get_options",
    "has_no_reason",
    "is_large",
    "pieces_of",
    "verified",
]

_MiB = 1 << 20
_LARGE = 32 * _MiB
"""From here on several requests at a time are faster than one: measured, 512 MiB in 0.6 s instead of 1.0 s."""
_PIECE = 8 * _MiB
_AT_ONCE = 8
_CHUNK = 1 * _MiB
_LARGEST_BY_MD5 = 8 * _MiB
"""Bytes from where on MD5 takes longer than another request. What DAO writes beyond it has parts, and no MD5."""
_MD5 = re.compile(r"[0-9a-f]{32}")
_REMOTE = ("s3", "gs", "az")


def get_options(start: int, length: int | None, etag: str | None, version: str | None) -> GetOptions:
    """What to tell obstore for a part of an object under conditions."""
    options: GetOptions = {}
    if length is not None:
        options["range"] = (start, start + length)
    elif start:
        options["range"] = {"offset": start}
    if etag is not None:
        options["if_match"] = quote(etag)
    if version is not None:
        options["version"] = version
    return options


def cut_short_error(where: str, came: int, promised: int) -> StoreError:
    """What to say of fewer bytes than there should be."""
    return StoreError(f"{where}: {came:,} bytes came of {promised:,} that were promised")


def has_no_reason(error: StoreError) -> bool:
    """Whether a HEAD was refused, whose answer has no body to say why, as when credentials have expired."""
    return error.message.endswith(("(400)", "(401)", "(403)"))


def get(
    store: ObjectStore,
    key: str,
    location: Location,
    *,
    start: int,
    length: int | None,
    etag: str | None,
    version: str | None,
) -> Buffer:
    """See :meth:`dao_files.manifest.Transport.get`. The bytes are obstore's own memory, not copied."""
    if length == 0:
        # Stores know no empty ranges; one byte tells whether it is there, and still the same.
        get(store, key, location, start=start, length=1, etag=etag, version=version)
        return b""
    try:
        result = obstore.get(store, key, options=get_options(start, length, etag, version))
        large = is_large(result, location.scheme)
        if not large:
            return result.bytes()
    except Exception as error:
        if is_past_the_end(error):
            return b""
        with translated(location, key):  # small objects are read by the thousand: it is only entered for an error
            raise
    return _in_pieces(store, key, location, result, version)


@frozen
class Whole:
    """The content of an object.

    Attributes:
        content: all of its bytes.
        verified: whether their MD5 is the object's ETag. If not they are damaged, or the ETag is no MD5: with SSE-KMS
            it only looks like one.
    """

    content: Buffer
    verified: bool


def verified(
    store: ObjectStore, key: str, location: Location, *, etag: str | None, version: str | None
) -> Whole | None:
    """See :meth:`dao_s3._obstore.transport.ObstoreTransport.verified`."""
    try:
        result = obstore.get(store, key, options=get_options(0, None, etag, version))
        meta = result.meta
        expected = bare(meta["e_tag"])
        if expected is None or meta["size"] > _LARGEST_BY_MD5 or not _MD5.fullmatch(expected):
            return None
        content = result.bytes()
    except Exception:
        with translated(location, key):
            raise
    return Whole(content, md5(content, usedforsecurity=False).hexdigest() == expected)


def is_large(result: GetResult, scheme: str) -> bool:
    """Whether an answer is better asked for in pieces, and can be: pinned by its ETag."""
    begin, end = result.range
    if end - begin <= _LARGE or scheme not in _REMOTE:
        return False
    etag = result.meta["e_tag"]
    return etag is not None and not etag.startswith("W/")


def pieces_of(result: GetResult) -> list[tuple[int, int]]:
    """The range of an answer in pieces: where each one begins, and how long it is."""
    begin, end = result.range
    return [(start, min(_PIECE, end - start)) for start in range(begin, end, _PIECE)]


def _in_pieces(store: ObjectStore, key: str, location: Location, result: GetResult, version: str | None) -> Buffer:
    begin, end = result.range
    etag = bare(result.meta["e_tag"])
    whole = memoryview(bytearray(end - begin))

    def fetch(piece: tuple[int, int]) -> None:
        start, length = piece
        with translated(location, key):
            options = get_options(start, length, etag, version)
            found = memoryview(obstore.get(store, key, options=options).bytes())
        if len(found) != length:
            raise cut_short_error(location.uri_of(key), len(found), length)
        whole[start - begin : start - begin + length] = found

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="dao-s3-get") as pool:
        for _ in pool.map(fetch, pieces_of(result)):
            pass
    return whole.toreadonly()


def chunks(
    store: ObjectStore, key: str, location: Location, *, start: int, etag: str | None, version: str | None
) -> Iterator[Buffer]:
    """See :meth:`dao_files.manifest.Transport.chunks`. obstore asks for the rest again where an answer breaks off."""
    with translated(location, key):
        try:
            result = obstore.get(store, key, options=get_options(start, None, etag, version))
        except Exception as error:
            if is_past_the_end(error):
                return iter(())
            raise
        begin, end = result.range
        stream = result.stream(min_chunk_size=_CHUNK)
        first = next(stream, b"")
    return _count(first, stream, end - begin, location, key)


def _count(first: Buffer, stream: Iterator[Buffer], promised: int, location: Location, key: str) -> Iterator[Buffer]:
    left = promised
    piece: Buffer | None = first
    while piece is not None:
        left -= memoryview(piece).nbytes
        if memoryview(piece).nbytes:
            yield piece
        with translated(location, key):
            piece = next(stream, None)
    if left:
        raise cut_short_error(location.uri_of(key), promised - left, promised)
