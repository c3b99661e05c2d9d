"""DataFrames of pandas in: the index, the names, the metadata."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dao.arrow.convert import to_reader
from dao.errors import DataError


def _name(value: object) -> str:
    """The same in every process: an address is not, and pytest-xdist compares names."""
    return re.sub(r" at 0x\w+", "", str(value))


def table_of(data) -> pa.Table:
    return to_reader(data).read_all()


def test_an_index_that_counts_the_rows_is_left_out_and_one_with_a_name_comes_first():
    frame = pd.DataFrame({"x": [1, 2]})
    assert table_of(frame).column_names == ["x"]
    assert table_of(frame.set_index(pd.Index([0, 1]))).column_names == ["x"]
    assert table_of(frame[1:]).column_names == table_of(frame[frame["x"] > 2]).column_names == ["x"]
    assert table_of(frame.set_index(pd.Index(["a", "b"], name="k"))).to_pydict() == {"k": ["a", "b"], "x": [1, 2]}
    assert table_of(frame.rename_axis("row")).to_pydict() == {"row": [0, 1], "x": [1, 2]}


def test_every_level_of_an_index_is_a_column():
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", None)], names=["k", "n"])
    assert table_of(pd.DataFrame({"x": [1, 2]}, index=index)).to_pydict() == {
        "k": ["a", "b"],
        "n": [1, None],
        "x": [1, 2],
    }


@pytest.mark.parametrize(
    ("index", "said"),
    [
        (pd.Index(["a", "b"]), "the DataFrame's index ('a', 'b') has no name"),
        (pd.to_datetime(["2026-01-01", "2026-01-02"]), "has no name"),
        (pd.Index([5, 3]), "rename_axis('name') keeps it as a column, frame.reset_index(drop=True) drops it"),
        (pd.Index([1.0, 0.0]), "has no name"),
        (pd.Index([0, 1], name=7), "has the name 7, no text"),
        (pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", None]), "level 1 of the DataFrame's index (1, 2)"),
        (pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", "k"]), "'k' that another level has"),
        (pd.Index(["a", 1], name="k"), "column 'k', row 1: int value 1, where row 0 has str value 'a'"),
    ],
    ids=_name,
)
def test_an_index_that_no_column_can_hold_is_refused_and_never_dropped(index, said):
    with pytest.raises(DataError) as caught:
        to_reader(pd.DataFrame({"x": [1, 2]}, index=index))
    assert said in str(caught.value)


def test_an_index_that_is_a_column_too_is_kept_once_or_refused():
    frame = pd.DataFrame({"k": ["a", "b"], "x": [1, 2]})
    assert table_of(frame.set_index("k", drop=False)).column_names == ["k", "x"]
    with pytest.raises(DataError, match="index and a column are both named 'x' and differ"):
        to_reader(frame.set_index(pd.Index([8, 9], name="x")))


def test_pandas_metadata_does_not_come_along_and_the_frame_is_left_alone():
    frame = pd.DataFrame({"x": [1.5, None]}, index=pd.Index(["a", "b"], name="k"))
    before = frame.copy(deep=True)
    table = table_of(frame)
    assert table.schema.metadata is None
    assert table["x"].to_pylist() == [1.5, None]
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"x": [1, "a"]}), "column 'x', row 1: str value 'a', where row 0 has int value 1"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "columns of one name: 'a'"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "columns whose names are no text: 1; frame.columns ="),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "several levels"),
    ],
    ids=["object", "twice", "no text", "levels"],
)
def test_frames_that_are_no_table_are_refused(frame, message):
    with pytest.raises(DataError) as caught:
        to_reader(frame)
    assert message in str(caught.value)


DAY, NOON = dt.date(2026, 1, 1), dt.datetime(2026, 1, 1, 12)
LATER = pd.Timestamp(NOON) + pd.Timedelta(1, "ns")
AWARE = NOON.replace(tzinfo=ZoneInfo("Europe/Berlin"))


def objects(values) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        array[place] = value
    return array


def told(data) -> tuple[str, list]:
    try:
        table = table_of(data)
    except DataError as error:
        return "refused", [str(error)]
    return str(table.schema.field(0).type), table.column(0).to_pylist()


@pytest.mark.parametrize(
    "values",
    [
        [1, True], [True, 1], [1.5, True], [2**53 + 1, 0.5], [Decimal("1.5"), 2.5], ["a", 1], [1, "a"], [DAY, NOON],
        [pd.Timestamp(NOON), DAY], [NOON, AWARE], [AWARE, NOON], [dt.timedelta(1), 5], [b"a", "b"], ["b", b"a"],
        [np.bool_(True), 1], [[1], 1], [{"a": 1}, [1]], [[1, "a"]], [{"a": [1, True]}], [dt.time(1), dt.timedelta(1)],
        [dt.time(1, tzinfo=dt.UTC)], [np.datetime64("2026-01-01"), NOON], [1j], [object], [pd.Period("2026-01")],
        ["ok", "\ud800"], [2**64], [-1, np.uint64(2**63)],
    ],
    ids=_name,
)  # fmt: skip
def test_objects_of_several_kinds_are_refused_as_they_are_in_dicts(values):
    expected = told([{"a": value} for value in values])
    assert expected[0] == "refused"
    assert told(pd.DataFrame({"a": pd.Series(objects(values), dtype=object)})) == expected
    assert told({"a": objects(values)}) == told({"a": values}) == expected


@pytest.mark.parametrize(
    ("values", "kind", "out"),
    [
        ([1, 2.5], "double", [1.0, 2.5]),
        ([Decimal("1.5"), 2], "decimal128(2, 1)", [Decimal("1.5"), Decimal("2.0")]),
        ([Decimal("9.50"), 100], "decimal128(5, 2)", [Decimal("9.50"), Decimal("100.00")]),
        ([np.float16(1.5), 1], "double", [1.5, 1.0]),
        ([np.float32(0.5), np.int8(2)], "double", [0.5, 2.0]),
        ([np.void(b"ab"), b"c", memoryview(b"d")], "binary", [b"ab", b"c", b"d"]),
        ([np.datetime64("2026-01-01"), DAY], "date32[day]", [DAY, DAY]),
        ([np.datetime64("2026-01-01T12"), NOON, np.datetime64("NaT")], "timestamp[us]", [NOON, NOON, None]),
        ([NOON, LATER], "timestamp[ns]", [pd.Timestamp(NOON), LATER]),
        ([dt.timedelta(1), np.timedelta64(1, "ns")], "duration[ns]", [pd.Timedelta(1, "D"), pd.Timedelta(1, "ns")]),
        ([np.timedelta64(2, "D"), dt.timedelta(1)], "duration[us]", [dt.timedelta(2), dt.timedelta(1)]),
        ([np.array([1, 2]), [3]], "list<item: int64>", [[1, 2], [3]]),
        ([pa.scalar(1), 2], "int64", [1, 2]),
    ],
    ids=_name,
)  # fmt: skip
def test_objects_of_one_kind_keep_every_value_in_frames_as_in_dicts(values, kind, out):
    for data in (
        pd.DataFrame({"a": pd.Series(objects(values), dtype=object)}),
        [{"a": v} for v in values],
        {"a": values},
    ):
        assert told(data) == (kind, out)


@pytest.mark.parametrize("value", [DAY, NOON, "a", True, 1, b"x", [1]], ids=str)
def test_nan_nat_none_and_na_are_nulls_in_an_object_column(value):
    frame = pd.DataFrame({"a": pd.Series(objects([None, np.nan, pd.NaT, pd.NA, value]), dtype=object)})
    assert told(frame)[1] == [None, None, None, None, value]


def test_categories_that_mix_kinds_are_refused():
    with pytest.raises(DataError, match="column 'a', row 1: datetime value"):
        to_reader(pd.DataFrame({"a": pd.Categorical([DAY, NOON], categories=pd.Index([DAY, NOON], dtype=object))}))


@pytest.mark.parametrize(
    ("array", "kind", "out"),
    [
        (np.array(["2026-01-01"], "M8[D]"), "date32[day]", [DAY]),
        (np.array(["2026-01"], "M8[M]"), "date32[day]", [DAY]),
        (np.array(["2026-01-01T12"], "M8[h]"), "timestamp[s]", [NOON]),
        (np.array(["2026-01-01T12:00", "NaT"], "M8[m]"), "timestamp[s]", [NOON, None]),
        (np.array([1, "NaT"], "m8[W]"), "duration[s]", [dt.timedelta(7), None]),
        (np.array([1000], "m8[ps]"), "duration[ns]", [pd.Timedelta(1, "ns")]),
        (np.array([1, 2], ">i4"), "int32", [1, 2]),
        (np.array([(1, "x")], [("n", "i4"), ("t", "U1")]), "struct<n: int64, t: string>", [{"n": 1, "t": "x"}]),
        (pd.Series(pd.arrays.SparseArray([0, 0, 5])), "int64", [0, 0, 5]),
        (pd.Series(pd.arrays.SparseArray([np.nan, 1.5])), "double", [None, 1.5]),
        (pd.Series([1, None], dtype=pd.ArrowDtype(pa.int8())), "int8", [1, None]),
        (pd.Series(["a", None], dtype="string[python]"), "string", ["a", None]),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_numpy_and_pandas_columns_of_every_type_keep_their_values(array, kind, out):
    assert told({"a": array}) == (kind, out)
    if isinstance(array, pd.Series):
        assert told(pd.DataFrame({"a": array})) == (kind, out)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.array([1], "m8[M]"), "'a' is timedelta64[M], a span of no fixed length"),
        (np.array([1], "m8[ps]"), "'a' is timedelta64[ps], and holds a value that ns can't hold exactly"),
        (np.array([1j]), "column 'a'"),
        (np.zeros((2, 2)), "an array of 2 dimensions is no column"),
    ],
    ids=["months", "picoseconds", "complex", "matrix"],
)
def test_numpy_columns_that_arrow_cant_hold_are_refused(array, said):
    with pytest.raises(DataError) as caught:
        to_reader({"a": array})
    assert said in str(caught.value)


def test_values_that_hold_themselves_or_stand_for_too_many_are_refused():
    holder: list = [1]
    holder.append(holder)
    record: dict = {}
    record["a"] = [record]
    deep: list = []
    for _ in range(70):
        deep = [deep]
    many: list = [0] * 1000
    for _ in range(20):
        many = [many] * 1000
    for value, said in (
        (holder, "contains itself"), (record, "contains itself"), (deep, "deeper than 64 levels"),
        (many, "2147483647 values"),
    ):  # fmt: skip
        for data in ([{"a": value}], {"a": [value]}, pd.DataFrame({"a": pd.Series([value], dtype=object)})):
            with pytest.raises(DataError, match=said):
                to_reader(data)
    shared = [1, 2]
    assert told({"a": [[shared, shared], [shared]]})[1] == [[[1, 2], [1, 2]], [[1, 2]]]


PERIODS = pd.period_range("2026-01", periods=2, freq="M")
SPANS = pd.interval_range(0, 2)


@pytest.mark.parametrize("values", [PERIODS, SPANS], ids=["period", "interval"])
def test_what_arrow_has_as_bare_numbers_is_refused(values):
    """A period is a number of months, and nothing says of which."""
    forms = [
        pd.DataFrame({"x": values}),
        pd.DataFrame({"y": [1, 2]}, index=values.rename("x")),
        pd.DataFrame({"x": pd.Categorical(values)}),
        {"x": pd.Series(values)},
        {"x": values},
        {"x": values.array},
    ]
    for form in forms:
        with pytest.raises(DataError, match=r"'x' is of pandas' type .*: give .* or their names, by .astype\(str\)"):
            table_of(form)


def test_what_the_refusal_advises_works():
    frame = pd.DataFrame({"p": PERIODS, "i": SPANS})
    given = {"begin": frame["p"].dt.to_timestamp(), "left": frame["i"].array.left, "name": frame["i"].astype(str)}
    assert table_of(given).num_rows == 2


@pytest.mark.parametrize("values", [pd.Series([1j]), np.array([1j]), pd.array([1j])], ids=type)
def test_complex_numbers_are_refused_with_a_way_out(values):
    with pytest.raises(DataError, match=r"'x' is complex128, .*: give \.real and \.imag"):
        table_of({"x": values})


@pytest.mark.parametrize(
    "series",
    [
        pd.Series(pd.Categorical([1, None, 2])),
        pd.Series(pd.date_range("2026", periods=2, tz="Europe/Berlin")),
        pd.Series([1, None], dtype="Int64"),
        pd.Series(pd.arrays.SparseArray([0.0, np.nan])),
    ],
    ids=lambda series: str(series.dtype),
)
def test_an_array_of_pandas_is_what_its_series_is(series):
    assert table_of({"x": series.array}).equals(table_of({"x": series}))
    assert table_of({"x": pd.Index(series)}).column(0).to_pylist() == table_of({"x": series}).column(0).to_pylist()
