"""What is written is read back: every Arrow type exactly, or a DataError before anything is written."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from format_files import load, same, save
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao.errors import DataError
from dao_files.formats import FORMATS, get_format

ZONES = (None, "UTC", "Europe/Berlin", "+02:00")
TYPES: dict[str, pa.Array] = {
    **{str(kind): pa.array([1, None, 0], kind) for kind in (pa.int8(), pa.int16(), pa.int32())},
    **{str(kind): pa.array([1, None, 0], kind) for kind in (pa.uint8(), pa.uint16())},
    "int64": pa.array([2**63 - 1, None, -(2**63)], pa.int64()),
    "uint32": pa.array([2**32 - 1, None], pa.uint32()),
    "uint64": pa.array([2**63 - 1, None], pa.uint64()),
    "uint64 large": pa.array([2**64 - 1, None], pa.uint64()),
    "float32": pa.array([1.5, None, -0.0], pa.float32()),
    "float64": pa.array([0.1, None, -0.0, 1e308, 5e-324], pa.float64()),
    "odd floats": pa.array([float("nan"), float("inf"), float("-inf"), None], pa.float64()),
    "bool": pa.array([True, None, False]),
    "null": pa.nulls(3),
    "string": pa.array(["", None, "ü€\U0001f600", "a,b\"c'\r\n", " x ", "NA", "null", "\\", "#"]),
    "large_string": pa.array(["a", None], pa.large_string()),
    "string_view": pa.array(["a", None], pa.string_view()),
    "binary": pa.array([b"\x00\xff", None, b""]),
    "fixed": pa.array([b"abcd", None], pa.binary(4)),
    "date32": pa.array([dt.date(1, 1, 1), dt.date(1582, 10, 10), dt.date(9999, 12, 31), None]),
    "date64": pa.array([dt.date(1, 1, 1), dt.date(9999, 12, 31), None], pa.date64()),
    **{f"time {kind}": pa.array([1, None], kind) for kind in
       (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"))},
    **{f"ts {unit} {zone}": pa.array([1, None, -1, 1_700_000_000], pa.timestamp(unit, zone))
       for unit in ("s", "ms", "us", "ns") for zone in ZONES},
    "far timestamps": pa.array([dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)]),
    "duration": pa.array([1, None, -5], pa.duration("us")),
    "interval": pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
    "decimal 38": pa.array([Decimal("12345678901234567890123456789012345.678"), None], pa.decimal128(38, 3)),
    "decimal 5": pa.array([Decimal("-1.50"), None], pa.decimal128(5, 2)),
    "decimal 76": pa.array([Decimal(10) ** 70, None], pa.decimal256(76, 0)),
    "decimal of negative scale": pa.array([Decimal(100), None], pa.decimal128(5, -2)),
    "list": pa.array([[1, None], None, []]),
    "large_list": pa.array([["x"], None], pa.large_list(pa.string())),
    "fixed list": pa.array([[1, 2], [3, 4]], pa.list_(pa.int64(), 2)),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": None}]),
    "empty struct": pa.array([{}, None], pa.struct([])),
    "map": pa.array([[("a", 1), ("b", None)], None, []], pa.map_(pa.string(), pa.int64())),
    "map of numbers": pa.array([[(1, 1)], None], pa.map_(pa.int64(), pa.int64())),
    "deep": pa.array([[{"a": [{"t": dt.date(2026, 1, 1)}], "m": [("k", Decimal("1.5"))]}], None],
                     pa.list_(pa.struct([("a", pa.list_(pa.struct([("t", pa.date32())]))),
                                         ("m", pa.map_(pa.string(), pa.decimal128(5, 1)))]))),
    "dictionary": pa.array(["a", None, "b", "a"]).dictionary_encode(),
    "dictionary of numbers": pa.array([7, None, 7]).dictionary_encode(),
    "run ends": pa.RunEndEncodedArray.from_arrays([2, 3], ["a", "b"]),
    "union": pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array([1])]),
}  # fmt: skip
NESTED = {"list", "large_list", "fixed list", "struct", "empty struct", "map", "map of numbers", "deep"}
ZONED = {f"ts {unit} {zone}" for unit in ("s", "ms", "us", "ns") for zone in ("Europe/Berlin", "+02:00")}
REFUSED: dict[str, set[str]] = {
    "arrow": set(),
    "arrow_stream": set(),
    "parquet": {"interval", "decimal of negative scale", "empty struct", "run ends", "union"},
    "csv": {"interval", "union", "binary", *NESTED},
    "json": {"interval", "union", "map of numbers"},
    "avro": {"interval", "union", "map of numbers", "decimal of negative scale", "uint64 large"},
    "orc": {
        "interval", "union", "null", "uint64", "uint64 large", "duration", "decimal 76", "decimal of negative scale",
        "empty struct", "far timestamps", *ZONED, *(name for name in TYPES if name.startswith("time ")),
    },
}  # fmt: skip
REFUSED["ndjson"] = REFUSED["json"]
OPTIONS = {"json": {"nan": "text"}, "ndjson": {"nan": "text"}}
OWN_TYPES = {"arrow", "arrow_stream", "avro"}  # formats that give every type back without being told


@pytest.mark.parametrize("name", sorted(TYPES))
@pytest.mark.parametrize("format", sorted(FORMATS))
def test_every_type(format: str, name: str, tmp_path: Path) -> None:
    table = pa.table({"c": TYPES[name], "row": pa.array(range(len(TYPES[name])))})
    path = tmp_path / f"t.{format}"
    options = OPTIONS.get(format, {})
    if name in REFUSED[format]:
        with pytest.raises(DataError, match=r"."):
            save(table, path, format, **options)
        return
    save(table, path, format, **options)
    assert same(load(path, format=format, schema=table.schema), table)
    if format in OWN_TYPES:
        assert same(load(path, format=format), table)


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_a_refused_type_leaves_the_sink_empty(format: str) -> None:
    refused = sorted(REFUSED[format] - {"binary", "uint64 large", "far timestamps"})
    for name in refused:
        sink = io.BytesIO()
        with pytest.raises(DataError):
            get_format(format).writer(sink, pa.schema([("c", TYPES[name].type)]))
        assert sink.getvalue() == b"", name


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_an_empty_table(format: str, tmp_path: Path) -> None:
    table = pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})
    path = save(table, tmp_path / "t", format)
    assert load(path, format=format, schema=table.schema).equals(table)
    if get_format(format).has_schema:
        assert load(path, format=format).equals(table)


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"avro"}))
def test_column_names(format: str, tmp_path: Path) -> None:
    names = ["", "ü", "a.b", "a b", 'q"q', "x,y", "1", "line\nbreak"]
    table = pa.table({name: [place, None] for place, name in enumerate(names)})
    path = save(table, tmp_path / "t", format)
    assert load(path, format=format, schema=table.schema).equals(table)
    assert load(path, format=format, columns=["a.b", ""]).equals(table.select(["a.b", ""]))


def test_avro_says_which_names_it_takes() -> None:
    with pytest.raises(DataError, match="column 'a.b': Avro names are ASCII"):
        get_format("avro").writer(io.BytesIO(), pa.schema([("a.b", pa.int64())]))


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_batches_with_different_dictionaries(format: str, tmp_path: Path) -> None:
    kind = pa.dictionary(pa.int8(), pa.string())
    batches = [
        pa.record_batch([pa.array(values).dictionary_encode().cast(kind), pa.array(values)], names=["c", "d"])
        for values in (["a", "b"], ["c", None, "a"], ["d"])
    ]
    table = pa.Table.from_batches(batches)
    path = save(table, tmp_path / "t", format)
    found = load(path, format=format, schema=pa.schema([("c", pa.string())]), columns=["c"])
    assert found["c"].to_pylist() == ["a", "b", "c", None, "a", "d"]


LEAVES = [
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.float64(), st.floats(allow_nan=False, allow_infinity=False)),
    (pa.string(), st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
    (pa.bool_(), st.booleans()),
    (pa.date32(), st.dates()),
    (pa.timestamp("us"), st.datetimes(min_value=dt.datetime(1700, 1, 1), max_value=dt.datetime(2250, 1, 1))),
    (pa.timestamp("us", "UTC"), st.datetimes(min_value=dt.datetime(1700, 1, 1), max_value=dt.datetime(2250, 1, 1))),
    (pa.decimal128(38, 6), st.decimals(-(10**30), 10**30, places=6)),
]


@st.composite
def tables(draw: st.DrawFn, nested: bool) -> pa.Table:
    """Tables of a few columns and rows, nulls among them, in one to three batches."""
    rows = draw(st.integers(0, 12))
    columns = {"row": pa.array(range(rows), pa.int64())}
    for place in range(draw(st.integers(1, 4))):
        kind, values = draw(st.sampled_from(LEAVES))
        shape = draw(st.sampled_from(["leaf", "list", "struct"])) if nested else "leaf"
        if shape == "list":
            kind, values = pa.list_(kind), st.lists(st.none() | values, max_size=3)
        elif shape == "struct":
            kind, values = pa.struct([("x", kind)]), st.fixed_dictionaries({"x": st.none() | values})
        found = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        columns[f"c{place}"] = pa.array(found, kind)
    table = pa.table(columns)
    cut = draw(st.integers(0, rows))
    return pa.concat_tables([table.slice(0, cut), table.slice(cut)])


@pytest.mark.parametrize("format", sorted(FORMATS))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_table(format: str, data: st.DataObject, tmp_path: Path) -> None:
    table = data.draw(tables(nested=format != "csv"))
    path = save(table, tmp_path / "t", format)
    assert same(load(path, format=format, schema=table.schema, batch_size=5), table)
