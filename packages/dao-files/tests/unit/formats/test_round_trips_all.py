"""What is written is read back equal, or refused: the types beyond those of test_round_trips, and every ``into=``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from format_files import load, save
from test_round_trips import TYPES

from dao.arrow.convert import convert, to_reader
from dao.errors import DataError
from dao_files.formats import FORMATS, get_format
from dao_files.formats._shape import without_order

OFFSETS = pa.array([0, 1, 2], pa.int32())
UUIDS = pa.array([b"0123456789abcdef", None], pa.uuid())
JSONS = pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}', None]))
PLACES = pa.array([1, None, 0], pa.int8())
WORDS = pa.DictionaryArray.from_arrays(PLACES, pa.array(["a", "b"]))
ORDERED = pa.DictionaryArray.from_arrays(PLACES, pa.array(["b", "a"]), ordered=True)


def _of(values: pa.Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0, None, 0], pa.int8()), values)


MORE: dict[str, pa.Array] = {
    "float16": pa.array([1.5, None, -0.0], pa.float16()),
    "decimal32": pa.array([Decimal("1.5"), None], pa.decimal32(5, 1)),
    "decimal64": pa.array([Decimal("-1.5"), None], pa.decimal64(15, 1)),
    "decimal of fractions": pa.array([Decimal("0.12345678901234567890123456789012345678")], pa.decimal128(38, 38)),
    "list view": pa.array([[1], None, []], pa.list_view(pa.int64())),
    "large list view": pa.array([["x"], None, []], pa.large_list_view(pa.string())),
    "binary view": pa.array([b"a", None], pa.binary_view()),
    "large binary": pa.array([b"a", None], pa.large_binary()),
    "fixed list null": pa.array([[1, 2], None], pa.list_(pa.int64(), 2)),
    "fixed lists in lists": pa.array([[[1, 2], None], None], pa.list_(pa.list_(pa.int64(), 2))),
    "uuid in struct": pa.StructArray.from_arrays([UUIDS], ["x"]),
    "json in list": pa.ListArray.from_arrays(OFFSETS, JSONS),
    "dictionary of large texts": _of(pa.array(["a"], pa.large_string())),
    "dictionary of bytes": _of(pa.array([b"\xff"])),
    "dictionary of moments": _of(pa.array([1], pa.timestamp("ns", "UTC"))),
    "dictionary of floats": _of(pa.array([1.5])),
    "dictionary of decimals": _of(pa.array([Decimal("1.5")])),
    "dictionary with a null": pa.DictionaryArray.from_arrays(PLACES, pa.array(["a", None])),
    "dictionary that repeats": pa.DictionaryArray.from_arrays(PLACES, pa.array(["a", "a"])),
    "ordered": ORDERED,
    "ordered in struct": pa.StructArray.from_arrays([ORDERED], ["x"]),
    "ordered in list": pa.ListArray.from_arrays(pa.array([0, 1, 3], pa.int32()), ORDERED),
    "dictionary in struct": pa.StructArray.from_arrays([WORDS], ["x"]),
    "dictionary of numbers in list": pa.ListArray.from_arrays(OFFSETS, _of(pa.array([7]))[:2]),
    "dictionary of lists": _of(pa.array([["a"]])),
    "dictionary of structs": _of(pa.array([{"a": 1}])),
    "run ends with a null": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["a", None])),
    "run ends in struct": pa.StructArray.from_arrays(
        [pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["a", "b"]))], ["x"]),
    "not null in struct": pa.array([{"a": 1}], pa.struct([pa.field("a", pa.int64(), nullable=False)])),
    "not null in list": pa.array([[1], []], pa.list_(pa.field("item", pa.int64(), nullable=False))),
    "map of dates": pa.array([[(dt.date(2020, 1, 1), 1)]], pa.map_(pa.date32(), pa.int64())),
    "map with a key twice": pa.array([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int64())),
    "map of large texts": pa.array([[("a", 1)]], pa.map_(pa.large_string(), pa.int64())),
    "names in struct": pa.array([{"a.b": 1, "": 2, "A": 3, "a": 4}]),
    "two fields of one name": pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]),
    "null in list": pa.array([[None], []], pa.list_(pa.null())),
    "null in struct": pa.array([{"n": None}, None], pa.struct([("n", pa.null())])),
    "empty structs in list": pa.array([[{}], None], pa.list_(pa.struct([]))),
    "nulls at every depth": pa.array([{"a": {"b": None}}, {"a": None}, None, {"a": {"b": {"c": 1}}}]),
    "bytes of length 0": pa.array([b"", None], pa.binary(0)),
    "texts of control": pa.array(["\0", "a\rb", "\r", "a\u2028b", "\x85", "\ufeffa"]),
    "nothing but nulls": pa.nulls(2, pa.list_(pa.int8())),
    "the last nanosecond": pa.array([2**63 - 1, None], pa.int64()).view(pa.timestamp("ns")),
    "long durations": pa.array([2**62, None], pa.int64()).view(pa.duration("s")),
    "the last of the day": pa.array([86_399_999_999_999, None], pa.int64()).view(pa.time64("ns")),
}  # fmt: skip
NESTED = {name for name, array in MORE.items() if pa.types.is_nested(array.type)}
REFUSED: dict[str, set[str]] = {
    "arrow": set(),
    "arrow_stream": set(),
    "parquet": {
        "dictionary with a null", "dictionary of lists", "dictionary of structs", "run ends with a null",
        "run ends in struct", "empty structs in list", "bytes of length 0",
    },
    "avro": {"map of dates", "map with a key twice", "two fields of one name", "names in struct"},
    "json": {"map of dates", "map with a key twice", "two fields of one name"},
    "csv": NESTED - {"run ends with a null"} | {"dictionary of lists", "dictionary of structs", "dictionary of bytes"},
    "orc": {
        "decimal32", "decimal64", "list view", "large list view", "uuid in struct", "json in list",
        "dictionary of lists", "dictionary of structs", "null in list", "null in struct", "empty structs in list",
        "long durations", "the last of the day",
    },
}  # fmt: skip
REFUSED["ndjson"] = REFUSED["json"]


def outcome(table: pa.Table) -> str:
    """The values, to be compared: Arrow's own words where Python has no value."""
    try:
        return repr(table.to_pylist())
    except (ValueError, OverflowError):
        return str(table.combine_chunks())


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_what_is_written_is_read_back_or_refused(format: str, tmp_path: Path) -> None:
    form = get_format(format)
    for name, array in MORE.items():
        table = pa.table({"c": array, "row": pa.array(range(len(array)))})
        path = tmp_path / "t"
        if name in REFUSED[format]:
            with pytest.raises(DataError):
                save(table, path, format)
            continue
        save(table, path, format)
        found = load(path, format=format, schema=table.schema)
        assert outcome(found) == outcome(table), name
        assert found.schema.equals(without_order(table.schema, form.keeps_order)), name


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_shapes_and_fields(format: str, tmp_path: Path) -> None:
    """No rows, no columns, columns that may not be null, metadata of fields."""
    required = pa.schema(
        [pa.field("a", pa.int64(), nullable=False, metadata={"unit": "m"}), pa.field("b", pa.string())]
    )
    tables = [
        required.empty_table(),
        pa.table({"a": [1], "b": [None]}, schema=required),
        pa.table({"u": UUIDS[:0], "s": pa.StructArray.from_arrays([UUIDS[:0]], ["x"])}),
        pa.table({"a": [1, 2]}).select([]),
        pa.schema([]).empty_table(),
    ]
    refused = {"csv": [2, 3, 4], "orc": [2, 3, 4], "parquet": [3, 4]}.get(format, [])
    for place, table in enumerate(tables):
        if place in refused:
            with pytest.raises(DataError):
                save(table, tmp_path / "t", format)
            continue
        found = load(save(table, tmp_path / "t", format), format=format, schema=table.schema)
        assert found.schema.equals(table.schema, check_metadata=True), place
        assert found.num_rows == table.num_rows, place
        assert outcome(found) == outcome(table), place


HANDED_ON = {"bool", "int64", "float64", "string", "date32", "ts us None", "ts us UTC", "list", "struct", "decimal 38"}


@pytest.mark.parametrize("into", ["pylist", "pandas", "polars", "duckdb"])
def test_what_is_handed_on_comes_back_or_is_refused(into: str) -> None:
    """A library gives back the same values, or DAO refuses, on the way out or back; plain types always come back."""
    for name, array in {**TYPES, **MORE}.items():
        table = pa.table({"c": array, "row": pa.array(range(len(array)))})
        try:
            found = to_reader(convert(table, into), schema=table.schema).read_all()
        except DataError:
            assert name not in HANDED_ON - ({"list"} if into == "pandas" else set()), name
            continue
        if into == "pandas" and name == "odd floats":
            continue  # NaN is a null there
        assert outcome(found) == outcome(table), name
