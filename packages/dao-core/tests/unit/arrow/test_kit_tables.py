"""The conformance kit's tables: valid, complete, and compared without mercy."""

from __future__ import annotations

import io
import math
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dao.arrow.models import parse_type
from dao.capabilities import RELAXATIONS, TYPES
from dao.errors import DataError
from dao.testing._tables import CASES, features_of, same_table, tables

by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@by_case
def test_cases_are_valid_and_the_same_as_themselves(case):
    case.table.validate(full=True)
    same_table(case.table, case.table)
    same_table(case.table, case.table, ordered=False)
    assert case.features <= TYPES.keys()
    assert case.fits([])
    assert not case.fits(list(case.features)[:1])


def test_a_lacking_type_costs_its_own_columns_alone() -> None:
    one_row = next(case for case in CASES if case.name == "one_row")
    kept = one_row.without({"decimal128", "timestamp_us", "list"})
    assert kept is not None
    assert kept.table.column_names == ["flag", "count", "ratio", "name", "raw", "day"]
    assert kept.fits({"decimal128", "timestamp_us"})
    assert one_row.without({"list"}) == one_row


def test_a_case_that_is_about_what_is_lacking_is_left_out() -> None:
    by_name = {case.name: case for case in CASES}
    assert by_name["no_rows"].without({"no_rows"}) is None, "a value, which no column can be left out for"
    assert by_name["list_of_struct"].without({"struct"}) is None, "no column is left"


def test_names_are_unique_and_every_feature_has_a_case():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert set().union(*(case.features for case in CASES)) == TYPES.keys()


@by_case
def test_arrow_files_keep_every_case(case):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, case.table.schema) as writer:
        writer.write_table(case.table)
    same_table(pa.ipc.open_stream(sink.getvalue()), case.table)


@by_case
def test_parquet_keeps_every_case_within_what_is_declared(case):
    sink = io.BytesIO()
    if case.name == "fixed_size_list_null" and int(pa.__version__.partition(".")[0]) < 26:
        pytest.skip("Parquet files of pyarrow before 26 can't hold a null list of fixed size")
    pq.write_table(case.table, sink)
    if case.name == "struct_null_of_required":  # once this passes, dao_files.formats need not write another schema
        with pytest.raises(pa.ArrowInvalid, match="Expected all lists to be of size=2"):
            pq.read_table(io.BytesIO(sink.getvalue()))
        return
    same_table(pq.read_table(io.BytesIO(sink.getvalue())), case.table, relax=["units"])


def test_the_edges_are_there():
    def values(name):
        return next(case for case in CASES if case.name == name).table.column(0).to_pylist()

    assert {-(2**63), 2**63 - 1} <= set(values("int64"))
    assert 2**64 - 1 in values("uint64")
    assert str(values("date32_early")[0]) == "0001-01-01"
    assert str(values("date32_late")[0]) == "9999-12-31"
    assert str(values("timestamp_us_late")[0]) == "9999-12-31 23:59:59.999999"
    assert str(values("timestamp_us_early")[0]) == "0001-01-01 00:00:00"
    assert str(values("decimal_38_0")[0]) == "9" * 38
    assert math.isnan(values("float64_nan")[0])
    assert math.copysign(1, values("float64_negative_zero")[0]) == -1
    assert values("float64_subnormal")[0] == 5e-324
    assert values("float16")[2] == 65504.0


# The comparison


def column(values, kind):
    return pa.table({"v": pa.array(values, kind)})


