"""A schema for a stream: fields that are required have no nulls, wherever Arrow hides them."""

from __future__ import annotations

from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dao.arrow.convert import cast_array, conform, rebuild_nested, to_reader
from dao.errors import DataError


def test_nulls_are_checked_where_the_schema_allows_none_even_if_the_data_promised_it():
    required = pa.schema([pa.field("v", pa.int64(), nullable=False)])
    lying = pa.RecordBatch.from_arrays([pa.array([1, None])], schema=required)
    with pytest.raises(DataError, match="column 'v' may not be null, and is at row 1"):
        to_reader(lying, schema=required).read_all()
    assert to_reader(pa.table({"v": [1]}), schema=required).read_all().schema == required


HIDDEN = pa.array(["a", None])


def hiding(column):
    encoded = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), column)
    pairs = pa.StructArray.from_arrays([column], fields=[pa.field("x", column.type, nullable=False)])
    texts = pa.map_(pa.string(), pa.field("value", column.type, nullable=False))
    return {
        "dictionary": encoded,
        "dictionary of a dictionary": pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), encoded),
        "runs": pa.RunEndEncodedArray.from_arrays(pa.array([1, 2], pa.int32()), column),
        "runs of a dictionary": pa.RunEndEncodedArray.from_arrays(pa.array([1, 2], pa.int32()), encoded),
        "union": pa.UnionArray.from_sparse(pa.array([0, 0], pa.int8()), [column, pa.array([1, 2])]),
        "struct.x": pairs,
        "dictionary of structs.x": pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pairs),
        "map.value": pa.MapArray.from_arrays(pa.array([0, 1, 2], pa.int32()), pa.array(["k", "l"]), column, type=texts),
    }


@pytest.mark.parametrize("name", hiding(HIDDEN))
def test_nulls_that_arrow_does_not_count_are_found_in_required_fields(name):
    top, _, below = name.partition(".")
    array = hiding(HIDDEN)[name]
    field = pa.field(top, array.type, nullable=bool(below))
    assert array.null_count == 0
    for first in (0, 1):  # of the whole, and of a slice
        table = pa.Table.from_arrays([array.slice(first)], schema=pa.schema([field]))
        with pytest.raises(DataError, match=f"column '{name}' may not be null, and is at row {1 - first}"):
            to_reader(table, schema=table.schema).read_all()
    kept = pa.Table.from_arrays([hiding(pa.array(["a", "b"]))[name].slice(1)], schema=pa.schema([field]))
    assert to_reader(kept, schema=kept.schema).read_all().num_rows == 1
    assert to_reader(kept.slice(1), schema=kept.schema).read_all().num_rows == 0


@pytest.mark.parametrize("lists", [[None], [[1, 2], None], [None, [1, 2], None]])
def test_a_null_list_of_a_length_becomes_a_null_list_of_required_items(lists):
    item = pa.field("item", pa.int64(), nullable=False)
    given = pa.table({"v": pa.array(lists, pa.list_(item, 2))})
    wanted = pa.schema([("v", pa.list_(item))])
    assert conform(given.to_reader(), wanted).read_all()["v"].to_pylist() == lists


@pytest.mark.parametrize("items", [pa.list_(pa.uuid()), pa.struct([("id", pa.uuid())])], ids=str)
def test_null_lists_alone_are_rebuilt_whatever_they_are_lists_of(items):
    """flatten() of these fails in pyarrow 26."""
    for kind in (pa.list_(items), pa.map_(pa.string(), items)):
        got = rebuild_nested(pa.nulls(2, kind), kind, lambda part, into: part.cast(into))
        assert (got.type, got.to_pylist()) == (kind, [None, None])


@pytest.mark.parametrize("nullable", [False, True])
def test_maps_of_uuids_get_values_that_may_be_null_or_not(nullable):
    """pyarrow 26 takes the types for equal, and such an array under the other type ends the process in Parquet."""
    key = pa.array([UUID(int=1)], pa.uuid())
    given, wanted = (pa.map_(pa.uuid(), pa.field("value", pa.int32(), n)) for n in (not nullable, nullable))
    array = pa.MapArray.from_arrays([0, 1], key, pa.array([2], pa.int32()), type=given)
    schema = pa.schema([("m", wanted), ("l", pa.list_(wanted))])
    lists = pa.ListArray.from_arrays([0, 1], array)
    got = conform(pa.table([array, lists], names=["m", "l"]).to_reader(), schema).read_all()
    assert got.column("m").chunk(0).type.item_field.nullable == nullable
    assert got.column("l").chunk(0).type.value_type.item_field.nullable == nullable
    pq.write_table(got, pa.BufferOutputStream())


def test_nulls_below_a_null_are_no_nulls_of_required_fields():
    required = [pa.field("x", pa.string(), nullable=False)]
    inner = pa.StructArray.from_arrays([HIDDEN], fields=required, mask=pa.array([False, True]))
    below = pa.StructArray.from_arrays(
        [pa.StructArray.from_arrays([HIDDEN], fields=required)], ["s"], mask=inner.is_null()
    )
    union = pa.UnionArray.from_sparse(pa.array([0, 0], pa.int8()), [HIDDEN, pa.array([1, 2])])
    unions = pa.StructArray.from_arrays(
        [union], fields=[pa.field("u", union.type, nullable=False)], mask=inner.is_null()
    )
    table = pa.table({"inner": inner, "below": below, "unions": unions})
    assert to_reader(table, schema=table.schema).read_all().num_rows == 2


@pytest.mark.parametrize("make", [pa.list_, pa.large_list, lambda item: pa.list_(item, 2), pa.list_view])
def test_values_of_null_lists_are_no_nulls_of_required_items(make):
    required = pa.field("item", pa.list_(pa.bool_()), nullable=False)
    fixed = pa.array([None, [[True], [False]]], pa.list_(required, 2))  # a cast keeps the two items of the null
    for array in (cast_array(fixed, make(required)), pa.array([None, [[True], [False]]], make(required))):
        for table in (pa.table({"v": array}), pa.table({"v": array.slice(1)})):
            assert to_reader(table, schema=table.schema).read_all().equals(table)


def test_null_lists_of_runs_are_searched_too():
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([1, 3], pa.int32()), HIDDEN)
    required = pa.list_(pa.field("item", runs.type, nullable=False))
    kept = pa.ListArray.from_arrays(pa.array([0, 1, 3], pa.int32()), runs, required, mask=pa.array([False, True]))
    table = pa.table({"v": kept})
    assert to_reader(table, schema=table.schema).read_all().num_rows == 2
