"""Avro files of others: logical types, codecs, and files that claim more than they hold."""

from __future__ import annotations

import bz2
import datetime as dt
import io
import json
import lzma
import uuid
import zlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from format_files import LOCAL, load, same, save

from dao.errors import DataError, StoreError
from dao_files.formats import get_format

SYNC = b"0123456789abcdef"


def number(value: int) -> bytes:
    value = (value << 1) ^ (value >> 63)
    found = b""
    while value & ~0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def text(data: bytes) -> bytes:
    return number(len(data)) + data


def record(*kinds: Any) -> dict[str, Any]:
    fields = [{"name": f"f{place}", "type": kind} for place, kind in enumerate(kinds)]
    return {"type": "record", "name": "r", "fields": fields}


def file_of(schema: Any, count: int, body: bytes, codec: str = "null", size: int | None = None) -> bytes:
    """An Avro file of one block, as it claims to be."""
    entries = text(b"avro.schema") + text(json.dumps(schema).encode()) + text(b"avro.codec") + text(codec.encode())
    head = b"Obj\x01" + number(2) + entries + number(0) + SYNC
    return head + number(count) + number(len(body) if size is None else size) + body + SYNC


def read(path: Path, data: bytes, **options: Any) -> list[dict[str, Any]]:
    path = path / "x.avro"
    path.write_bytes(data)
    return load(path, options=options).to_pylist()  # type: ignore[no-any-return]


ID = uuid.UUID("8d8ac610-566d-4ef0-9c22-186b2a5ed793")
UUID = {"type": "string", "logicalType": "uuid"}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (UUID, ID, str(ID)),
        (["null", UUID], ID, str(ID)),
        (["null", UUID], None, None),
        ({"type": "array", "items": UUID}, [ID], [str(ID)]),
        ({"type": "map", "values": UUID}, {"a": ID}, [("a", str(ID))]),
        ({"type": "record", "name": "in", "fields": [{"name": "x", "type": UUID}]}, {"x": ID}, {"x": str(ID)}),
        (["string", UUID], "plain", "plain"),
        ({"type": "int", "logicalType": "date"}, dt.date(9999, 12, 31), dt.date(9999, 12, 31)),
        ({"type": "int", "logicalType": "time-millis"}, dt.time(1, 2, 3, 4000), dt.time(1, 2, 3, 4000)),
        ({"type": "long", "logicalType": "local-timestamp-micros"}, dt.datetime(1, 1, 1), dt.datetime(1, 1, 1)),
        ({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}, Decimal("-1.50"), Decimal("-1.50")),
        (
            {"type": "fixed", "name": "d", "size": 20, "logicalType": "decimal", "precision": 45, "scale": 3},
            Decimal("123456789012345678901234567890123456789012.345"),
            Decimal("123456789012345678901234567890123456789012.345"),
        ),
        ({"type": "enum", "name": "e", "symbols": ["A", "B"]}, "B", "B"),
        (["int", "double"], 1, 1.0),
    ],
)  # fmt: skip
def test_logical_types(kind: Any, value: Any, expected: Any, tmp_path: Path) -> None:
    sink = io.BytesIO()
    fastavro.writer(sink, fastavro.parse_schema(record(kind)), [{"f0": value}])
    assert read(tmp_path, sink.getvalue()) == [{"f0": expected}]


def test_a_time_beyond_the_day_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not within the acceptable range"):
        read(tmp_path, file_of(record({"type": "int", "logicalType": "time-millis"}), 1, number(86_400_000)))


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "null": lambda data: data,
    "deflate": lambda data: zlib.compress(data, wbits=-15),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstandard": lambda data: pa.Codec("zstd").compress(data, asbytes=True),
    "snappy": lambda data: pa.Codec("snappy").compress(data, asbytes=True) + zlib.crc32(data).to_bytes(4, "big"),
}


@pytest.mark.parametrize("codec", sorted(PACKED))
def test_every_codec_is_read_without_further_packages(codec: str, tmp_path: Path) -> None:
    rows = b"".join(map(number, range(1000)))
    path = tmp_path / "x.avro"
    path.write_bytes(file_of(record("long"), 1000, PACKED[codec](rows), codec))
    assert load(path).column(0).to_pylist() == list(range(1000))
    shown = {"null": "none", "zstandard": "zstd"}.get(codec, codec)
    assert get_format("avro").metadata(str(path), LOCAL)["compression"] == shown


@pytest.mark.parametrize("codec", sorted(set(PACKED) - {"null"}))
def test_a_damaged_or_cut_block_is_an_error(codec: str, tmp_path: Path) -> None:
    packed = PACKED[codec](b"".join(map(number, range(1000))))
    for block in (packed[:-6], b"\xff" * len(packed), b""):
        with pytest.raises(StoreError):
            read(tmp_path, file_of(record("long"), 1000, block, codec))


@pytest.mark.parametrize("codec", sorted(set(PACKED) - {"null"}))
def test_a_block_that_unpacks_to_more_than_is_allowed_is_an_error(codec: str, tmp_path: Path) -> None:
    data = file_of(record("bytes"), 1, PACKED[codec](text(bytes(1 << 20))), codec)
    assert len(read(tmp_path, data)[0]["f0"]) == 1 << 20
    with pytest.raises(StoreError, match="max_block_bytes= allows more than 100,000 bytes"):
        read(tmp_path, data, max_block_bytes=100_000)


