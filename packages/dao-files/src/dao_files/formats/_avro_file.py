"""The frame of an Avro file: its header, and its blocks, unpacked within bounds and handed to fastavro.

fastavro unpacks and decodes whatever a file claims: a few bytes may claim 2^60 rows that take no bytes, or unpack to
gigabytes. It also makes datetimes, which end with the year 9999, of numbers, and needs further packages for two codecs
that pyarrow has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from dao.errors import StoreError, UnsupportedError
from dao_files.formats._avro_codecs import unpack

__all__ = ["MAX_EMPTY_ROWS", "AvroFile", "least_bytes", "load_fastavro"]

MAX_EMPTY_ROWS = 1 << 22
"""Rows of no bytes, as those without columns are, that a file may have."""

_MAGIC = b"Obj\x01"
_SYNC = 16
_MAX_FIELDS = 1_000_000


def load_fastavro() -> Any:
    """The module fastavro.

    Raises:
        UnsupportedError: it is not installed.
    """
    try:
        import fastavro
    except ImportError as error:
        raise UnsupportedError("Avro needs the package fastavro: pip install 'dao-core[arrow]'") from error
    return fastavro


class AvroFile:
    """An open Avro file, its header read.

    Args:
        file: an open binary stream.
        limit: bytes that the header, or a block, may have, packed and unpacked.

    Attributes:
        metadata: the header's entries.
        codec: what the blocks are packed by, as Avro names it.
        schema: the schema of the rows, with full names.

    Raises:
        StoreError: it is no Avro file, or has a schema that no table has.
    """

    def __init__(self, file: Any, limit: int) -> None:
        self._file = file
        self._limit = limit
        if self._read(len(_MAGIC)) != _MAGIC:
            raise StoreError("this is not an Avro file")
        entries = self._entries()
        self._sync = self._read(_SYNC)
        self.metadata = {key: value.decode("utf-8") for key, value in entries.items()}
        self.codec = self.metadata.get("avro.codec", "null")
        plain = _without_defaults(json.loads(self.metadata["avro.schema"]))
        self.schema = load_fastavro().parse_schema(plain, _write_hint=False)
        self._least = least_bytes(self.schema)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows as dicts. What has a logical type is as it is stored: numbers for dates and times, bytes for
        decimals, text for UUIDs.

        Raises:
            StoreError: a block that can't be what it claims to be.
        """
        for block in load_fastavro().block_reader(_Unpacked(self)):
            yield from block
            if block.bytes_.read(1):
                raise StoreError("a block has more bytes than its rows take")

    def plain_header(self) -> bytes:
        """The header of a file with the same rows, unpacked and without logical types."""
        schema = json.dumps(_without_logical_types(self.schema)).encode()
        entry = _text(b"avro.schema") + _text(schema)
        return _MAGIC + _number(1) + entry + _number(0) + self._sync

    def plain_blocks(self) -> Iterator[bytes]:
        """The blocks of that file."""
        empty = 0
        while first := self._file.read(1):
            count, size = self._long(first), self._long()
            if count < 0 or not 0 <= size <= self._limit:
                raise StoreError(f"a block claims {count:,} rows in {size:,} bytes; {self._most()}")
            block = unpack(self.codec, self._read(size), self._limit, self._most())
            if self._read(_SYNC) != self._sync:
                raise StoreError("a block does not end where it claims to")
            empty += count if self._least == 0 else 0
            if count * self._least > len(block) or empty > MAX_EMPTY_ROWS:
                raise StoreError(
                    f"a block claims {count:,} rows in {len(block):,} bytes, which have room for "
                    f"{len(block) // self._least if self._least else MAX_EMPTY_ROWS:,} at most"
                )
            yield _number(count) + _text(block) + self._sync

    def _most(self) -> str:
        return f"max_block_bytes= allows more than {self._limit:,} bytes"

    def _entries(self) -> dict[str, bytes]:
        entries: dict[str, bytes] = {}
        while count := self._long():
            if count < 0:
                self._long()
            for _ in range(abs(count)):
                key = self._read(self._long()).decode("utf-8")
                entries[key] = self._read(self._long())
        return entries

    def _read(self, size: int) -> bytes:
        if not 0 <= size <= self._limit:
            raise StoreError(f"the header claims an entry of {size:,} bytes; {self._most()}")
        data: bytes = self._file.read(size)
        if len(data) < size:
            raise StoreError("the file ends too early")
        return data

    def _long(self, first: bytes = b"") -> int:
        number = shift = 0
        while True:
            byte = (first or self._read(1))[0]
            first = b""
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return (number >> 1) ^ -(number & 1)
            if shift > 63:
                raise StoreError("a number has more than 64 bits")


