"""The column chunks of a Parquet footer, decoded without pyarrow.

pyarrow (26) ends the process (``std::terminate``) when ``RowGroupMetaData.column`` reads an encrypted column without
its key, or a damaged one. The layout is ``parquet.thrift`` of apache/parquet-format, the encoding Thrift's compact
protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from dao.errors import StoreError

__all__ = ["ColumnChunk", "column_chunks"]

_MAX_DEPTH = 32
_CONTINUED = 0x80  # a byte of a varint that is at least this is followed by another byte
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
        path: the column's dotted path in the schema.
        physical: its physical type, such as ``INT64``.
        codec: its compression codec.
        encodings: the names of its encodings.
        start: its offset in the file.
        packed, unpacked: its bytes in the file and after decompression, as claimed by the footer.
        values: the number of its values, including nulls.
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
    """Decode the column chunks of each row group, leaving out encrypted ones.

    Args:
        footer: the Thrift struct ``FileMetaData``, which ends eight bytes before the end of the file.

    Raises:
        StoreError: the footer is damaged.
    """
    try:
        found, _ = _decode_struct(footer, 0, 0)
        return [
            [_make_chunk(column) for column in group.get(_COLUMNS, ()) if _META in column]
            for group in found.get(_ROW_GROUPS, ())
        ]
    except IndexError as error:
        raise StoreError("the footer ends too early") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise StoreError(f"the footer is damaged: {error!r}") from error


def _make_chunk(column: Mapping[int, Any]) -> ColumnChunk:
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


# One decoder for each type of the compact protocol: from the bytes and an offset to a value and the offset after it. A
# footer may have thousands of columns and is mostly small numbers, so these are decoded inline.


def _decode_struct(data: bytes, at: int, depth: int) -> tuple[dict[int, Any], int]:
    """Decode a struct to a dict of field number to value; raises IndexError past the end of the bytes."""
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
            number, at = _decode_signed(data, at)
        if 4 <= kind <= 6 and data[at] < _CONTINUED:
            value = data[at]
            found[number] = (value >> 1) ^ -(value & 1)
            at += 1
        elif kind in (1, 2):
            found[number] = kind == 1
        else:
            found[number], at = _decode_value(data, at, kind, depth)
    return found, at + 1


def _decode_value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (4, 5, 6):
        return _decode_signed(data, at)
    if kind == 8:
        size, at = _decode_unsigned(data, at)
        return _decode_bytes(data, at, size)
    if kind in (9, 10):
        return _decode_list(data, at, depth)
    if kind == 12:
        return _decode_struct(data, at, depth + 1)
    if kind in (1, 2, 3):
        return data[at], at + 1
    if kind == 7:
        return _decode_bytes(data, at, 8)
    if kind == 11:
        return _decode_map(data, at, depth)
    raise StoreError(f"the footer has a value of the unknown kind {kind}")


def _decode_list(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    kind, count = data[at] & 15, data[at] >> 4
    at += 1
    if count == 15:
        count, at = _decode_unsigned(data, at)
    _check_count(data, at, count)
    found = []
    for _ in range(count):
        value, at = _decode_value(data, at, kind, depth + 1)
        found.append(value)
    return found, at


def _decode_map(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    count, at = _decode_unsigned(data, at)
    _check_count(data, at, count)
    if not count:
        return [], at
    kinds, at = data[at], at + 1
    found = []
    for _ in range(count):
        key, at = _decode_value(data, at, kinds >> 4, depth + 1)
        value, at = _decode_value(data, at, kinds & 15, depth + 1)
        found.append((key, value))
    return found, at


def _check_count(data: bytes, at: int, count: int) -> None:
    if count > len(data) - at:  # each value takes a byte at least
        raise StoreError("the footer claims more values than it has bytes")


def _decode_bytes(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    if size > len(data) - at:
        raise StoreError("the footer ends too early")
    return data[at : at + size], at + size


def _decode_unsigned(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while (byte := data[at]) >= _CONTINUED:
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if shift > 63:
            raise StoreError("the footer has a number that is too long")
    return value | byte << shift, at + 1


def _decode_signed(data: bytes, at: int) -> tuple[int, int]:
    value, at = _decode_unsigned(data, at)
    return (value >> 1) ^ -(value & 1), at
