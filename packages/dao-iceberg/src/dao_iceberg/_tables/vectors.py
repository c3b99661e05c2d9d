"""Deletion vectors: the numbers of the deleted rows of one data file, as a bitmap in a Puffin file.

Source: the Puffin specification, blob type ``deletion-vector-v1``.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from dao.errors import StoreError

__all__ = ["rows_of_vector"]

_MAGIC = bytes((0xD1, 0xD3, 0x39, 0x64))
_FRAME = 12
"""Bytes beside the bitmaps: the length, the magic and the checksum, of four each."""


def rows_of_vector(blob: bytes, path: str) -> pa.Array:
    """The numbers of the rows that a deletion vector deletes, ascending.

    Args:
        blob: the vector.
        path: its file, for the error.

    Raises:
        StoreError: it is damaged.
    """
    length = int.from_bytes(blob[:4], "big")
    if len(blob) < _FRAME or length != len(blob) - 8 or blob[4:8] != _MAGIC:
        raise StoreError(f"the deletion vector in {path!r} is damaged: it isn't framed as one")
    if zlib.crc32(blob[4:-4]) != int.from_bytes(blob[-4:], "big"):
        raise StoreError(f"the deletion vector in {path!r} is damaged: its checksum differs")
    try:
        parts = _bitmaps(blob[8:-4])
    except (ValueError, IndexError) as error:
        raise StoreError(f"the deletion vector in {path!r} is damaged: {error}") from error
    return pa.concat_arrays([pa.array([], pa.int64()), *parts])


def _bitmaps(data: bytes) -> Sequence[pa.Array]:
    count, place = int.from_bytes(data[:8], "little"), 8
    found = []
    for _ in range(count):
        key = int.from_bytes(data[place : place + 4], "little")
        bitmap = BitMap.deserialize(data[place + 4 :])
        place += 4 + len(bitmap.serialize())
        low = pa.array(bitmap.to_array(), pa.uint32()).cast(pa.int64())
        found.append(pc.add(low, key << 32))
    if place != len(data):
        raise ValueError("it has bytes that are no bitmap")
    return found
