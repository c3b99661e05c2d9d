"""Rows of Python values: their types, and the column and row of what does not fit."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pydantic
import pytest
from hypothesis import given, settings

from dao.arrow.convert import to_reader
from dao.errors import DataError
from dao.testing._tables import same_table, tables

UTC = dt.UTC
NAIVE = dt.datetime(2026, 1, 2, 3, 4, 5, 6)
AWARE = dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.timezone(dt.timedelta(hours=2)))
SOME_UUID = UUID("00112233-4455-6677-8899-aabbccddeeff")


class Colour(Enum):
    RED = "red"


def column(*values: Any, kind: pa.DataType | None = None) -> pa.ChunkedArray:
    schema = None if kind is None else pa.schema([("v", kind)])
    return to_reader([{"v": value} for value in values], schema=schema).read_all()["v"]


def test_columns_come_in_the_order_of_first_appearance_and_may_be_missing():
    rows = [{"b": 1}, OrderedDict(a="x", b=2), {"c": None, "b": 3}]
    table = to_reader(rows).read_all()
    assert table.to_pydict() == {"b": [1, 2, 3], "a": [None, "x", None], "c": [None, None, None]}
    assert table.schema.types == [pa.int64(), pa.string(), pa.null()]


@pytest.mark.parametrize(
    ("values", "kind", "out"),
    [
        ([1, 2.5, None], pa.float64(), [1.0, 2.5, None]),
        ([Decimal("1.5"), 2], pa.decimal128(2, 1), [Decimal("1.5"), Decimal("2.0")]),
        ([Decimal("9.50"), 100], pa.decimal128(5, 2), [Decimal("9.50"), Decimal("100.00")]),
        ([100, None, Decimal("0.3")], pa.decimal128(4, 1), [Decimal("100.0"), None, Decimal("0.3")]),
        ([[Decimal("0.3")], [10**20]], pa.list_(pa.decimal128(22, 1)), [[Decimal("0.3")], [Decimal(10**20)]]),
        ([2**63, 1], pa.uint64(), [2**63, 1]),
        ([True, None], pa.bool_(), [True, None]),
        ([NAIVE], pa.timestamp("us"), [NAIVE]),
        ([AWARE, None], pa.timestamp("us", "UTC"), [AWARE.astimezone(UTC), None]),
        ([NAIVE.date()], pa.date32(), [NAIVE.date()]),
        ([SOME_UUID, None], pa.string(), [str(SOME_UUID), None]),
        ([Colour.RED], pa.string(), ["red"]),
        ([np.int8(1), np.int64(2), 3], pa.int64(), [1, 2, 3]),
        ([np.float64(0.5), 1], pa.float64(), [0.5, 1.0]),
        ([pd.NA, 1, pd.NaT, None], pa.int64(), [None, 1, None, None]),
        ([pd.Timestamp("2026-01-02 03:04:05.000006")], pa.timestamp("us"), [NAIVE]),
        ([[1], [], None, (2.5,)], pa.list_(pa.float64()), [[1.0], [], None, [2.5]]),
        ([{3}], pa.list_(pa.int64()), [[3]]),
        ([np.array([1, 2])], pa.list_(pa.int64()), [[1, 2]]),
        (
            [{"z": 1}, None, {"a": [SOME_UUID]}],
            pa.struct([("z", pa.int64()), ("a", pa.list_(pa.string()))]),
            [{"z": 1, "a": None}, None, {"z": None, "a": [str(SOME_UUID)]}],
        ),
        ([float("inf"), -0.0], pa.float64(), [float("inf"), -0.0]),
    ],
    ids=lambda x: repr(x).split(" at 0x")[0][:40],
)
def test_types_are_those_that_hold_every_value(values, kind, out):
    made = column(*values)
    assert made.type == kind
    assert made.to_pylist() == out


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("schema", [None, {"v": "decimal(5, 2)"}, {"v": "double"}], ids=str)
def test_decimals_that_are_not_finite_are_refused_by_name(value, schema):
    with pytest.raises(DataError, match=rf"^column 'v', row 1: Decimal value Decimal\('{value}'\) is not finite"):
        to_reader([{"v": Decimal("1.5")}, {"v": Decimal(value)}], schema=schema)


@pytest.mark.parametrize(
    ("values", "row"),
    [
        ([1, "a"], 1),
        (["a", None, b"b"], 2),
        ([True, 1], 1),
        ([1, True], 1),
        ([1.5, True], 1),
        ([1.5, Decimal(1)], 1),
        ([NAIVE.date(), NAIVE], 1),
        ([NAIVE, NAIVE.date()], 1),
        ([NAIVE, AWARE], 1),
        ([AWARE, AWARE, NAIVE], 2),
        ([[1], ["a"]], 1),
        ([{"x": 1}, {"x": "a"}], 1),
        ([1, [1]], 1),
        ([[1], {"a": 1}], 1),
        ([[{"x": 1}], [{"x": [1]}]], 1),
        ([1, 2**64], 1),
        ([-1, 2**63], 1),
        ([2**60 + 1, 0.5], 0),
        (["ok", "\ud800"], 1),
        ([object()], 0),
    ],
    ids=lambda x: repr(x).split(" at 0x")[0][:40],
)
def test_values_of_several_types_name_the_column_and_the_row(values, row):
    with pytest.raises(DataError, match=r"^column 'v") as caught:
        column(*values)
    if values != [2**60 + 1, 0.5]:  # which of the two is to blame is a matter of taste
        assert f"row {row}" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "kind", "out"),
    [
        (1.0, pa.int64(), 1),
        (0.5, pa.decimal128(5, 2), Decimal("0.50")),
        (1, pa.decimal128(5, 2), Decimal("1.00")),
        (0.1, pa.float32(), np.float32(0.1).item()),
        (NAIVE.date(), pa.timestamp("us"), dt.datetime(2026, 1, 2)),
        (NAIVE.replace(microsecond=0), pa.timestamp("s"), NAIVE.replace(microsecond=0)),
        ({"a": 1}, pa.map_(pa.string(), pa.int8()), [("a", 1)]),
        ([("a", 1)], pa.map_(pa.string(), pa.int8()), [("a", 1)]),
        ([1, 2], pa.list_(pa.int8(), 2), [1, 2]),
        ([1], pa.large_list(pa.int8()), [1]),
        ("a", pa.dictionary(pa.int8(), pa.string()), "a"),
        ("a", pa.string_view(), "a"),
        (b"a", pa.string(), "a"),
        (SOME_UUID, pa.uuid(), SOME_UUID),
        (SOME_UUID, pa.string(), str(SOME_UUID)),
        (2**63, pa.uint64(), 2**63),
        ({"a": {"b": 1}}, pa.struct([("a", pa.struct([("b", pa.int8())]))]), {"a": {"b": 1}}),
        (dt.timedelta(seconds=1), pa.duration("s"), dt.timedelta(seconds=1)),
        (dt.time(1), pa.time32("s"), dt.time(1)),
    ],
    ids=lambda x: repr(x).split(" at 0x")[0][:40],
)
def test_a_schema_says_what_values_become(value, kind, out):
    made = column(value, None, kind=kind)
    assert made.type == kind
    assert made.to_pylist() == [out, None]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1.5, pa.int64()),
        (300, pa.int8()),
        (-1, pa.uint8()),
        ("1", pa.int64()),
        (1, pa.string()),
        (True, pa.int64()),
        (True, pa.float64()),
        (1, pa.bool_()),
        (1e300, pa.float32()),
        (2**53 + 1, pa.float64()),
        (NAIVE, pa.date32()),
        (NAIVE, pa.timestamp("ms")),
        (NAIVE, pa.timestamp("us", "UTC")),
        (AWARE, pa.timestamp("us")),
        (1, pa.timestamp("us")),
        (b"\xff", pa.string()),
        (Decimal("1.234"), pa.decimal128(5, 2)),
        (Decimal("1e9"), pa.decimal128(5, 2)),
        ({"a": 1, "z": 2}, pa.struct([("a", pa.int8())])),
        ([1, 2, 3], pa.list_(pa.int8(), 2)),
        ([1], pa.int8()),
        ({"a": 1}, pa.string()),
        ([1.5], pa.list_(pa.int8())),
        ("x", pa.uuid()),
        (float("nan"), pa.int8()),
    ],
    ids=lambda x: repr(x).split(" at 0x")[0][:40],
)
def test_a_schema_loses_nothing(value, kind):
    with pytest.raises(DataError, match="column 'v"):
        column(value, kind=kind)


def test_the_rows_of_faults_inside_lists_are_the_rows_of_the_lists():
    with pytest.raises(DataError, match=r"column 'v\[\]', row 2: str value 'x'"):
        column([1, 2], [3], [4, "x"])
    with pytest.raises(DataError, match=r"column 'v\[\].n', row 1: double to int8 would change the value 1.5"):
        column([{"n": 1}, {"n": 2}], [{"n": 1.5}], kind=pa.list_(pa.struct([("n", pa.int8())])))


def test_names_that_are_not_in_the_schema_are_named_with_the_nearest():
    with pytest.raises(DataError, match="row 1 has 'nmae', which is no column .did you mean 'name'?"):
        to_reader([{"name": "a"}, {"nmae": "b"}], schema=pa.schema([("name", pa.string())]))
    with pytest.raises(DataError, match="field 'nmae' is not known .did you mean 'name'?"):
        column({"nmae": "x"}, kind=pa.struct([("name", pa.string())]))
    with pytest.raises(DataError, match="row 0 has 1, which is no column"):
        to_reader([{1: 1}])


def test_nulls_where_none_may_be_are_named_at_every_depth():
    required = pa.schema([pa.field("id", pa.int64(), nullable=False)])
    for rows in ([{"id": 1}, {"id": None}], [{"id": 1}, {}]):
        with pytest.raises(DataError, match="column 'id' may not be null, and is at row 1"):
            to_reader(rows, schema=required)
    inside = pa.list_(pa.struct([pa.field("n", pa.int64(), nullable=False)]))
    with pytest.raises(DataError, match=r"column 'v.item.n' may not be null, and is at row 2"):
        column([{"n": 1}], None, [{"n": 1}, {"n": None}], kind=inside)


@pytest.mark.parametrize(
    "kind",
    [
        pa.int64(),
        pa.bool_(),
        pa.string(),
        pa.string_view(),
        pa.decimal128(5, 2),
        pa.timestamp("us", "UTC"),
        pa.binary(3),
        pa.uuid(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.list_(pa.field("item", pa.uuid(), False)),
        pa.large_list(pa.struct([pa.field("a", pa.uuid(), False)])),
        pa.map_(pa.string(), pa.uuid()),
        pa.struct([pa.field("a", pa.uuid(), False), ("b", pa.int8())]),
    ],
    ids=str,
)
@pytest.mark.parametrize("others", [[], [{"s": {"f": None}}]], ids=["alone", "with one that lacks it"])
def test_null_structs_may_have_required_fields(kind, others):
    """pyarrow's Parquet writer refuses nulls in required fields, also where the struct itself is null."""
    rows = [{"s": None}, {"s": None}]
    schema = pa.schema([("s", pa.struct([pa.field("f", kind, nullable=False)]))])
    table = to_reader(rows, schema=schema).read_all()
    table.validate(full=True)
    assert table.to_pylist() == rows
    pq.write_table(table, sink := pa.BufferOutputStream())
    assert pq.read_table(pa.BufferReader(sink.getvalue())).to_pylist() == rows
    if others:
        with pytest.raises(DataError, match="row 2"):
            to_reader([*rows, *others], schema=schema).read_all()


