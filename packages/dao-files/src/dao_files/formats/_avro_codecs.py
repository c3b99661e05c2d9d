"""Decompression of the blocks of Avro files, by the codecs of Python and pyarrow."""

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
    """Decompress a block.

    Args:
        codec: the codec's name in the file's header.
        data: the block as stored.
        limit: the most bytes that it may decompress to.
        hint: the option that raises the limit, for the error.

    Raises:
        StoreError: an unknown codec, a damaged block, or a block that decompresses to more than ``limit``.
    """
    unpacker = _UNPACKERS.get(codec)
    if unpacker is None:
        raise StoreError(f"its blocks are compressed by {codec!r}, expected one of {', '.join(map(repr, _UNPACKERS))}")
    try:
        found = unpacker(data, limit)
        if len(found) > limit:
            raise OverflowError
    except OverflowError as error:
        raise StoreError(f"a block of {len(data):,} bytes decompresses to more than the limit; {hint}") from error
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, pa.ArrowException) as error:
        raise StoreError(f"a block is damaged: {error}") from error
    return found


def _copy_block(data: bytes, limit: int) -> bytes:
    return data


def _inflate(data: bytes, limit: int) -> bytes:
    return _decompress_all(zlib.decompressobj(-zlib.MAX_WBITS), data, limit)


def _unpack_bzip2(data: bytes, limit: int) -> bytes:
    return _decompress_all(bz2.BZ2Decompressor(), data, limit)


def _unpack_xz(data: bytes, limit: int) -> bytes:
    return _decompress_all(lzma.LZMADecompressor(), data, limit)


def _decompress_all(unpacker: Any, data: bytes, limit: int) -> bytes:
    found: bytes = unpacker.decompress(data, limit + 1)
    if not unpacker.eof and len(found) <= limit:
        raise EOFError("it ends too early")
    return found


def _unpack_zstandard(data: bytes, limit: int) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        found: bytes = stream.read(limit + 1)
    return found


def _unpack_snappy(data: bytes, limit: int) -> bytes:
    """Decompress a block that begins with its decompressed size and ends with a CRC-32 of the decompressed bytes."""
    packed, checksum = data[:-_CHECKSUM], data[-_CHECKSUM:]
    size = 0
    for index, byte in enumerate(packed[:5]):
        size |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            break
    if size > limit:
        raise OverflowError
    found: bytes = pa.Codec("snappy").decompress(packed, decompressed_size=size, asbytes=True)
    if zlib.crc32(found).to_bytes(_CHECKSUM, "big") != checksum:
        raise ValueError("its checksum doesn't match")
    return found


_UNPACKERS: dict[str, Callable[[bytes, int], bytes]] = {
    "null": _copy_block,
    "deflate": _inflate,
    "snappy": _unpack_snappy,
    "zstandard": _unpack_zstandard,
    "bzip2": _unpack_bzip2,
    "xz": _unpack_xz,
}
