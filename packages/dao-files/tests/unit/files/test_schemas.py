"""What a table becomes by schema_mode='evolve', and what its refusals advise."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pyarrow as pa
import pytest

from dao.data_object import TableObject
from dao.errors import DataError
from dao.tables._schemas import reconcile, widened
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
        ("decimal", "float64"), ("decimal256", "float32"), ("text", "bytes"), ("uint64", "int8"), ("int64", "float32"),
        ("struct", "wider struct"), ("struct", "other struct"), ("zoned", "nanoseconds"), ("text", "int8"),
        ("lists", "text lists"), ("truth", "int8"),
    ],
)  # fmt: skip
def test_types_that_nothing_holds_both_of(one: str, other: str) -> None:
    for pair in itertools.permutations((COLUMNS[one].type, COLUMNS[other].type)):
        with pytest.raises(DataError, match="no type holds all values of both"):
            widened("v", *pair)


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
