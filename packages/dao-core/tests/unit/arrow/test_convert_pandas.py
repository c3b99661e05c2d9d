"""Results as frames of pandas: types that its users expect, and no value that changes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore, TableObject
from dao.arrow.convert import convert, to_reader
from dao.errors import DataError

HUGE = 2**53 + 1


def test_pandas_has_the_types_that_its_users_expect():
    zone = dt.UTC
    table = pa.table(
        {
            "int": [1, 2],
            "int_null": [1, None],
            "bool_null": [True, None],
            "text": ["a", None],
            "date": [dt.date(1, 1, 1), None],
            "at": pa.array([dt.datetime(9999, 12, 31, tzinfo=zone), None], pa.timestamp("us", "UTC")),
            "price": [Decimal("1.50"), None],
            "word": pa.array(["a", "b"]).dictionary_encode(),
            "span": pa.array([1, None], pa.duration("s")),
        }
    )
    frame = convert(table, "pandas")
    assert frame.dtypes.astype(str).to_dict() == {
        "int": "int64",
        "int_null": "Int64",
        "bool_null": "boolean",
        "text": "str",
        "date": "object",
        "at": "datetime64[us, UTC]",
        "price": "object",
        "word": "category",
        "span": "timedelta64[s]",
    }
    assert frame["date"][0] == dt.date(1, 1, 1)
    assert frame["price"][0] == Decimal("1.50")
    assert frame["at"][0].year == 9999


@pytest.mark.parametrize(("kind", "dtype"), [(pa.int64(), "Int64"), (pa.uint64(), "UInt64")])
@pytest.mark.parametrize("big", [HUGE, 2**63 - 1])
def test_integers_with_nulls_beyond_what_a_float_holds_stay_integers(kind, dtype, big):
    frame = convert(pa.table({"a": [1, 2], "v": pa.array([big, None], kind), "z": [1, 2]}), "pandas")
    assert list(frame.columns) == ["a", "v", "z"]
    assert frame["v"].dtype == dtype
    assert frame["v"][0] == big
    assert frame["v"][1] is pd.NA


def test_a_most_negative_integer_beside_a_null_stays_one():
    frame = convert(pa.table({"v": [-(2**63), None]}), "pandas")
    assert frame["v"][0] == -(2**63)


@pytest.mark.parametrize("name", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_integers_with_a_null_are_nullable_whatever_their_values(name):
    frame = convert(pa.table({"v": pa.array([1, None], name), "none": pa.nulls(2, name)}), "pandas")
    nullable = {"u": "UInt", "i": "Int"}[name[0]] + name.lstrip("uint")
    assert [str(dtype) for dtype in frame.dtypes] == [nullable, nullable]
    assert convert(pa.table({"v": pa.array([1], name)}), "pandas")["v"].dtype == name


@pytest.mark.parametrize("format", ["parquet", "csv", "ndjson", "arrow", "orc", "avro"])
@pytest.mark.parametrize("values", [[1, 0], [1, None], [None, None]], ids=str)
def test_nullable_columns_of_pandas_come_back_so_whatever_their_values(format, values, tmp_path):
    dtypes = {"a": "Int64", "b": "boolean", "c": "Int8"}
    frame = pd.DataFrame({name: pd.array(values, dtype=dtype) for name, dtype in dtypes.items()})
    frame["plain"] = [1, 2]
    table = TableObject("t", DataStore("s", "local", options={"root": str(tmp_path)}), format=format)
    dao = DataAccessObject()
    dao.write(frame, table)
    dao.write(frame, table, mode="append")
    pd.testing.assert_frame_equal(dao.read(table, into="pandas"), pd.concat([frame, frame], ignore_index=True))


def test_the_only_column_may_be_an_exact_one():
    frame = convert(pa.table({"v": [HUGE, None, 1]}), "pandas")
    assert frame["v"].tolist() == [HUGE, pd.NA, 1]
    assert frame.index.equals(pd.RangeIndex(3))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([HUGE, None], pa.list_(pa.int64())),
        ({"n": HUGE}, pa.struct([("n", pa.int64())])),
        ([("k", HUGE), ("l", None)], pa.map_(pa.string(), pa.int64())),
        ([[HUGE], None, [None]], pa.list_(pa.list_(pa.int64()))),
    ],
    ids=str,
)
def test_big_integers_with_nulls_inside_nested_values_are_kept(value, kind):
    table = pa.table({"v": pa.array([value, None], kind)})
    frame = convert(table, "pandas")
    assert str(HUGE) in str(to_reader(frame).read_all()["v"].to_pylist())


def test_times_keep_their_nanoseconds():
    exact = convert(pa.table({"t": pa.array([1, None], pa.time64("ns"))}), "pandas")
    assert exact["t"].dtype == pd.ArrowDtype(pa.time64("ns"))
    whole = convert(pa.table({"t": pa.array([1000, None], pa.time64("ns"))}), "pandas")
    assert whole["t"][0] == dt.time(0, 0, 0, 1)


def test_pandas_metadata_of_a_table_is_not_heeded():
    frame = pd.DataFrame({"x": [1, 2]}, index=pd.Index(["a", "b"], name="k"))
    out = convert(pa.Table.from_pandas(frame), "pandas")
    assert list(out.columns) == ["x", "k"]
    assert out.index.equals(pd.RangeIndex(2))


def test_pandas_text_is_not_copied():
    table = pa.table({"s": pa.array([f"text {n}" for n in range(1_000)], pa.large_string())})
    series = convert(table, "pandas")["s"]
    chunk = (
        pa.chunked_array(pa.array(series)) if not isinstance(pa.array(series), pa.ChunkedArray) else pa.array(series)
    )
    assert chunk.chunk(0).buffers()[2].address == table["s"].chunk(0).buffers()[2].address


def test_a_value_that_pandas_cant_hold_is_a_data_error():
    early = pa.table({"d": pa.array([-(10**6)], pa.date32())})
    with pytest.raises(DataError, match="into='pandas'.*into='arrow' keeps every type"):
        convert(early, "pandas")
