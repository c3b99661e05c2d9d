"""What a Parquet footer says of its column chunks, decoded here and not by pyarrow.

pyarrow (26) ends the process (``std::terminate``) when ``RowGroupMetaData.column`` meets an encrypted column without
its key, or a damaged one. The layout is that of ``parquet.thrift`` in apache/parquet-format, the encoding is Thrift's
compact protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from dao.errors import StoreError

__all__ = ["ColumnChunk", "column_chunks"]

_MAX_DEPTH = 32
_TYPES = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
_CODECS = ("none", "snappy", "gzip", "lzo", "brotli", "lz4", "zstd", "lz4")
_ENCODINGS = {
    0: "PLAIN",
    2: "PLAIN_DICTIONARY",
    3: "RLE",
    4: "BIT_PACKED",
    5: "DELTA_BINARY_PACKED",
    6: "DELTA_LENGTH_BYTE_ARRAY",
    7: "DELTA_BYTE_ARRAY",
    8: "RLE_DICTIONARY",
    9: "BYTE_STREAM_SPLIT",
}

# Field numbers of parquet.thrift
_ROW_GROUPS = 4  # FileMetaData
_COLUMNS = 1  # RowGroup
_META, _OFFSET_INDEX, _COLUMN_INDEX = 3, 4, 6  # ColumnChunk
_TYPE, _ENCODING, _PATH, _CODEC, _VALUES = 1, 2, 3, 4, 5  # ColumnMetaData
_UNPACKED, _PACKED, _DATA, _DICTIONARY, _STATISTICS = 6, 7, 9, 11, 12  # ColumnMetaData


@frozen
class ColumnChunk:
    """One column of one row group.

    Attributes:
        path: the column's path in the schema, with dots.
        physical: its physical type, such as ``INT64``.
        codec: how it is compressed.
        encodings: its encodings.
        start: where it begins in the file.
        packed, unpacked: its bytes in the file and after decompression, as the footer claims.
        values: its values, nulls among them.
        page_index: True where it has a column index and an offset index.
        statistics: the fields of the Thrift struct ``Statistics`` by number, empty where there are none.
    """

    path: str
    physical: str
    codec: str
    encodings: tuple[str, ...]
    start: int
    packed: int
    unpacked: int
    values: int
    page_index: bool
    statistics: Mapping[int, Any]


def column_chunks(footer: bytes) -> list[list[ColumnChunk]]:
    """The column chunks of each row group; encrypted ones, of which nothing can be said, are left out.

    Args:
        footer: the Thrift struct ``FileMetaData``, which ends eight bytes before the file does.

    Raises:
        StoreError: the footer is damaged.
    """
    found = _Compact(footer).struct()
    try:
        return [
            [_chunk(column) for column in group.get(_COLUMNS, ()) if _META in column]
            for group in found.get(_ROW_GROUPS, ())
        ]
    except (KeyError, TypeError, AttributeError, IndexError, UnicodeDecodeError) as error:
        raise StoreError(f"the footer is damaged: {error!r}") from error


def _chunk(column: Mapping[int, Any]) -> ColumnChunk:
    meta = column[_META]
    return ColumnChunk(
        path=".".join(part.decode() for part in meta[_PATH]),
        physical=_TYPES[meta[_TYPE]],
        codec=_CODECS[meta[_CODEC]],
        encodings=tuple(_ENCODINGS.get(number, str(number)) for number in meta[_ENCODING]),
        start=min(int(meta[_DATA]), int(meta.get(_DICTIONARY) or meta[_DATA])),
        packed=int(meta[_PACKED]),
        unpacked=int(meta[_UNPACKED]),
        values=int(meta[_VALUES]),
        page_index=_OFFSET_INDEX in column and _COLUMN_INDEX in column,
        statistics=dict(meta.get(_STATISTICS, {})),
    )


class _Compact:
    """Decodes one struct of the compact protocol into a dict of field number to value."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        if depth > _MAX_DEPTH:
            raise StoreError("the footer is nested too deeply")
        found: dict[int, Any] = {}
        number = 0
        while header := self._byte():
            step, kind = header >> 4, header & 15
            number = number + step if step else self._signed()
            if kind in (4, 5, 6):  # numbers are most of it
                found[number] = self._signed()
            else:
                found[number] = kind == 1 if kind in (1, 2) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2, 3):
            return self._byte()
        if kind in (4, 5, 6):
            return self._signed()
        if kind == 7:
            return self._take(8)
        if kind == 8:
            return self._take(self._unsigned())
        if kind in (9, 10):
            return self._list(depth)
        if kind == 11:
            return self._map(depth)
        if kind == 12:
            return self.struct(depth + 1)
        raise StoreError(f"the footer has a value of the unknown kind {kind}")

    def _list(self, depth: int) -> list[Any]:
        header = self._byte()
        count = header >> 4
        if count == 15:
            count = self._unsigned()
        return [self._value(header & 15, depth + 1) for _ in range(self._plausible(count))]

    def _map(self, depth: int) -> list[Any]:
        count = self._plausible(self._unsigned())
        kinds = self._byte() if count else 0
        return [(self._value(kinds >> 4, depth + 1), self._value(kinds & 15, depth + 1)) for _ in range(count)]

    def _plausible(self, count: int) -> int:
        if count > len(self._data) - self._at:  # each value takes a byte at least
            raise StoreError("the footer claims more values than it has bytes")
        return count

    def _byte(self) -> int:
        if self._at >= len(self._data):
            raise StoreError("the footer ends too early")
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, size: int) -> bytes:
        if size > len(self._data) - self._at:
            raise StoreError("the footer ends too early")
        self._at += size
        return self._data[self._at - size : self._at]

    def _unsigned(self) -> int:
        byte = self._byte()
        if byte < 0x80:
            return byte
        value, shift = byte & 0x7F, 7
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise StoreError("the footer has a number that is too long")

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
