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
_MORE = 0x80  # from here on a byte of a number says that there is another one
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
    try:
        found, _ = _struct(footer, 0, 0)
        return [
            [_chunk(column) for column in group.get(_COLUMNS, ()) if _META in column]
            for group in found.get(_ROW_GROUPS, ())
        ]
    except IndexError as error:
        raise StoreError("the footer ends too early") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
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


# One decoder for each kind of the compact protocol: from the bytes and a place in them to a value and the place behind
# it. A footer may have thousands of columns, so the small numbers that most of it is are decoded where they stand.


def _struct(data: bytes, at: int, depth: int) -> tuple[dict[int, Any], int]:
    """A struct as a dict of field number to value. Past the end there is an IndexError."""
    if depth > _MAX_DEPTH:
        raise StoreError("the footer is nested too deeply")
    found: dict[int, Any] = {}
    number = 0
    while header := data[at]:
        at += 1
        step, kind = header >> 4, header & 15
        if step:
            number += step
        else:
            number, at = _signed(data, at)
        if 4 <= kind <= 6 and data[at] < _MORE:
            value = data[at]
            found[number] = (value >> 1) ^ -(value & 1)
            at += 1
        elif kind in (1, 2):
            found[number] = kind == 1
        else:
            found[number], at = _value(data, at, kind, depth)
    return found, at + 1


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (4, 5, 6):
        return _signed(data, at)
    if kind == 8:
        size, at = _unsigned(data, at)
        return _bytes(data, at, size)
    if kind in (9, 10):
        return _list(data, at, depth)
    if kind == 12:
        return _struct(data, at, depth + 1)
    if kind in (1, 2, 3):
        return data[at], at + 1
    if kind == 7:
        return _bytes(data, at, 8)
    if kind == 11:
        return _map(data, at, depth)
    raise StoreError(f"the footer has a value of the unknown kind {kind}")


def _list(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    kind, count = data[at] & 15, data[at] >> 4
    at += 1
    if count == 15:
        count, at = _unsigned(data, at)
    _check_count(data, at, count)
    found = []
    for _ in range(count):
        value, at = _value(data, at, kind, depth + 1)
        found.append(value)
    return found, at


def _map(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    count, at = _unsigned(data, at)
    _check_count(data, at, count)
    if not count:
        return [], at
    kinds, at = data[at], at + 1
    found = []
    for _ in range(count):
        key, at = _value(data, at, kinds >> 4, depth + 1)
        value, at = _value(data, at, kinds & 15, depth + 1)
        found.append((key, value))
    return found, at


def _check_count(data: bytes, at: int, count: int) -> None:
    if count > len(data) - at:  # each value takes a byte at least
        raise StoreError("the footer claims more values than it has bytes")


def _bytes(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    if size > len(data) - at:
        raise StoreError("the footer ends too early")
    return data[at : at + size], at + size


def _unsigned(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while (byte := data[at]) >= _MORE:
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if shift > 63:
            raise StoreError("the footer has a number that is too long")
    return value | byte << shift, at + 1


def _signed(data: bytes, at: int) -> tuple[int, int]:
    value, at = _unsigned(data, at)
    return (value >> 1) ^ -(value & 1), at
