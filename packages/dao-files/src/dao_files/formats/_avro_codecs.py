"""The codecs that blocks of Avro files are packed by, unpacked with what Python and pyarrow have."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from dao.errors import StoreError

__all__ = ["unpack"]

_CHECKSUM = 4


def unpack(codec: str, data: bytes, limit: int, hint: str) -> bytes:
    """A block unpacked.

    Args:
        codec: as the file's header names it.
        data: the block as it is stored.
        limit: the bytes that it may have unpacked.
        hint: what allows more, for the error.

    Raises:
        StoreError: a codec that is not known, a damaged block, or one that unpacks to more.
    """
    unpacker = _UNPACKERS.get(codec)
    if unpacker is None:
        raise StoreError(f"its blocks are packed by {codec!r}; what can be read: {', '.join(map(repr, _UNPACKERS))}")
    try:
        found = unpacker(data, limit)
        if len(found) > limit:
            raise OverflowError
    except OverflowError as error:
        raise StoreError(f"a block of {len(data):,} bytes unpacks to more than is allowed; {hint}") from error
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, pa.ArrowException) as error:
        raise StoreError(f"a block is damaged: {error}") from error
    return found


def _stored(data: bytes, limit: int) -> bytes:
    return data


def _inflate(data: bytes, limit: int) -> bytes:
    return _all_of(zlib.decompressobj(-zlib.MAX_WBITS), data, limit)


def _unpack_bzip2(data: bytes, limit: int) -> bytes:
    return _all_of(bz2.BZ2Decompressor(), data, limit)


def _unpack_xz(data: bytes, limit: int) -> bytes:
    return _all_of(lzma.LZMADecompressor(), data, limit)


def _all_of(unpacker: Any, data: bytes, limit: int) -> bytes:
    found: bytes = unpacker.decompress(data, limit + 1)
    if not unpacker.eof and len(found) <= limit:
        raise EOFError("it ends too early")
    return found


def _unpack_zstandard(data: bytes, limit: int) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        found: bytes = stream.read(limit + 1)
    return found


def _unpack_snappy(data: bytes, limit: int) -> bytes:
    """The block begins with its size unpacked, and a checksum of what it was follows."""
    packed, checksum = data[:-_CHECKSUM], data[-_CHECKSUM:]
    size = 0
    for place, byte in enumerate(packed[:5]):
        size |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            break
    if size > limit:
        raise OverflowError
    found: bytes = pa.Codec("snappy").decompress(packed, decompressed_size=size, asbytes=True)
    if zlib.crc32(found).to_bytes(_CHECKSUM, "big") != checksum:
        raise ValueError("its checksum is another")
    return found


_UNPACKERS: dict[str, Callable[[bytes, int], bytes]] = {
    "null": _stored,
    "deflate": _inflate,
    "snappy": _unpack_snappy,
    "zstandard": _unpack_zstandard,
    "bzip2": _unpack_bzip2,
    "xz": _unpack_xz,
}
