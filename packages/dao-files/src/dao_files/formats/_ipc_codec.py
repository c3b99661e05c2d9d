"""The compression of an Arrow IPC file, which pyarrow doesn't tell: read from the header of its first batch."""

from __future__ import annotations

from typing import Any

__all__ = ["read_codec"]

_CONTINUED = b"\xff\xff\xff\xff"
_RECORD_BATCH = 3  # of the union MessageHeader
_KIND, _HEADER, _BODY_LENGTH = 1, 2, 3  # fields of Message, by their position in Arrow's Message.fbs
_COMPRESSION = 3  # of RecordBatch
_CODEC = 0  # of BodyCompression
_CODECS = {0: "lz4", 1: "zstd"}


def read_codec(file: Any, start: int) -> str | None:
    """Read the codec of the first record batch: ``lz4`` or ``zstd``; None if it is not compressed, or there is none.

    Reads the headers of the messages up to it, not their bodies.

    Args:
        file: a ``pyarrow.NativeFile``.
        start: the offset of the stream in it.
    """
    end = file.size()
    while start < end:
        head = file.read_at(8, start)
        size = int.from_bytes(head[4:], "little")
        if head[:4] != _CONTINUED or not size:
            return None
        message = _Table(file.read_at(size, start + 8))
        if message.number(_KIND, 1) == _RECORD_BATCH:
            batch = message.table(_HEADER)
            compression = None if batch is None else batch.table(_COMPRESSION)
            return None if compression is None else _CODECS.get(compression.number(_CODEC, 1))
        start += 8 + size + message.number(_BODY_LENGTH, 8)
    return None


class _Table:
    """A table of a FlatBuffer; its fields have numbers. Bytes beyond the end of a damaged buffer are zeros."""

    def __init__(self, data: bytes, reference: int = 0) -> None:
        self._data = data
        self._at = reference + self._unsigned(reference, 4)

    def number(self, field: int, width: int) -> int:
        """Return a field of so many bytes as an unsigned integer; 0, the default of all used here, if it is absent."""
        place = self._place(field)
        return 0 if place is None else self._unsigned(place, width)

    def table(self, field: int) -> _Table | None:
        """Return a field that is a table; None if it is absent."""
        place = self._place(field)
        return None if place is None else _Table(self._data, place)

    def _place(self, field: int) -> int | None:
        layout = self._at - int.from_bytes(self._data[self._at : self._at + 4], "little", signed=True)
        offset = self._unsigned(layout + 4 + 2 * field, 2) if 4 + 2 * field < self._unsigned(layout, 2) else 0
        return self._at + offset if offset else None

    def _unsigned(self, at: int, width: int) -> int:
        return int.from_bytes(self._data[at : at + width], "little")
