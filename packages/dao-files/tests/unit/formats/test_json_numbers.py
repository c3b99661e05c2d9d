"""Numbers of JSON: exact as they are spelled, or refused."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from format_files import load
from json_files import read

from dao.errors import DataError, StoreError
from dao_files.formats import _json_parser as json_parser


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