class _Unpacked:
    """What fastavro reads from: the file as it would be without a codec and logical types."""

    def __init__(self, avro: AvroFile) -> None:
        self._parts = avro.plain_blocks()
        self._part = BytesIO(avro.plain_header())
        self._at = 0

    def read(self, size: int) -> bytes:
        data = self._part.read(size)
        if not data and size:
            self._part = BytesIO(next(self._parts, b""))
            data = self._part.read(size)
        self._at += len(data)
        return data

    def tell(self) -> int:
        return self._at


def _number(value: int) -> bytes:
    value <<= 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _text(data: bytes) -> bytes:
    return _number(len(data)) + data


def _without_defaults(schema: Any) -> Any:
    """Defaults are for readers with another schema. Old writers wrote some that fastavro refuses."""
    return _without(schema, "default")


def _without_logical_types(schema: Any) -> Any:
    return _without(schema, "logicalType")


def _without(schema: Any, name: str) -> Any:
    if isinstance(schema, list):
        return [_without(part, name) for part in schema]
    if isinstance(schema, dict):
        return {
            key: value if key == "symbols" else _without(value, name) for key, value in schema.items() if key != name
        }
    return schema


_BYTES = {"null": 0, "boolean": 1, "int": 1, "long": 1, "float": 4, "double": 8, "bytes": 1, "string": 1}


def least_bytes(schema: Any) -> int:
    """The bytes that a value of a schema takes at least.

    Raises:
        StoreError: a type that holds itself, arrays of items that take no bytes, or over a million fields, which a few
            records that hold each other several times come to.
    """
    return _measured(schema, {})[0]


def _measured(kind: Any, names: dict[str, Any]) -> tuple[int, int]:
    """The least bytes of a value, and the number of its fields."""
    if isinstance(kind, list):
        parts = [_measured(part, names) for part in kind]
        return 1 + min(size for size, _ in parts), _bounded(sum(fields for _, fields in parts))
    if isinstance(kind, str):
        if kind in _BYTES:
            return _BYTES[kind], 1
        if names.get(kind) is None:
            raise StoreError(f"the Avro type {kind!r} holds itself, which Arrow can't")
        return names[kind]  # type: ignore[no-any-return]
    base = kind["type"]
    if base == "array":
        size, fields = _measured(kind["items"], names)
        if size == 0:
            raise StoreError("it has arrays whose items take no bytes, of which a file can claim any number")
        return 1, fields
    if base == "map":
        return 1, _measured(kind["values"], names)[1]
    if base in ("record", "error"):
        names[kind["name"]] = None
        parts = [_measured(part["type"], names) for part in kind["fields"]]
        names[kind["name"]] = sum(size for size, _ in parts), _bounded(1 + sum(fields for _, fields in parts))
        return names[kind["name"]]  # type: ignore[no-any-return]
    if base in ("enum", "fixed"):
        names[kind["name"]] = 1 if base == "enum" else kind["size"], 1
        return names[kind["name"]]  # type: ignore[no-any-return]
    return _measured(base, names)


def _bounded(fields: int) -> int:
    if fields > _MAX_FIELDS:
        raise StoreError(f"its schema has more than {_MAX_FIELDS:,} fields")
    return fields
