"""JSON and NDJSON: strictness, types, options, limits."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from format_files import load
from hypothesis import given, settings
from hypothesis import strategies as st
from json_files import read, write

from dao.errors import DaoError, DataError, StoreError
from dao_files.formats import _json_parser as json_parser
from dao_files.formats._json_parser import read_documents, read_lines


def test_an_array_an_object_and_lines(tmp_path: Path) -> None:
    rows = [{"a": 1, "b": "x"}, {"a": None, "c": [1.5]}]
    expected = [{"a": 1, "b": "x", "c": None}, {"a": None, "b": None, "c": [1.5]}]
    assert read(json.dumps(rows, indent=3), tmp_path).to_pylist() == expected
    assert read("\n".join(map(json.dumps, rows)), tmp_path, "t.ndjson").to_pylist() == expected
    assert read(json.dumps(rows[0]), tmp_path).to_pylist() == [rows[0]]
    assert read("[]", tmp_path).num_rows == 0
    assert read("", tmp_path, "t.ndjson").num_rows == 0


def test_rows_that_are_no_objects_have_the_column_value(tmp_path: Path) -> None:
    assert read("[1, 2]", tmp_path).to_pydict() == {"value": [1, 2]}
    assert read('"x"', tmp_path).to_pydict() == {"value": ["x"]}
    assert read("null\ntrue\n", tmp_path, "t.jsonl").to_pydict() == {"value": [None, True]}


def test_types(tmp_path: Path) -> None:
    found = read(
        '[{"i": 1, "big": 12345678901234567890, "f": 1, "t": "2026-01-01 00:00:00", "mixed": 1, "o": {"x": 1}},'
        ' {"f": 0.5, "mixed": "a", "o": {"y": []}}, {"mixed": {"k": 1.0}}]',
        tmp_path,
    )
    assert [str(kind) for kind in found.schema.types] == [
        "int64", "decimal128(38, 0)", "double", "string", "string", "struct<x: int64, y: list<item: null>>",
    ]  # fmt: skip
    assert found["mixed"].to_pylist() == ["1", "a", '{"k": 1.0}']


@pytest.mark.parametrize("name", ["t.json", "t.ndjson"])
@pytest.mark.parametrize(
    "text",
    ["[NaN]", "[Infinity]", "[-Infinity]", "{a: 1}", "{'a': 1}", "[1,]", "[01]", "[1.]", "[.5]", "[+1]", "[tru]",
     '["a\tb"]', '["\\x41"]', "[1] x", "{\"a\": 1} {\"a\": 2}", "[" * 100_000, '{"a":' * 100_000,
     b'["\xff"]', b"[1]\x00"],
)  # fmt: skip
def test_what_is_not_json_is_refused(text: str | bytes, name: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=name.replace(".", r"\.")):
        read(text, tmp_path, name)


def test_closed_deep_nesting_is_refused(tmp_path: Path) -> None:
    for depth in (70, 900, 100_000):
        with pytest.raises(StoreError, match="nested"):
            read(f"{'[' * depth}{']' * depth}", tmp_path)


def test_lines_say_their_number(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="line 4 is not JSON"):
        read('{"a": 1}\n\n{"a": 2}\n{"a": }\n', tmp_path, "t.ndjson")


def test_inference_sees_all_rows_unless_told(tmp_path: Path) -> None:
    lines = '{"a": 1}\n' * 20_000 + '{"a": "x"}\n'
    assert read(lines, tmp_path, "t.ndjson")["a"].type == pa.string()
    with pytest.raises(DataError, match="column 'a'"):
        read(lines, tmp_path, "t.ndjson", infer_rows=10)


def test_a_schema_rules(tmp_path: Path) -> None:
    types = {"when": pa.timestamp("us", "UTC"), "d": pa.date32(), "n": pa.float32(), "t": pa.string()}
    schema = pa.schema(list(types.items()))
    text = '[{"when": "2026-01-02T03:04:05Z", "d": "0001-01-01", "n": 1, "t": 7}]'
    found = read(text, tmp_path, schema=schema)
    assert found.schema.equals(schema)
    assert str(found["when"][0]) == "2026-01-02 03:04:05+00:00"
    assert found["t"].to_pylist() == ["7"]
    for bad in ('[{"n": true}]', '[{"n": "x"}]', '[{"d": "yesterday"}]', '[{"n": []}]', '[{"n": 1e39}]'):
        with pytest.raises(DataError, match=r"t\.json: column '.'"):
            read(bad, tmp_path, schema=schema)


def test_nan_is_an_error_unless_told() -> None:
    odd = pa.table({"x": [1.0, float("nan"), float("-inf")], "y": [[float("nan")], None, []]})
    with pytest.raises(DataError, match="column 'x': JSON has no NaN.*nan='null'"):
        write(odd, "ndjson")
    assert write(odd, "ndjson", nan="null").splitlines()[1] == '{"x": null, "y": null}'
    assert write(odd, "ndjson", nan="text").splitlines()[2] == '{"x": "-Infinity", "y": []}'


def test_what_is_written_is_strict_json(tmp_path: Path) -> None:
    table = pa.table({"a": [1, None], "ü": ["€\u2028", 'q"'], "f": [0.1, -0.0]})
    assert json.loads(write(table, "json")) == table.to_pylist()
    assert [json.loads(line) for line in write(table, "ndjson").split("\n")[:-1]] == table.to_pylist()
    assert json.loads(write(table, "json", indent=2)) == table.to_pylist()
    assert "\n  " in write(table, "json", indent=2)
    assert json.loads(write(table.slice(0, 0), "json")) == []
    with pytest.raises(DataError, match="'indent'"):
        write(table, "ndjson", indent=2)


def test_one_value_has_a_limit(tmp_path: Path) -> None:
    long = json.dumps([{"a": "x" * 3_000_000}])
    assert read(long, tmp_path).num_rows == 1
    for name in ("t.json", "t.ndjson"):
        with pytest.raises(StoreError, match="max_record_bytes= allows more"):
            read(long, tmp_path, name, max_record_bytes=100_000)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(
    values=st.lists(VALUES, max_size=5),
    chunk=st.integers(1, 30),
    indent=st.none() | st.integers(0, 2),
    ascii_only=st.booleans(),
)
def test_parsing_in_pieces_gives_what_json_loads_gives(
    values: list[Any], chunk: int, indent: int | None, ascii_only: bool
) -> None:
    before = json_parser._CHUNK
    json_parser._CHUNK = chunk
    try:
        text = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        try:
            text.decode()
        except UnicodeDecodeError:
            return
        lines = "".join(json.dumps(value) + "\n" for value in values).encode()
        for exact in (False, True):
            for read_all, data in ((read_documents, text), (read_lines, lines)):
                found = list(read_all(io.BytesIO(data).read, 1 << 20, exact, "limit"))
                assert json.loads(json.dumps(found, default=float)) == values
    finally:
        json_parser._CHUNK = before


@pytest.mark.parametrize(
    "row",
    [
        '{"id": 2, "id": 3}',
        '{"id": 2, "id": 2}',
        '{"a": {"x": 1, "x": null}}',
        '{"a": [{"x": 1}, {"x": 1, "x": 2}]}',
        '{"a": 1, "\\u0061": 2}',
        '{"": 1, "": 2}',
    ],
)
@pytest.mark.parametrize("suffix", ["json", "ndjson"])
def test_a_key_twice_in_one_object_is_an_error(row: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{suffix}"
    path.write_text(f'[{{"id": 1}}, {row}]' if suffix == "json" else f'{{"id": 1}}\n{row}\n')
    with pytest.raises(StoreError, match=r"the key '\w*' more than once"):
        load(path)
    with pytest.raises(StoreError, match="line 2" if suffix == "ndjson" else "character"):
        load(path)


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("t.json", b'{"a": 1}\n{"a": 2}\n', "format='ndjson'"),
        ("t.json", b'[{"a": 1}]\n[{"a": 2}]\n', "format='ndjson'"),
        ("t.ndjson", b'[{"a": 1},\n{"a": 2}]\n', "format='json'"),
        ("t.ndjson", b'[{"a": 1}, {"a": 2}]', "format='json'"),
        ("t.ndjson", b'{\n  "a": 1\n}\n', "format='json'"),
        ("t.json", gzip.compress(b'{"a": 1}', mtime=0), "compression='gzip'"),
        ("t.ndjson", lzma.compress(b'{"a": 1}'), "compression='xz'"),
        ("t.ndjson", bz2.compress(b'{"a": 1}'), "compression='bz2'"),
    ],
)
def test_the_error_has_the_option_that_reads_the_file(name: str, content: bytes, advice: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(StoreError, match=advice):
        load(path)


def test_arrays_of_no_objects_are_rows_of_ndjson(tmp_path: Path) -> None:
    path = tmp_path / "t.ndjson"
    path.write_bytes(b"[1, 2]\n[]\n")
    assert load(path).to_pylist() == [{"value": [1, 2]}, {"value": []}]


@pytest.mark.parametrize(
    "row", ['{"a": "\\ud800"}', '{"a": [{"b": "\\udfff"}]}', '{"\\ud800": 1}', '{"a": {"\\udc00": 1}}']
)
def test_half_a_character_is_an_error(row: str, tmp_path: Path) -> None:
    path = tmp_path / "t.ndjson"
    path.write_text(row)
    with pytest.raises(DaoError, match="surrogate"):
        load(path)
