"""The container of an Avro file: its header and its blocks, decompressed within bounds and passed to fastavro.

fastavro decompresses and decodes whatever a file claims: a few bytes may claim 2^60 rows of zero bytes, or decompress
to gigabytes. It also converts numbers to datetimes, which end with the year 9999, and needs further packages for two
codecs that pyarrow has.
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
"""The most zero-byte rows (such as rows without columns) that a file may have."""

_MAGIC = b"Obj\x01"
_SYNC = 16
_MAX_FIELDS = 1_000_000


def load_fastavro() -> Any:
    """Import fastavro.

    Raises:
        UnsupportedError: fastavro is not installed.
    """
    try:
        import fastavro
    except ImportError as error:
        raise UnsupportedError("Avro needs the package fastavro: pip install 'dao-core[arrow]'") from error
    return fastavro


class AvroFile:
    """An open Avro file whose header has been read.

    Args:
        file: an open binary stream.
        limit: the most bytes of a header entry and of a block, compressed and decompressed.

    Attributes:
        metadata: the header's entries.
        codec: the blocks' codec, by Avro's name.
        schema: the schema of the rows, with full names.

    Raises:
        StoreError: the file is not an Avro file, or has a schema that no table can have.
    """

    def __init__(self, file: Any, limit: int) -> None:
        self._file = file
        self._limit = limit
        if self._read(len(_MAGIC)) != _MAGIC:
            raise StoreError("this is not an Avro file")
        entries = self._read_entries()
        self._sync = self._read(_SYNC)
        self.metadata = {key: value.decode("utf-8") for key, value in entries.items()}
        self.codec = self.metadata.get("avro.codec", "null")
        plain = _without_defaults(json.loads(self.metadata["avro.schema"]))
        self.schema = load_fastavro().parse_schema(plain, _write_hint=False)
        self._least = least_bytes(self.schema)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows as dicts, values of logical types in their stored form: numbers for dates and times, bytes
        for decimals, text for UUIDs.

        Raises:
            StoreError: a block that contradicts its own row count or size.
        """
        for block in load_fastavro().block_reader(_PlainStream(self)):
            yield from block
            if block.bytes_.read(1):
                raise StoreError("a block has more bytes than its rows take")

    def plain_header(self) -> bytes:
        """Encode the header of the equivalent file without a codec and logical types."""
        schema = json.dumps(_without_logical_types(self.schema)).encode()
        entry = _encode_bytes(b"avro.schema") + _encode_bytes(schema)
        return _MAGIC + _encode_number(1) + entry + _encode_number(0) + self._sync

    def plain_blocks(self) -> Iterator[bytes]:
        """Yield the blocks of the file that :meth:`plain_header` begins.

        Raises:
            StoreError: a damaged block, or one beyond the limits.
        """
        empty = 0
        while first := self._file.read(1):
            count, size = self._read_long(first), self._read_long()
            if count < 0 or not 0 <= size <= self._limit:
                raise StoreError(f"a block claims {count:,} rows in {size:,} bytes; {self._limit_hint()}")
            block = unpack(self.codec, self._read(size), self._limit, self._limit_hint())
            if self._read(_SYNC) != self._sync:
                raise StoreError("a block does not end where it claims to")
            empty += count if self._least == 0 else 0
            if count * self._least > len(block) or empty > MAX_EMPTY_ROWS:
                raise StoreError(
                    f"a block claims {count:,} rows in {len(block):,} bytes, which have room for "
                    f"{len(block) // self._least if self._least else MAX_EMPTY_ROWS:,} at most"
                )
            yield _encode_number(count) + _encode_bytes(block) + self._sync

    def _limit_hint(self) -> str:
        return f"max_block_bytes= allows more than {self._limit:,} bytes"

    def _read_entries(self) -> dict[str, bytes]:
        entries: dict[str, bytes] = {}
        while count := self._read_long():
            if count < 0:
                self._read_long()
            for _ in range(abs(count)):
                key = self._read(self._read_long()).decode("utf-8")
                entries[key] = self._read(self._read_long())
        return entries

    def _read(self, size: int) -> bytes:
        if not 0 <= size <= self._limit:
            raise StoreError(f"the header claims an entry of {size:,} bytes; {self._limit_hint()}")
        data: bytes = self._file.read(size)
        if len(data) < size:
            raise StoreError("the file ends too early")
        return data

    def _read_long(self, first: bytes = b"") -> int:
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


class _PlainStream:
    """A stream for fastavro: the file as it would be without a codec and logical types."""

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


def _encode_number(value: int) -> bytes:
    value <<= 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _encode_bytes(data: bytes) -> bytes:
    return _encode_number(len(data)) + data


def _without_defaults(schema: Any) -> Any:
    """Drop defaults: only readers with another schema need them, and old writers wrote some that fastavro refuses."""
    return _drop_key(schema, "default")


def _without_logical_types(schema: Any) -> Any:
    return _drop_key(schema, "logicalType")


def _drop_key(schema: Any, name: str) -> Any:
    if isinstance(schema, list):
        return [_drop_key(part, name) for part in schema]
    if isinstance(schema, dict):
        return {
            key: value if key == "symbols" else _drop_key(value, name) for key, value in schema.items() if key != name
        }
    return schema


_BYTES = {"null": 0, "boolean": 1, "int": 1, "long": 1, "float": 4, "double": 8, "bytes": 1, "string": 1}


def least_bytes(schema: Any) -> int:
    """Compute the fewest bytes that a value of a schema takes.

    Raises:
        StoreError: a recursive type, arrays of zero-byte items, or over a million fields, which a few records that
            contain each other several times amount to.
    """
    return _measure(schema, {})[0]


def _measure(kind: Any, names: dict[str, Any]) -> tuple[int, int]:
    """Compute the fewest bytes of a value and the number of its fields."""
    if isinstance(kind, list):
        parts = [_measure(part, names) for part in kind]
        return 1 + min(size for size, _ in parts), _check_field_count(sum(fields for _, fields in parts))
    if isinstance(kind, str):
        if kind in _BYTES:
            return _BYTES[kind], 1
        if names.get(kind) is None:
            raise StoreError(f"the Avro type {kind!r} is recursive, which no Arrow type can be")
        return names[kind]  # type: ignore[no-any-return]
    base = kind["type"]
    if base == "array":
        size, fields = _measure(kind["items"], names)
        if size == 0:
            raise StoreError("it has arrays whose items take no bytes, of which a file can claim any number")
        return 1, fields
    if base == "map":
        return 1, _measure(kind["values"], names)[1]
    if base in ("record", "error"):
        names[kind["name"]] = None
        parts = [_measure(part["type"], names) for part in kind["fields"]]
        names[kind["name"]] = sum(size for size, _ in parts), _check_field_count(1 + sum(fields for _, fields in parts))
        return names[kind["name"]]  # type: ignore[no-any-return]
    if base in ("enum", "fixed"):
        names[kind["name"]] = 1 if base == "enum" else kind["size"], 1
        return names[kind["name"]]  # type: ignore[no-any-return]
    return _measure(base, names)


def _check_field_count(fields: int) -> int:
    if fields > _MAX_FIELDS:
        raise StoreError(f"its schema has more than {_MAX_FIELDS:,} fields")
    return fields
