"""A schema for a stream: every value as it was, or an error that names the one that would change."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings

from dao.arrow.convert import cast_array, cast_column, conform, to_reader
from dao.errors import DataError
from dao.testing._tables import CASES, same_table, tables

NAN = float("nan")
NOON = dt.datetime(2026, 1, 2, 12)
MIDNIGHT = dt.datetime(2026, 1, 2)


def cast(values, given, wanted):
    table = pa.table({"v": pa.array(values, given)})
    return conform(table.to_reader(), pa.schema([("v", wanted)])).read_all()["v"]


ENCODED = pa.dictionary(pa.int32(), pa.string())
POINT = pa.struct([("x", pa.float64()), ("n", pa.int64())])
NARROW = pa.struct([("n", pa.int8()), ("x", pa.float32())])


@pytest.mark.parametrize(
    ("values", "given", "wanted"),
    [
        ([1, -128, None], pa.int64(), pa.int8()),
        ([1, 2**53], pa.int64(), pa.float64()),
        ([1.0, -2.0], pa.float64(), pa.int8()),
        ([0.5, NAN, float("inf"), -0.0], pa.float64(), pa.float32()),
        ([0.5, 65504.0], pa.float64(), pa.float16()),
        ([0.5, 0.1], pa.float64(), pa.decimal128(5, 2)),
        ([Decimal("0.10")], pa.decimal128(5, 2), pa.float64()),
        ([Decimal("1.50")], pa.decimal128(10, 2), pa.decimal128(5, 1)),
        ([Decimal("7")], pa.decimal128(20, 0), pa.int64()),
        ([7], pa.int8(), pa.decimal128(20, 2)),
        ([9, None, -9], pa.int64(), pa.decimal128(2, 1)),
        ([[9], None], pa.list_(pa.int64()), pa.list_(pa.decimal128(2, 1))),
        ([MIDNIGHT], pa.timestamp("us"), pa.date32()),
        ([MIDNIGHT.date()], pa.date32(), pa.timestamp("ns")),
        ([NOON], pa.timestamp("us"), pa.timestamp("s")),
        ([NOON], pa.timestamp("us", "UTC"), pa.timestamp("ms", "Asia/Tokyo")),
        ([dt.time(1)], pa.time64("ns"), pa.time32("s")),
        ([dt.timedelta(1)], pa.duration("us"), pa.duration("s")),
        (["a", None], pa.string(), pa.large_string()),
        (["a"], pa.string_view(), pa.string()),
        ([b"a"], pa.binary(), pa.string()),
        (["a"], pa.string(), pa.binary()),
        ([b"ab"], pa.binary(), pa.binary(2)),
        (["a", None, "a"], ENCODED, pa.string()),
        (["a", None], pa.string(), ENCODED),
        (["a"], pa.large_string(), pa.dictionary(pa.int8(), pa.string())),
        (["a", None], ENCODED, pa.dictionary(pa.int8(), pa.large_string())),
        ([None], pa.null(), POINT),
        ([[1, None], None], pa.list_(pa.int64()), pa.large_list(pa.int8())),
        ([[1, 2]], pa.list_(pa.int64()), pa.list_(pa.int8(), 2)),
        ([{"x": NAN, "n": 1}, None], POINT, NARROW),
        ([[{"x": 0.5, "n": 1}], []], pa.list_(POINT), pa.list_(NARROW)),
        ([[("a", 1)], None], pa.map_(pa.string(), pa.int64()), pa.map_(pa.large_string(), pa.int8())),
    ],
    ids=lambda x: str(x)[:40],
)
def test_casts_that_keep_every_value(values, given, wanted):
    column = cast(values, given, wanted)
    assert column.type == wanted
    if pa.types.is_null(given):
        assert column.null_count == len(values)
        return
    if pa.types.is_dictionary(wanted):
        column = pa.chunked_array([chunk.dictionary_decode() for chunk in column.chunks])
    back = column.cast(_plain(given), safe=False)
    same_table(pa.table({"v": back}), pa.table({"v": pa.array(values, _plain(given))}))


def _plain(kind):
    return kind.value_type if pa.types.is_dictionary(kind) else kind


@pytest.mark.parametrize(
    ("values", "given", "wanted", "shown"),
    [
        ([1, 300], pa.int64(), pa.int8(), "300"),
        ([1, -1], pa.int64(), pa.uint64(), "-1"),
        ([1, 2**53 + 1], pa.int64(), pa.float64(), "9007199254740993"),
        ([0.5, 0.1], pa.float64(), pa.float32(), "0.1"),
        ([1.0, 1e39], pa.float64(), pa.float32(), "1e+39"),
        ([1.0, 1.5], pa.float64(), pa.int64(), "1.5"),
        ([1.0, NAN], pa.float64(), pa.int64(), "nan"),
        ([9, 10], pa.int64(), pa.decimal128(2, 1), "10"),
        ([9, 2**64 - 1], pa.uint64(), pa.decimal32(5, 2), "18446744073709551615"),
        ([9, -(2**63)], pa.int64(), pa.decimal64(5, 2), "-9223372036854775808"),
        ([Decimal(1), Decimal(2**64 - 1)], pa.decimal128(20, 0), pa.decimal32(5, 2), "18446744073709551615"),
        ([Decimal(1), Decimal(2**192 - 1)], pa.decimal256(60, 0), pa.decimal128(38, 0), str(2**192 - 1)[:30]),
        ([1.0, 2.0**64], pa.float64(), pa.decimal32(5, 2), "1.8446744073709552e+19"),
        ([0.5, 0.125], pa.float64(), pa.decimal128(5, 2), "0.125"),
        ([0.5, NAN], pa.float64(), pa.decimal128(5, 2), "nan"),
        ([Decimal(1), Decimal("12345678901234567890")], pa.decimal128(20, 0), pa.float64(), "12345678901234567890"),
        ([Decimal("1.10"), Decimal("1.25")], pa.decimal128(5, 2), pa.decimal128(5, 1), "1.25"),
        ([Decimal("1.00"), Decimal("1.25")], pa.decimal128(5, 2), pa.int64(), "1.25"),
        ([MIDNIGHT, NOON], pa.timestamp("us"), pa.date32(), "12, 0"),
        ([NOON, NOON.replace(microsecond=1)], pa.timestamp("us"), pa.timestamp("ms"), "12, 0, 0, 1"),
        ([NOON, dt.datetime(9999, 1, 1)], pa.timestamp("us"), pa.timestamp("ns"), "9999"),
        ([b"a", b"\xff"], pa.binary(), pa.string(), "xff"),
        ([b"ab", b"a"], pa.binary(), pa.binary(2), "b'a'"),
        ([[1], [1, 300]], pa.list_(pa.int64()), pa.list_(pa.int8()), "300"),
        ([{"x": 0.5, "n": 1}, {"x": 0.1, "n": 1}], POINT, NARROW, "0.1"),
        ([[0.5], [0.1]], pa.list_(pa.float64()), pa.list_(pa.float32()), "0.1"),
        ([[("a", 0.5)], [("a", 0.1)]], pa.map_(pa.string(), pa.float64()), pa.map_(pa.string(), pa.float32()), "0.1"),
    ],
    ids=lambda x: str(x)[:40],
)
def test_casts_that_would_change_a_value_name_it_and_its_row(values, given, wanted, shown):
    with pytest.raises(DataError) as caught:
        cast(values, given, wanted)
    message = str(caught.value)
    assert message.startswith("column 'v': ")
    assert message.endswith("at row 1")
    assert shown in message


@pytest.mark.parametrize(
    ("given", "wanted", "why"),
    [
        (pa.string(), pa.int64(), "text can't become numbers (of a text file: schema= or types= of its object"),
        (pa.int64(), pa.string(), "numbers can't become text"),
        (pa.int64(), pa.timestamp("us"), "numbers can't become dates"),
        (pa.bool_(), pa.int8(), "truth values can't become numbers"),
        (pa.timestamp("us"), pa.timestamp("us", "UTC"), "a zone is neither assumed nor dropped"),
        (pa.timestamp("us", "UTC"), pa.timestamp("us"), "a zone is neither"),
        (pa.timestamp("us", "UTC"), pa.date32(), "a zone is neither"),
        (POINT, pa.struct([("x", pa.float64())]), "the fields differ: 'n'"),
        (pa.list_(pa.string()), pa.list_(pa.int8()), "text can't become numbers"),
        (pa.map_(pa.string(), pa.int8()), pa.map_(pa.int8(), pa.int8()), "text can't"),
        (ENCODED, pa.int8(), "text can't become numbers"),
        (pa.list_(pa.int8()), pa.int8(), "lists can't become numbers"),
    ],
    ids=str,
)
def test_types_that_never_fit_are_refused_before_anything_is_read(given, wanted, why):
    with pytest.raises(DataError) as caught:
        conform(pa.table({"v": pa.array([], given)}).to_reader(), pa.schema([("v", wanted)]))
    assert why in str(caught.value)
    assert "column 'v' is" in str(caught.value)


def test_rows_are_counted_over_the_whole_stream():
    chunked = pa.table({"v": pa.chunked_array([[1, 2], [3], [4, 300]])})
    with pytest.raises(DataError, match="300 at row 4"):
        to_reader(chunked, schema=pa.schema([("v", pa.int8())])).read_all()


@pytest.mark.parametrize(
    ("values", "given", "wanted"),
    [
        ([[300], [1], [300]], pa.list_(pa.int64()), pa.list_(pa.int8())),
        ([[0.1], [0.5], [0.1]], pa.list_(pa.float64()), pa.list_(pa.float32())),
        (
            [[("a", 0.1)], [("a", 0.5)], [("a", 0.1)]],
            pa.map_(pa.string(), pa.float64()),
            pa.map_(pa.string(), pa.float32()),
        ),
        ([{"x": 0.1, "n": 300}, {"x": 0.5, "n": 1}, None], POINT, NARROW),
    ],
    ids=str,
)
def test_values_that_a_slice_leaves_out_do_not_matter(values, given, wanted):
    table = pa.table({"v": pa.array(values, given)}).slice(1, 1)
    cast = to_reader(table, schema=pa.schema([("v", wanted)])).read_all()
    assert cast["v"].to_pylist() == [values[1]]


def test_missing_and_unknown_columns_are_all_named():
    table = pa.table({"id": [1], "nmae": ["a"], "other": [1]})
    with pytest.raises(DataError) as caught:
        to_reader(table, schema=pa.schema([("id", pa.int64()), ("name", pa.string()), ("zzz", pa.int8())]))
    message = str(caught.value)
    assert "column 'nmae' is not in the schema (did you mean 'name'?)" in message
    assert "column 'other' is not in the schema" in message
    assert "'zzz'" in message


def test_a_column_that_is_there_twice_is_refused():
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(DataError, match="column 'a' occurs twice"):
        to_reader(twice, schema=pa.schema([("a", pa.int8())]))


def test_columns_come_in_the_order_of_the_schema_with_its_metadata():
    schema = pa.schema([("b", pa.int8()), ("a", pa.int8())], metadata={"who": "someone"})
    table = to_reader(pa.table({"a": [1], "b": [2]}), schema=schema).read_all()
    assert table.schema.equals(schema, check_metadata=True)
    assert table.to_pydict() == {"b": [2], "a": [1]}


def test_a_schema_may_be_declared_in_any_way():
    table = to_reader(pa.table({"v": [1]}), schema={"v": "smallint not null"}).read_all()
    assert table.schema == pa.schema([pa.field("v", pa.int16(), nullable=False)])


def test_a_table_without_columns_stays_one():
    assert to_reader(pa.table({}), schema=pa.schema([])).read_all().num_columns == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_fits_its_own_schema(case):
    same_table(to_reader(case.table, schema=case.table.schema), case.table)


@settings(deadline=None)
@given(tables())
def test_any_table_fits_its_own_schema(table):
    same_table(to_reader(table, schema=table.schema), table)


VIEW = pa.list_view(pa.int64())


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (pa.list_(pa.int64()), VIEW),
        (VIEW, pa.large_list(pa.int8())),
        (VIEW, pa.large_list_view(pa.float64())),
        (VIEW, pa.list_(pa.int64(), 2)),
        (pa.list_(ENCODED), pa.list_view(pa.string())),
        (pa.struct([("x", ENCODED)]), pa.struct([("x", pa.dictionary(pa.int8(), pa.large_string()))])),
        (pa.struct([("x", pa.string())]), pa.struct([("x", ENCODED)])),
        (pa.run_end_encoded(pa.int32(), pa.int64()), pa.int8()),
        (pa.int8(), pa.run_end_encoded(pa.int32(), pa.int64())),
    ],
    ids=str,
)
def test_layouts_that_arrow_does_not_cast_are_cast_with_their_nulls(given, wanted):
    values = {"list": [None, [1, 2], None, [3, 4]], "struct": [None, {"x": "a"}, {"x": None}]}
    found = next((rows for name, rows in values.items() if name in str(given)), [None, 1, 1, 2])
    if "dictionary" in str(given) and "list" in str(given):
        found = [None, ["a", None], [], ["b", "a"]]
    column = cast_array(pa.array([*found, *found], given).slice(1), wanted)
    column.validate(full=True)
    assert column.type == wanted
    assert column.to_pylist() == [*found, *found][1:]


def test_a_dictionary_keeps_the_order_and_all_of_its_categories_when_it_is_cast():
    sizes = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int8()), pa.array(["S", "M", "L"]), ordered=True)
    cast = cast_array(sizes, pa.dictionary(pa.int32(), pa.large_string(), ordered=True))
    assert cast.dictionary.to_pylist() == ["S", "M", "L"]
    assert cast.to_pylist() == ["M", "S"]
    with pytest.raises(pa.ArrowInvalid, match="ordered"):
        cast_array(pa.array(["S"]), cast.type)


def test_categories_that_no_row_has_do_not_stop_a_cast():
    array = pa.DictionaryArray.from_arrays(pa.array([0, None], pa.int8()), pa.array([1, 300]))
    assert cast_column(array, pa.field("v", pa.dictionary(pa.int8(), pa.int8()))).to_pylist() == [1, None]
    with pytest.raises(DataError, match="300"):
        cast_column(array.take(pa.array([0])).dictionary, pa.field("v", pa.int8()))


@pytest.mark.parametrize("kind", [pa.list_(ENCODED), ENCODED, VIEW], ids=str)
def test_rounding_is_found_inside_every_layout(kind):
    values = pa.array([0.5, 0.1])
    array, narrow = values, pa.float32()
    if kind is not VIEW:
        array, narrow = array.dictionary_encode(), pa.dictionary(pa.int32(), narrow)
    if kind is not ENCODED:
        make, into = (pa.ListViewArray, pa.list_view) if kind is VIEW else (pa.ListArray, pa.list_)
        array = pa.ListArray.from_arrays([0, 1, 2], array)
        array = cast_array(array, into(array.type.value_type))
        assert isinstance(array, make)
        narrow = into(narrow)
    with pytest.raises(DataError, match=r"column 'v': .* would change the value .*0.1"):
        cast_column(array, pa.field("v", narrow))


@pytest.mark.parametrize("value", [2**62, -(2**62), 10**15])
def test_a_moment_that_python_has_no_year_for_is_named(value):
    seconds = pa.table({"v": pa.array([1, value], pa.timestamp("s"))})
    with pytest.raises(DataError, match=rf"column 'v': .* would change the value {value} of timestamp\[s\] at row 1"):
        to_reader(seconds, schema=pa.schema({"v": pa.timestamp("us")})).read_all()