DIFFERENT = {
    "value": ([1], "int64", [2], "int64"),
    "null": ([None], "int64", [0], "int64"),
    "null is not NaN": ([None], "double", [math.nan], "double"),
    "sign of zero": ([0.0], "double", [-0.0], "double"),
    "sign of a small zero": ([0.0], "float", [-0.0], "float"),
    "sign of the smallest zero": ([0.0], "float16", [-0.0], "float16"),
    "last bit": ([0.1], "double", [math.nextafter(0.1, 1)], "double"),
    "empty text": ([""], "string", [None], "string"),
    "normal form": (["\u00e9"], "string", ["e\u0301"], "string"),
    "trailing space": (["a "], "string", ["a"], "string"),
    "empty list": ([[]], "list<int64>", [None], "list<int64>"),
    "null in a list": ([[None]], "list<int64>", [[0]], "list<int64>"),
    "sign of zero in a list": ([[0.0]], "list<double>", [[-0.0]], "list<double>"),
    "order in a list": ([[1, 2]], "list<int64>", [[2, 1]], "list<int64>"),
    "null struct": ([None], "struct<a: int64>", [{"a": None}], "struct<a: int64>"),
    "sign of zero in a struct": ([{"a": 0.0}], "struct<a: double>", [{"a": -0.0}], "struct<a: double>"),
    "map": ([[("a", 1)]], "map<string, int64>", [[("a", 2)]], "map<string, int64>"),
    "width": ([1], "int64", [1], "int32"),
    "unit": ([0], "timestamp[us]", [0], "timestamp[ms]"),
    "zone": ([0], "timestamp[us, tz=UTC]", [0], "timestamp[us]"),
    "other zone": ([0], "timestamp[us, tz=UTC]", [0], "timestamp[us, tz=Asia/Tokyo]"),
    "scale": ([1], "decimal(5, 1)", [1], "decimal(5, 2)"),
    "layout": (["a"], "large_string", ["a"], "string"),
    "field name": ([{"a": 1}], "struct<a: int64>", [{"b": 1}], "struct<b: int64>"),
    "nanosecond": ([1], "timestamp[ns]", [2], "timestamp[ns]"),
    "dictionary": (["a"], "dictionary<string>", ["b"], "dictionary<string>"),
}


@pytest.mark.parametrize(("a", "kind_a", "b", "kind_b"), DIFFERENT.values(), ids=DIFFERENT)
@pytest.mark.parametrize("ordered", [True, False])
def test_every_difference_is_noticed_both_ways(a, kind_a, b, kind_b, ordered):
    one, other = column(a, parse_type(kind_a)), column(b, parse_type(kind_b))
    for actual, expected in ((one, other), (other, one)):
        with pytest.raises(AssertionError, match="^the tables differ:\n  "):
            same_table(actual, expected, ordered=ordered)


SAME = {
    "NaN": ([math.nan], "double"),
    "NaN in a struct": ([{"a": math.nan}], "struct<a: double>"),
    "NaN in a list": ([[math.nan, None]], "list<double>"),
}


@pytest.mark.parametrize(("values", "kind"), SAME.values(), ids=SAME)
@pytest.mark.parametrize("ordered", [True, False])
def test_what_is_the_same_is_not_reported(values, kind, ordered):
    same_table(column(values, parse_type(kind)), column(values, parse_type(kind)), ordered=ordered)


def test_all_nans_are_one():
    bits = pa.array([0x7FF8000000000001, 0xFFF8000000000000], pa.uint64()).view(pa.float64())
    same_table(pa.table({"v": bits}), column([math.nan, math.nan], pa.float64()))


def test_chunks_metadata_and_names_of_items_do_not_count():
    kind = pa.list_(pa.field("element", pa.int64()))
    one = pa.table({"v": pa.chunked_array([[[1]], [[2]]], kind)}).replace_schema_metadata({"k": "v"})
    same_table(one, column([[1], [2]], pa.list_(pa.int64())))


def test_the_message_says_where_what_and_instead_of_what():
    actual = pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]})
    expected = pa.table({"a": [1, 9, 3], "b": ["x", "y", "z"]})
    with pytest.raises(AssertionError) as caught:
        same_table(actual, expected)
    assert str(caught.value) == (
        "the tables differ:\n  column 'a', row 1: 2 instead of 9\n  column 'b', row 1: null instead of 'y'"
    )


def test_the_message_stays_short():
    with pytest.raises(AssertionError) as caught:
        same_table(pa.table({"a": range(100)}), pa.table({"a": range(1, 101)}))
    assert str(caught.value).endswith("\n  and 90 more")


@pytest.mark.parametrize(
    ("actual", "expected", "says"),
    [
        ({"a": [1]}, {"b": [1]}, "column 'b' is missing\n  column 'a' should not be there"),
        ({"a": [1], "b": [2]}, {"b": [2], "a": [1]}, "the columns are in the order ['a', 'b'] instead of ['b', 'a']"),
        ({"a": [1]}, {"a": [1, 2]}, "1 rows instead of 2"),
    ],
)
def test_shapes_are_compared_first(actual, expected, says):
    with pytest.raises(AssertionError) as caught:
        same_table(pa.table(actual), pa.table(expected))
    assert says in str(caught.value)


def test_without_order_each_row_still_counts():
    same_table(pa.table({"a": [2, 1, 2]}), pa.table({"a": [2, 2, 1]}), ordered=False)
    other = pa.table({"a": [1, 2, 2], "b": ["x", "y", "y"]})
    with pytest.raises(AssertionError) as caught:
        same_table(pa.table({"a": [1, 1, 2], "b": ["x", "x", "y"]}), other, ordered=False)
    assert "the row (1, 'x') should not be there" in str(caught.value)
    assert "the row (2, 'y') is missing" in str(caught.value)


