"""COPY from JSON and Avro: by name, by path, whole documents."""

from __future__ import annotations

import io
import json
import zlib
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from bulk_session import BulkSession
from fastavro._write_py import BLOCK_WRITERS, Writer

from dao_redshift.testing._statements import RedshiftError

COLUMNS = "n int, s varchar(20), d numeric(9,3), j jsonb"
DOCUMENTS = """{"n": 1, "s": "ü\\n", "d": 1.250, "j": {"a": [1.10, null, "x"]}, "more": 1}
{"s": null, "N": 5}
{"n": "3", "s": {"x": 1}, "j": "text"}{"n": 4, "s": true}
"""


def load(bulk: BulkSession, declared: str, files: dict[str, bytes], options: str) -> list[tuple[str | None, ...]]:
    bulk.query("DROP TABLE IF EXISTS t")
    bulk.query(f"CREATE TABLE t ({declared})")
    for key, content in files.items():
        bulk.put(key, content)
    bulk.copy(f"COPY t FROM 's3://lake/in/' iam_role default {options}")
    return bulk.query("SELECT * FROM t")


def test_names_of_columns_are_names_of_members(bulk: BulkSession) -> None:
    files = {"in/a.json": DOCUMENTS.encode()}
    assert load(bulk, COLUMNS, files, "FORMAT AS JSON 'auto'") == [
        ("1", "ü\n", "1.250", '{"a": [1.10, null, "x"]}'),
        (None, None, None, None),
        ("3", '{"x":1}', None, '"text"'),
        ("4", "true", None, None),
    ]
    assert load(bulk, COLUMNS, files, "JSON 'auto ignorecase'")[1] == ("5", None, None, None)


def test_paths_name_the_members(bulk: BulkSession) -> None:
    paths = {"jsonpaths": ["$.a.b", "$['c d'][1]", '$["x"]']}
    files = {"paths.json": json.dumps(paths).encode(), "in/a.json": b'{"a": {"b": 7}, "c d": [0, "y"], "x": 1.5}\n{}'}
    options = "JSON 's3://lake/paths.json'"
    assert load(bulk, "n int, s varchar(9), d numeric(9,3)", files, options) == [
        ("7", "y", "1.500"),
        (None, None, None),
    ]
    arrays = {"paths.json": b'{"jsonpaths": ["$[1]"]}', "in/a.json": b"[1, 2]\n[3]\n"}
    assert load(bulk, "n int", arrays, options) == [("2",), (None,)]
    with pytest.raises(RedshiftError, match="Number of jsonpaths"):
        load(bulk, "n int, m int", arrays, options)
    with pytest.raises(RedshiftError, match="Invalid JSONPath format"):
        load(bulk, "n int", {"paths.json": b'{"jsonpaths": ["n"]}'}, options)


def test_whole_documents(bulk: BulkSession) -> None:
    files = {"in/a.json": b'{"a": 1}\n[2]\n'}
    assert load(bulk, "j jsonb", files, "JSON 'noshred'") == [('{"a": 1}',), ("[2]",)]
    with pytest.raises(RedshiftError, match="single SUPER column"):
        load(bulk, "n int", files, "JSON 'noshred'")


def test_broken_documents_are_counted(bulk: BulkSession) -> None:
    files = {"in/a.json": b'{"n": 1}\n{"n": 2\n{"n": 3}\n{"n": NaN}\n[4]\n{"n": "x"}\n{"n": 5}'}
    assert load(bulk, "n int", files, "JSON 'auto' MAXERROR 10") == [("1",), ("3",), ("5",)]
    assert [(line, column, code) for _, line, column, *_, code, _ in bulk.errors()] == [
        ("2", "", "1224"),
        ("4", "", "1224"),
        ("5", "", "1224"),
        ("6", "n", "1207"),
    ]


def avro(schema: dict[str, Any], rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    fastavro.writer(sink, schema, rows, codec="deflate")
    return sink.getvalue()


def write_snappy(writer: Any, block: bytes, _level: object) -> None:
    packed = pa.compress(block, "snappy", asbytes=True) + zlib.crc32(block).to_bytes(4, "big")
    writer.write_long(len(packed))
    writer._fo.write(packed)


def test_avro_files(bulk: BulkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    fields: list[dict[str, Any]] = [
        {"name": "n", "type": ["null", "int"]},
        {"name": "s", "type": "string"},
        {"name": "d", "type": "double"},
        {"name": "j", "type": {"type": "array", "items": "long"}},
    ]
    schema = {"type": "record", "name": "r", "fields": fields}
    files = {"in/a.avro": avro(schema, [{"n": None, "s": "a", "d": 0.5, "j": [1]}, {"n": 2, "s": "", "d": 1, "j": []}])}
    rows = [(None, "a", "0.500", "[1]"), ("2", "", "1.000", "[]")]
    assert load(bulk, COLUMNS, files, "FORMAT AS AVRO 'auto'") == rows
    sink = io.BytesIO()
    with monkeypatch.context() as patch:  # fastavro compresses by a library that isn't here; pyarrow does the same
        patch.setitem(BLOCK_WRITERS, "snappy", write_snappy)
        writer = Writer(sink, schema, "snappy")
        writer.write({"n": 7, "s": "ü", "d": 1.5, "j": [2]})
        writer.flush()
    packed = {"in/a.avro": sink.getvalue()}
    assert load(bulk, COLUMNS, packed, "AVRO") == [("7", "ü", "1.500", "[2]")]
    with pytest.raises(RedshiftError, match="Cannot read the Avro file"):
        load(bulk, COLUMNS, {"in/a.avro": sink.getvalue()[:-20]}, "AVRO")
    fields[0]["type"] = {"type": "int", "logicalType": "date"}
    with pytest.raises(RedshiftError, match="logical type date"):
        load(bulk, COLUMNS, {"in/a.avro": avro(schema, [])}, "AVRO 'auto'")
    with pytest.raises(RedshiftError, match="Cannot read the Avro file"):
        load(bulk, COLUMNS, {"in/a.avro": b"no avro"}, "AVRO 'auto'")
