"""What a table becomes by schema_mode='evolve', and what its refusals advise."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pyarrow as pa
import pytest

from dao.data_object import TableObject
from dao.errors import DataError
from dao.tables import reconcile
from dao_files import MemoryInterface

T = TableObject("t")

COLUMNS = {
    "int8": pa.array([-128, None], pa.int8()),
    "int64": pa.array([2**63 - 1, None]),
    "uint32": pa.array([2**32 - 1], pa.uint32()),
    "uint64": pa.array([2**64 - 1], pa.uint64()),
    "float16": pa.array([0.5], pa.float16()),
    "float32": pa.array([3e38], pa.float32()),
    "float64": pa.array([1e300]),
    "decimal": pa.array([Decimal("1.25"), None]),
    "decimal256": pa.array([Decimal(10) ** 60], pa.decimal256(70, 0)),
    "text": pa.array(["x", None]),
    "large text": pa.array(["x"], pa.large_string()),
    "bytes": pa.array([b"\xff"]),
    "categories": pa.array(["q"]).dictionary_encode(),
    "days": pa.array([2932896], pa.int32()).cast(pa.date32()),
    "seconds": pa.array([253402300799], pa.timestamp("s")),
    "nanoseconds": pa.array([1], pa.timestamp("ns")),
    "zoned": pa.array([1], pa.timestamp("us", "UTC")),
    "zoned nanoseconds": pa.array([1], pa.timestamp("ns", "UTC")),
    "durations": pa.array([10**13], pa.duration("s")),
    "short durations": pa.array([1], pa.duration("ns")),
    "times": pa.array([1], pa.time32("s")),
    "truth": pa.array([True]),
    "nothing": pa.nulls(1),
    "lists": pa.array([[2**40], None]),
    "short lists": pa.array([[1]], pa.list_(pa.int8())),
    "text lists": pa.array([["a"]]),
    "struct": pa.array([{"x": 1}, None]),
    "wider struct": pa.array([{"x": 1, "y": 2}]),
    "other struct": pa.array([{"x": "a"}]),
    "map": pa.array([[("a", 2**40)]], pa.map_(pa.string(), pa.int64())),
}


@pytest.mark.parametrize("first", COLUMNS)
def test_evolve_keeps_every_value_and_is_advised_where_it_works(first: str) -> None:
    """Rows of each type are added to a table of another one: all are there as they were, or nothing has changed."""
    for second in COLUMNS:
        store, old, new = MemoryInterface(), COLUMNS[first], COLUMNS[second]
        store.write(pa.table({"v": old}), T, format="arrow")
        advised = False
        try:
            store.write(pa.table({"v": new}), T, mode="append")
            continue  # no evolution is needed
        except DataError as error:
            advised = "schema_mode='evolve' would" in str(error)
        try:
            store.write(pa.table({"v": new}), T, mode="append", schema_mode="evolve")
        except DataError:
            assert not advised, f"{second} into {first}: evolve is advised, and refused"
            assert store.read(T).column("v").to_pylist() == old.to_pylist()
        else:
            assert advised, f"{second} into {first}: evolve works, and isn't advised"
            assert store.read(T).column("v").to_pylist() == [*old.to_pylist(), *new.to_pylist()], f"{second}: {first}"


@pytest.mark.parametrize("columns", [["id"], ["id", "age"], ["id", "name", "age"]])
def test_columns_more_or_less_are_advised(columns: list[str]) -> None:
    table = pa.schema({"id": pa.int64(), "name": pa.string()})
    data = pa.schema([(name, pa.int64() if name == "id" else pa.string()) for name in columns])
    with pytest.raises(DataError, match="schema_mode='evolve' would"):
        reconcile(table, data, "strict")
    reconcile(table, data, "evolve")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("struct", "wider struct"), ("struct", "other struct"), ("zoned", "nanoseconds"), ("text", "int8"),
        ("lists", "text lists"), ("truth", "int8"), ("days", "zoned"),
    ],
)  # fmt: skip
def test_types_that_nothing_holds_both_of(one: str, other: str) -> None:
    for table, data in itertools.permutations(pa.schema({"v": COLUMNS[name].type}) for name in (one, other)):
        with pytest.raises(DataError, match="no type holds all values of both"):
            reconcile(table, data, "evolve")


KEPT = {
    "text views": (pa.array(["a"], pa.string_view()), pa.array(["b"])),
    "text": (pa.array(["a"]), pa.array(["b"], pa.large_string())),
    "large text": (pa.array(["a"], pa.large_string()), pa.array(["b"])),
    "categories": (pa.array(["a"]).dictionary_encode(), pa.array(["b"])),
    "text of categories": (pa.array(["a"]), pa.array(["b"]).dictionary_encode()),
    "bytes": (pa.array([b"a"]), pa.array(["b"])),
    "text of bytes": (pa.array(["a"]), pa.array([b"b"])),
    "instants": (pa.array([1], pa.timestamp("us", "UTC")), pa.array([2], pa.timestamp("us", "Europe/Vienna"))),
    "days as instants": (pa.array([1], pa.timestamp("us")), pa.array([2], pa.date32())),
    "midnights as days": (pa.array([1], pa.date32()), pa.array([86400], pa.timestamp("s"))),
    "whole floats": (pa.array([1]), pa.array([2.0])),
    "integers as floats": (pa.array([1.5]), pa.array([2])),
    "decimals as floats": (pa.array([0.5]), pa.array([Decimal("0.7")])),
    "floats as decimals": (pa.array([Decimal("0.5")]), pa.array([0.7])),
    "integers as decimals": (pa.array([Decimal("10.5")]), pa.array([7])),
    "signed as unsigned": (pa.array([1], pa.uint64()), pa.array([2], pa.int8())),
    "seconds as nanoseconds": (pa.array([1], pa.timestamp("ns")), pa.array([2], pa.timestamp("s"))),
    "lists": (pa.array([["a"]]), pa.array([["b"]], pa.large_list(pa.large_string()))),
    "list views": (pa.array([[1]], pa.list_view(pa.int64())), pa.array([[2]])),
    "structs": (pa.array([{"a": 0.5, "b": "x"}]), pa.array([{"b": "y", "a": Decimal("0.7")}])),
    "maps": (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),) * 2,
}


@pytest.mark.parametrize("name", KEPT)
def test_evolve_takes_what_strict_takes_and_keeps_the_type(name: str) -> None:
    old, new = KEPT[name]
    found = []
    for mode in ("strict", "evolve"):
        store = MemoryInterface()
        store.write(pa.table({"v": old}), T, format="arrow")
        store.write(pa.table({"v": new}), T, mode="append", schema_mode=mode)
        found.append(store.read(T))
    assert found[0].schema.field("v").type == found[1].schema.field("v").type == old.type
    assert found[0].equals(found[1])


@pytest.mark.parametrize("one", COLUMNS)
def test_evolve_accepts_every_type_that_strict_accepts(one: str) -> None:
    for other in COLUMNS:
        table, data = (pa.schema({"v": COLUMNS[name].type}) for name in (one, other))
        try:
            reconcile(table, data, "strict")
        except DataError:
            continue
        kind = reconcile(table, data, "evolve").field("v").type
        assert reconcile(pa.schema({"v": kind}), table, "strict").field("v").type == kind


INT8, INT64 = pa.int8(), pa.int64()
SHORT, LONG = pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int32(), pa.string())


@pytest.mark.parametrize(
    ("table", "data", "wider"),
    [
        (INT8, INT64, INT64),
        (INT64, INT8, INT64),
        (pa.int32(), pa.float32(), pa.float64()),
        (pa.decimal128(5, 2), pa.decimal128(10, 4), pa.decimal128(10, 4)),
        (pa.timestamp("ms", "Europe/Vienna"), pa.timestamp("us", "UTC"), pa.timestamp("us", "Europe/Vienna")),
        (pa.binary(2), pa.binary(), pa.binary()),
        (SHORT, LONG, LONG),
        (LONG, SHORT, LONG),
        (pa.dictionary(INT8, INT8), INT64, pa.dictionary(INT8, INT64)),
        (INT8, pa.dictionary(INT8, INT64), INT64),
        (pa.run_end_encoded(pa.int32(), INT8), INT64, pa.run_end_encoded(pa.int32(), INT64)),
        (pa.list_(INT8), pa.large_list(INT64), pa.list_(INT64)),
        (pa.list_(INT8, 2), pa.list_(INT64, 2), pa.list_(INT64, 2)),
        (pa.list_(INT8, 2), pa.list_(INT64), pa.list_(INT64)),
        (pa.struct({"a": INT8, "b": pa.string_view()}), pa.struct({"b": pa.string(), "a": INT64}),
         pa.struct({"a": INT64, "b": pa.string_view()})),
        (pa.map_(pa.string(), INT8), pa.map_(pa.large_string(), INT64), pa.map_(pa.string(), INT64)),
        (pa.list_(pa.decimal128(5, 2)), pa.list_(pa.float64()), pa.list_(pa.decimal128(5, 2))),
        (pa.struct({"a": pa.null()}), pa.struct({"a": INT8}), pa.struct({"a": INT8})),
    ],
    ids=str,
)  # fmt: skip
def test_evolve_widens_at_any_depth(table: pa.DataType, data: pa.DataType, wider: pa.DataType) -> None:
    assert reconcile(pa.schema({"v": table}), pa.schema({"v": data}), "evolve").field("v").type == wider


def test_a_column_in_other_letters_is_no_new_one() -> None:
    table = pa.schema({"id": pa.int64(), "name": pa.string()})
    with pytest.raises(DataError, match="'Name' of the data is 'name' in the table"):
        reconcile(table, pa.schema({"id": pa.int64(), "Name": pa.string()}), "evolve")
    both = reconcile(table, pa.schema({"id": pa.int64(), "name": pa.string(), "Name": pa.string()}), "evolve")
    assert both.names == ["id", "name", "Name"], "who has both means both"


def test_columns_that_allow_no_nulls() -> None:
    """They stay so unless the table evolves; rows that break it are refused, with the row."""
    needed = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("v", pa.string())])
    store = MemoryInterface()
    store.write(pa.table({"id": [1], "v": ["a"]}, schema=needed), T, format="parquet")
    store.write(pa.table({"id": [2], "v": ["b"]}), T, mode="append")
    assert not store.schema(T).field("id").nullable
    with pytest.raises(DataError, match="'id' may not be null, and is at row 1"):
        store.write(pa.table({"id": [3, None], "v": ["c", "d"]}), T, mode="append")
    with pytest.raises(DataError, match="'id' is missing .*allows no nulls"):
        store.write(pa.table({"v": ["c"]}), T, mode="append", schema_mode="evolve")
    assert store.read(T).to_pydict() == {"id": [1, 2], "v": ["a", "b"]}
