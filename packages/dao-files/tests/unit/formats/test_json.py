"""JSON and NDJSON: strictness, types, options, limits."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from format_files import load
from hypothesis import given, settings
from hypothesis import strategies as st

from dao.errors import DaoError, DataError, StoreError
from dao_files.formats import _json_parser as json_parser
from dao_files.formats import get_format
from dao_files.formats._json_parser import read_documents, read_lines


def read(
    text: str | bytes, tmp_path: Path, name: str = "t.json", schema: pa.Schema | None = None, **options: Any
) -> pa.Table:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path, options=options, schema=schema)


def write(table: pa.Table, format: str, **options: Any) -> str:
    sink = io.BytesIO()
    form = get_format(format)
    with form.writer(sink, table.schema, form.options(options)) as writer:
        for batch in table.to_batches():
            writer.write(batch)
    return sink.getvalue().decode()


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


def test_numbers_are_exact_or_refused(tmp_path: Path) -> None:
    for text, message in (
        ("[9007199254740993, 0.5]", "can't hold exactly"),
        ("[1e400]", "double would round 1e400 to inf; types of more digits are decimals and text"),
        ("[0.5, 1e-400]", "double would round 1e-400 to 0.0"),
        (f"[{'9' * 60}]", "more than 38 digits"),
    ):
        with pytest.raises((StoreError, DataError), match=message):
            read(text, tmp_path)
    schema = pa.schema([("value", pa.decimal128(38, 18))])
    exact = read("[0.123456789012345678, 1, 1e2]", tmp_path, schema=schema)
    assert exact["value"].to_pylist() == [Decimal("0.123456789012345678"), Decimal(1), Decimal(100)]


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


@pytest.mark.parametrize(
    ("kind", "held", "rounded"),
    [
        (
            pa.float32(),
            "0.1, 0.100000001, 16777216, null, 0.10",
            "0.1234567890123, 16777217, 1e39, 1e-50, 1e-400, 0.10000000000000000001, 1.00000000000000000000001",
        ),
        (pa.float16(), "0.1, 0.0999755859375, 65504", "0.12345, 65505, 70000, 1e-400, 0.1000000000000000000001"),
        (
            pa.float64(),
            "0.1, 9007199254740992, 1152921504606846976, 0.10000000000000000001, 0, 0.0, 0e-400, -0.0",
            "9007199254740993, 123456789012345678901, 9007199254740993.0, 1e400, -1e400, 1e-400",
        ),
    ],
    ids=str,
)
def test_a_number_with_more_digits_than_a_declared_float_is_refused(
    kind: pa.DataType, held: str, rounded: str, tmp_path: Path
) -> None:
    schema = pa.schema([("value", kind)])
    expected = pa.array(json.loads(f"[{held}]", parse_int=float), pa.float64()).cast(kind, safe=False)
    assert read(f"[{held}]", tmp_path, schema=schema)["value"].combine_chunks().equals(expected)
    for number in rounded.split(", "):
        for beside in ("", ', "NaN"'):
            with pytest.raises(DataError, match=r"column 'value': .*would round .* decimals and text"):
                read(f"[{number}{beside}]", tmp_path, schema=schema)


@pytest.mark.parametrize("whole", [2**53 + 1, 10**25 + 1])
def test_files_that_no_inferred_type_fits_say_which_to_declare(whole: int, tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("1.ndjson", "2.ndjson")]
    for path, number in zip(paths, (0.5, whole), strict=True):
        Path(path).write_text(f'{{"value": {number}}}\n', encoding="utf-8")
    with pytest.raises(DataError, match=rf"2.ndjson: column 'value': .*would round {whole} to .*decimals and text"):
        load(*paths)
    schema = pa.schema([("value", pa.decimal128(38, 1))])
    assert load(*paths, schema=schema)["value"].to_pylist()[1] == whole


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


@pytest.mark.parametrize("name", ["t.json", "t.ndjson"])
def test_texts_hold_numbers_as_they_are_spelled(name: str, tmp_path: Path) -> None:
    rows = [
        '"x"',
        "0.12345678901234567890",
        '[1e400, {"é": [1.50, null, true]}]',
        "12345678901234567890",
        "9007199254740993.0",
        *("1E5", "0.0000001", "-0", "-0.0", "0e0", "1e-400", "[-0, 1E5]"),
    ]
    lines = [f'{{"a": {row}}}' for row in rows]
    found = read(f"[{','.join(lines)}]" if name == "t.json" else "\n".join(lines), tmp_path, name)
    assert found["a"].to_pylist() == ["x", *rows[1:]]


def test_texts_hold_numbers_of_arrays_with_all_digits(tmp_path: Path) -> None:
    rows = ["[1.00000000000000000001]", '[{"b": {"c": 0.10}}]']
    found = read(f'[{",".join(rows)}, "x"]', tmp_path, schema=pa.schema([("value", pa.string())]))
    assert found["value"].to_pylist() == [*rows, "x"]


@pytest.mark.parametrize("name", ["t.json", "t.ndjson"])
@pytest.mark.parametrize("spelled", ["-0", "-0.0", "-0.000", "-0e0"])
def test_a_negative_zero_is_one(spelled: str, name: str, tmp_path: Path) -> None:
    rows = [f'{{"a": {value}, "b": [{value}], "c": {{"d": {value}}}}}' for value in (spelled, "0", "12")]
    text = f"[{','.join(rows)}]" if name == "t.json" else "\n".join(rows)
    found = read(text, tmp_path, name).to_pylist()
    assert repr(found[0]) == "{'a': -0.0, 'b': [-0.0], 'c': {'d': -0.0}}"
    assert repr(found[1]) == "{'a': 0.0, 'b': [0.0], 'c': {'d': 0.0}}"
    values = f"[{spelled}, 0, 12]" if name == "t.json" else f"{spelled}\n0\n12"
    for kind in (pa.float16(), pa.float32(), pa.float64()):
        assert (
            repr(read(values, tmp_path, name, pa.schema([("value", kind)]))["value"].to_pylist()) == "[-0.0, 0.0, 12.0]"
        )
    assert read(values, tmp_path, name, pa.schema([("value", pa.int64())]))["value"].to_pylist() == [0, 0, 12]


@pytest.mark.parametrize("chunk", range(1, 12))
def test_a_negative_zero_is_found_where_a_piece_ends(
    chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_parser, "_CHUNK", chunk)
    assert repr(read("[5, -0, -0.5e-1]", tmp_path)["value"].to_pylist()) == "[5.0, -0.0, -0.05]"
    assert repr(read("5\n-0\n-7\n", tmp_path, "t.ndjson")["value"].to_pylist()) == "[5.0, -0.0, -7.0]"


def test_whole_numbers_beside_texts_with_minus_zero_stay_whole(tmp_path: Path) -> None:
    found = read('[{"a": 9007199254740993, "b": "x-0"}, {"a": -1, "b": "2026-01-02"}]', tmp_path)
    assert found["a"].to_pylist() == [9007199254740993, -1]


@pytest.mark.parametrize("name", ["t.json", "t.ndjson"])
def test_digits_that_are_needed_late_repeat_no_rows(name: str, tmp_path: Path) -> None:
    rows = [f'{{"id": {number}, "text": "{number}"}}' for number in range(20_000)]
    rows.append('{"id": 20000, "text": 0.12345678901234567890}')
    text = f"[{','.join(rows)}]" if name == "t.json" else "\n".join(rows)
    schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
    found = read(text, tmp_path, name, schema=schema)
    assert found["id"].to_pylist() == list(range(20_001))
    assert found["text"].to_pylist()[-2:] == ["19999", "0.12345678901234567890"]
    assert load(tmp_path / name, schema=schema, limit=20_000).num_rows == 20_000


def test_whole_types_take_whole_numbers_only_and_exactly(tmp_path: Path) -> None:
    schema = pa.schema([("value", pa.int64())])
    found = read("[9007199254740993.0, 1e5, -0.0, 12]", tmp_path, schema=schema)
    assert found["value"].to_pylist() == [9007199254740993, 100000, 0, 12]
    for number in ("1.5", "1.00000000000000000000001", "1e-400", "1e30", "1e999999999", "1e-999999999"):
        with pytest.raises(DataError, match="column 'value': found .*, expected a whole number that int64 holds"):
            read(f"[{number}]", tmp_path, schema=schema)


@pytest.mark.parametrize("name", ["t.json", "t.ndjson"])
def test_an_exponent_without_end_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="exponent of more than 18 digits"):
        read('{"value": 1e99999999999999999999}', tmp_path, name, schema=pa.schema([("value", pa.float64())]))


@pytest.mark.parametrize(
    "row", ['{"a": "\\ud800"}', '{"a": [{"b": "\\udfff"}]}', '{"\\ud800": 1}', '{"a": {"\\udc00": 1}}']
)
def test_half_a_character_is_an_error(row: str, tmp_path: Path) -> None:
    path = tmp_path / "t.ndjson"
    path.write_text(row)
    with pytest.raises(DaoError, match="surrogate"):
        load(path)