@pytest.mark.parametrize(
    ("relax", "got", "wanted", "values"),
    [
        ("layout", "large_string", "string", ["a", None]),
        ("layout", "string_view", "large_string", ["a"]),
        ("layout", "large_list<string>", "list<large_string>", [["a"], None]),
        ("layout", "binary", "binary_view", [b"a"]),
        ("dictionary", "string", "dictionary<string>", ["a", None]),
        ("fixed_size", "binary", "fixed_size_binary[2]", [b"ab"]),
        ("fixed_size", "list<double>", "fixed_size_list<double>[2]", [[1.0, math.nan], None]),
        ("integers", "int64", "uint8", [255, None]),
        ("floats", "double", "float", [0.1, math.nan, -0.0]),
        ("decimals", "decimal256(50, 2)", "decimal(5, 2)", [1]),
        ("zones", "timestamp[us, tz=UTC]", "timestamp[us, tz=Asia/Tokyo]", [5]),
        ("null", "string", "null", [None]),
    ],
)
def test_a_relaxation_lets_one_difference_of_types_pass_and_no_other(relax, got, wanted, values):
    expected = column(values, parse_type(wanted))
    plain = parse_type(got)
    source = expected["v"].chunk(0)
    source = source.dictionary_decode() if pa.types.is_dictionary(source.type) else source
    actual = pa.table({"v": source.cast(plain)})
    same_table(actual, expected, relax=[relax])
    same_table(actual, expected, relax=[relax], ordered=False)
    for others in ([], [name for name in RELAXATIONS if name != relax]):
        with pytest.raises(AssertionError, match=r"column 'v' is .* instead of"):
            same_table(actual, expected, relax=others)
    with pytest.raises(AssertionError, match="row"):
        same_table(actual.slice(1), expected, relax=[relax])


def test_units_and_nullability_may_be_relaxed_but_not_values():
    finer = column([1000], pa.timestamp("us"))
    same_table(finer, column([1], pa.timestamp("ms")), relax=["units"])
    with pytest.raises(AssertionError, match="row 0"):
        same_table(finer, column([2], pa.timestamp("ms")), relax=["units"])
    required = pa.table({"v": [1]}, schema=pa.schema([pa.field("v", pa.int64(), nullable=False)]))
    same_table(column([1], pa.int64()), required, relax=["nullability"])
    with pytest.raises(AssertionError, match="nullable"):
        same_table(column([1], pa.int64()), required)
    with pytest.raises(AssertionError, match="not null"):
        same_table(required, column([1], pa.int64()), relax=["nullability"])


def test_uuids_may_come_back_as_bytes():
    case = next(case for case in CASES if case.name == "uuid")
    storage = pa.table({"value": pa.chunked_array([case.table["value"].chunk(0).storage])})
    same_table(storage, case.table, relax=["uuid"])
    with pytest.raises(AssertionError):
        same_table(storage, case.table)


def test_an_unknown_relaxation_is_named():
    with pytest.raises(DataError, match="relax has an unknown 'layouts': did you mean 'layout'?"):
        same_table(pa.table({}), pa.table({}), relax=["layouts"])


# The strategy


@settings(deadline=None)
@given(tables())
def test_drawn_tables_are_valid_and_the_same_as_themselves(table):
    table.validate(full=True)
    same_table(table, table)
    assert features_of(table.schema) <= TYPES.keys()


@settings(deadline=None)
@given(tables(), st.data())
def test_shuffled_rows_are_the_same_only_without_order(table, data):
    order = data.draw(st.permutations(range(table.num_rows)))
    shuffled = pa.concat_tables([table.slice(i, 1) for i in order]) if order else table
    same_table(shuffled, table, ordered=False)


@settings(deadline=None)
@given(data=st.data())
def test_what_is_left_out_does_not_occur(data):
    without = data.draw(st.sets(st.sampled_from(sorted(TYPES.keys() - {"int64", "string"}))))
    table = data.draw(tables(without=without))
    assert features_of(table.schema).isdisjoint(without)
    assert table.num_rows or "no_rows" not in without


def test_an_unknown_feature_is_named():
    with pytest.raises(DataError, match="without has an unknown 'map_': did you mean 'map'?"):
        tables(without=["map_"])


def test_the_cases_need_no_hypothesis():
    code = "import sys, dao.testing._tables as t; t.CASES; t.same_table; assert 'hypothesis' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
