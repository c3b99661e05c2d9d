"""Avro files whose blocks are compressed by Snappy, as Spark writes them, for fastavro, which reads other ones."""

from __future__ import annotations

import io
from typing import Any

import fastavro
import pyarrow as pa

__all__ = ["without_snappy"]

_SYNC = {"type": "fixed", "name": "sync", "size": 16}
_HEADER: Any = fastavro.parse_schema(
    {
        "type": "record",
        "name": "header",
        "fields": [
            {"name": "magic", "type": {"type": "fixed", "name": "magic", "size": 4}},
            {"name": "meta", "type": {"type": "map", "values": "bytes"}},
            {"name": "sync", "type": _SYNC},
        ],
    }
)
_BLOCK: Any = fastavro.parse_schema(
    {
        "type": "record",
        "name": "block",
        "fields": [
            {"name": "count", "type": "long"},
            {"name": "data", "type": "bytes"},
            {"name": "sync", "type": _SYNC},
        ],
    }
)
_CHECKSUM = 4


def without_snappy(content: bytes) -> bytes:
    """The same file with its blocks as they are, if they are compressed by Snappy.

    Raises:
        ValueError: it is no Avro file, or a block is damaged.
    """
    source, sink = io.BytesIO(content), io.BytesIO()
    if content[:4] != b"Obj\x01":
        raise ValueError("it is no Avro file")
    header: Any = fastavro.schemaless_reader(source, _HEADER, None)
    if header["meta"].get("avro.codec") != b"snappy":
        return content
    header["meta"]["avro.codec"] = b"null"
    fastavro.schemaless_writer(sink, _HEADER, header)
    while source.tell() < len(content):
        block: Any = fastavro.schemaless_reader(source, _BLOCK, None)
        block["data"] = _unpacked(block["data"])
        fastavro.schemaless_writer(sink, _BLOCK, block)
    return sink.getvalue()


def _unpacked(data: bytes) -> bytes:
    size = 0
    for index, byte in enumerate(data[:5]):  # a varint
        size |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            break
    try:
        unpacked: bytes = pa.decompress(data[:-_CHECKSUM], size, "snappy", asbytes=True)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"a block is damaged: {error}") from None
    return unpacked