EMPTY = {"type": "record", "name": "empty", "fields": []}
CLAIMS = {
    "rows of null": file_of(record("null"), 1 << 60, b""),
    "rows without columns": file_of(record(), 1 << 60, b""),
    "rows of empty records": file_of(record(EMPTY), 1 << 60, b""),
    "rows of fixed 0": file_of(record({"type": "fixed", "name": "z", "size": 0}), 1 << 60, b""),
    "rows of numbers": file_of(record("long"), 1 << 60, number(1)),
    "rows of doubles": file_of(record("double"), 2, bytes(15)),
    "a negative count": file_of(record("long"), -1, number(1)),
    "a negative size": file_of(record("long"), 1, number(1), size=-1),
    "a size beyond the file": file_of(record("long"), 1, number(1), size=1 << 50),
    "items of null": file_of(record({"type": "array", "items": "null"}), 1, number(1 << 40) + number(0)),
    "items of null, negative": file_of(
        record({"type": "array", "items": "null"}), 1, number(-(1 << 40)) + number(0) + number(0)
    ),
    "items of empty records": file_of(record({"type": "array", "items": EMPTY}), 1, number(1 << 40) + number(0)),
    "items in a map": file_of(
        record({"type": "map", "values": {"type": "array", "items": "null"}}), 1, number(1) + text(b"k") + number(99)
    ),
    "items of numbers": file_of(record({"type": "array", "items": "long"}), 1, number(1 << 40) + number(0)),
    "entries of a map": file_of(record({"type": "map", "values": "null"}), 1, number(1 << 40) + text(b"k")),
    "a long text": file_of(record("string"), 1, number(1 << 50) + b"x"),
    "a text of negative length": file_of(record("string"), 1, number(-5) + b"xxxxx"),
    "a fixed beyond the block": file_of(record({"type": "fixed", "name": "z", "size": 1 << 50}), 1, b"x"),
    "more bytes than rows": file_of(record("long"), 1, number(1) + number(2)),
    "a header without end": b"Obj\x01" + number(1 << 60),
    "a header's long entry": b"Obj\x01" + number(1) + text(b"avro.schema") + number(1 << 50),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_a_file_that_claims_more_than_it_holds_is_an_error(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.avro"
    path.write_bytes(CLAIMS[name])
    with pytest.raises(StoreError, match=r"x\.avro"):
        load(path)


def test_records_that_hold_each_other_many_times_are_an_error(tmp_path: Path) -> None:
    kind: Any = "int"
    for level in range(40):
        fields = [{"name": "a", "type": kind}, {"name": "b", "type": kind if level == 0 else f"r{level - 1}"}]
        kind = {"type": "record", "name": f"r{level}", "fields": fields}
    with pytest.raises(StoreError, match="more than 1,000,000 fields"):
        read(tmp_path, file_of(kind, 1, b""))


def test_a_deeply_nested_schema_is_an_error(tmp_path: Path) -> None:
    schema = json.dumps(record("int")).replace('"int"', '{"type": "array", "items": ' * 5000 + '"int"' + "}" * 5000)
    entries = text(b"avro.schema") + text(schema.encode())
    with pytest.raises(StoreError):
        read(tmp_path, b"Obj\x01" + number(1) + entries + number(0) + SYNC)


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"n": pa.nulls(3)}),
        pa.table({"n": pa.nulls(2), "m": pa.nulls(2)}),
        pa.table({"l": pa.array([[None, None], [], None], pa.list_(pa.null()))}),
        pa.table({"l": pa.array([[{}, None], []], pa.list_(pa.struct([])))}),
        pa.table({"l": pa.array([[{}], []], pa.list_(pa.field("item", pa.struct([]), nullable=False)))}),
        pa.table({"m": pa.array([[("a", None)], None], pa.map_(pa.string(), pa.null()))}),
        pa.table({"s": pa.array([{"n": None}, None], pa.struct([("n", pa.null())]))}),
    ],
    ids=lambda table: str(table.schema),
)
def test_values_that_hold_nothing_come_back(table: pa.Table, tmp_path: Path) -> None:
    assert same(load(save(table, tmp_path / "x.avro")), table)


def test_a_given_schema_gets_its_own_units(tmp_path: Path) -> None:
    """Microseconds in a column of milliseconds are milliseconds, or refused."""
    milliseconds = record({"type": "long", "logicalType": "timestamp-millis"})
    table = pa.table({"f0": pa.array([1_700_000_000_000_000], pa.timestamp("us", "UTC"))})
    path = save(table, tmp_path / "x.avro", avro_schema=milliseconds)
    assert load(path).column(0).to_pylist() == table.column(0).to_pylist()
    with pytest.raises(DataError, match="column 'f0'"):
        save(pa.table({"f0": pa.array([1], pa.timestamp("us", "UTC"))}), tmp_path / "y.avro", avro_schema=milliseconds)


def test_a_kept_schema_that_is_of_another_file_is_not_believed(tmp_path: Path) -> None:
    path = save(pa.table({"f0": pa.array([1], pa.timestamp("us"))}), tmp_path / "x.avro")
    with open(path, "rb") as file:
        kept = fastavro.reader(file).metadata["ARROW:schema"]
    sink = io.BytesIO()
    kind = {"type": "long", "logicalType": "local-timestamp-millis"}
    fastavro.writer(sink, record(kind), [{"f0": dt.datetime(2026, 1, 1)}], metadata={"ARROW:schema": kept})
    assert read(tmp_path, sink.getvalue()) == [{"f0": dt.datetime(2026, 1, 1)}]