def test_maps_of_uuids_have_the_type_of_the_schema():
    kind = pa.map_(pa.uuid(), pa.field("value", pa.int32(), nullable=False))
    table = to_reader([{"m": {UUID(int=1): 2}}], schema=pa.schema([("m", kind)])).read_all()
    assert not table.column("m").chunk(0).type.item_field.nullable  # pyarrow takes the types for equal


def test_something_else_among_rows_is_named():
    with pytest.raises(DataError, match="row 1 is int, where the first row is dict"):
        to_reader([{"a": 1}, 5])


# Records


@dataclass
class Inner:
    n: int


@dataclass
class Data:
    id: Annotated[int, pa.int32()]
    price: Decimal | None
    inner: Inner | None = None
    tags: tuple[str, ...] = ()


@attrs.frozen
class Attrs:
    id: Annotated[int, pa.int32()]
    price: Decimal | None
    inner: Inner | None = None
    tags: tuple[str, ...] = ()


class Pydantic(pydantic.BaseModel):
    id: Annotated[int, pa.int32()]
    price: Decimal | None
    inner: Inner | None = None
    tags: tuple[str, ...] = ()


class Named(NamedTuple):
    id: Annotated[int, pa.int32()]
    price: Decimal | None
    inner: Inner | None = None
    tags: tuple[str, ...] = ()


@pytest.mark.parametrize("kind", [Data, Attrs, Pydantic, Named])
def test_records_have_the_types_of_their_class_whatever_their_values(kind):
    rows = [kind(id=1, price=None), kind(id=2, price=Decimal("1.5"), inner=Inner(n=3), tags=("a",))]
    table = to_reader(rows).read_all()
    assert table.to_pylist() == [
        {"id": 1, "price": None, "inner": None, "tags": []},
        {"id": 2, "price": Decimal("1.5"), "inner": {"n": 3}, "tags": ["a"]},
    ]
    assert table.schema.field("id").type == pa.int32()
    assert to_reader(rows[:1]).schema == table.schema


def test_a_field_of_datetimes_may_hold_a_zone():
    @dataclass
    class Event:
        at: dt.datetime

    assert to_reader([Event(NAIVE)]).schema.field("at").type == pa.timestamp("us")
    assert to_reader([Event(AWARE)]).schema.field("at").type == pa.timestamp("us", "UTC")


def test_a_field_of_anything_has_the_type_of_its_values():
    @dataclass
    class Loose:
        anything: Any

    assert to_reader([Loose(1), Loose(2)]).schema.field("anything").type == pa.int64()


@settings(deadline=None)
@given(table=tables(without=["float16", "duration", "uuid", "early_dates", "late_dates"]))
def test_any_table_survives_its_rows_as_python_values(table):
    """What pylist gives, rows take back: but for nanoseconds, which Python's own types don't have."""
    rows = table.select([i for i, kind in enumerate(table.schema.types) if "ns" not in str(kind)])
    if rows.num_columns and rows.num_rows:
        same_table(to_reader(rows.to_pylist(), schema=rows.schema), rows)
