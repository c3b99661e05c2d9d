"""Evolution plans: what is additive, breaking or impossible, and what tables become."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import pyarrow as pa
import pytest
from pydantic import BaseModel, Field
from pyiceberg.catalog import load_catalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import DayTransform, IdentityTransform
from pyiceberg.types import (
    BinaryType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
)

from dao.errors import DataError, UnsupportedError
from dao_iceberg.converter import EvolutionPlan, IcebergConverter

CONVERTER = IcebergConverter()


@pytest.fixture
def catalog(tmp_path):
    """An embedded catalog with the namespace ``n``."""
    made = load_catalog("test", type="sql", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=str(tmp_path))
    made.create_namespace("n")
    yield made
    made.engine.dispose()


def _schema(kind: IcebergType, required: bool = False, **more: Any) -> Schema:
    return Schema(NestedField(1, "x", kind, required=required, **more))


def _steps(old: Any, new: Any, **how: Any) -> list[tuple[str, str, str]]:
    plan = CONVERTER.evolution_plan(old, new, **how)
    effects = ["additive" if s.additive else "breaking" if s.possible else "impossible" for s in plan.steps]
    return [(effect, s.kind, ".".join(s.path)) for effect, s in zip(effects, plan.steps, strict=True)]


STRUCT = StructType(NestedField(2, "a", IntegerType()))
WIDER_STRUCT = StructType(NestedField(2, "a", LongType()), NestedField(9, "b", StringType()))
NEEDY_STRUCT = StructType(NestedField(2, "a", IntegerType()), NestedField(9, "b", StringType(), required=True))


@pytest.mark.parametrize(
    ("old", "new", "steps"),
    [
        (IntegerType(), LongType(), [("additive", "widen", "x")]),
        (FloatType(), DoubleType(), [("additive", "widen", "x")]),
        (DecimalType(5, 2), DecimalType(7, 2), [("additive", "widen", "x")]),
        (DecimalType(5, 2), DecimalType(7, 3), [("impossible", "retype", "x")]),  # pyiceberg would do it, and lose
        (DecimalType(7, 2), DecimalType(5, 2), [("impossible", "narrow", "x")]),
        (LongType(), IntegerType(), [("impossible", "narrow", "x")]),
        (DoubleType(), FloatType(), [("impossible", "narrow", "x")]),
        (IntegerType(), DoubleType(), [("impossible", "retype", "x")]),
        (StringType(), BinaryType(), [("impossible", "retype", "x")]),  # pyiceberg would do it
        (DateType(), TimestampType(), [("impossible", "retype", "x")]),
        (StringType(), ListType(2, StringType()), [("impossible", "retype", "x")]),
        (STRUCT, ListType(9, IntegerType()), [("impossible", "retype", "x")]),
        (STRUCT, WIDER_STRUCT, [("additive", "widen", "x.a"), ("additive", "add", "x.b")]),
        (STRUCT, NEEDY_STRUCT, [("impossible", "add", "x.b")]),
        (WIDER_STRUCT, STRUCT, [("breaking", "drop", "x.b"), ("impossible", "narrow", "x.a")]),
        (
            ListType(5, STRUCT, element_required=True),
            ListType(5, WIDER_STRUCT, element_required=False),
            [
                ("additive", "widen", "x.element.a"),
                ("additive", "add", "x.element.b"),
                ("additive", "optional", "x.element"),
            ],
        ),
        (
            ListType(5, LongType(), element_required=False),
            ListType(5, LongType(), element_required=True),
            [("impossible", "require", "x.element")],
        ),
        (
            MapType(3, StringType(), 4, STRUCT, value_required=True),
            MapType(3, StringType(), 4, WIDER_STRUCT, value_required=False),
            [("additive", "widen", "x.value.a"), ("additive", "add", "x.value.b"), ("additive", "optional", "x.value")],
        ),
        (
            MapType(3, IntegerType(), 4, LongType()),
            MapType(3, LongType(), 4, LongType()),
            [("impossible", "retype", "x")],
        ),
        (MapType(3, STRUCT, 4, LongType()), MapType(3, WIDER_STRUCT, 4, LongType()), [("impossible", "retype", "x")]),
    ],
    ids=lambda value: str(value) if isinstance(value, IcebergType) else "",
)
def test_changes_of_types(catalog, old, new, steps):
    assert _steps(_schema(old), _schema(new)) == steps
    table = catalog.create_table("n.t", _schema(old))
    plan = CONVERTER.evolution_plan(table, _schema(new))
    if any(effect == "impossible" for effect, *_ in steps):
        with pytest.raises(UnsupportedError, match="Iceberg can't do that to a table"):
            plan.apply(table, breaking=True)
        assert len(table.refresh().schemas()) == 1
    else:
        plan.apply(table)
        assert _steps(table, _schema(new)) == []
        assert _steps(catalog.load_table("n.t"), _schema(new)) == []


def test_what_is_required_and_what_is_not():
    optional, required = _schema(LongType()), _schema(LongType(), required=True)
    assert _steps(required, optional) == [("additive", "optional", "x")]
    assert _steps(optional, required) == [("impossible", "require", "x")]
    assert _steps(Schema(), required) == [("impossible", "add", "x")]
    assert _steps(Schema(), optional) == [("additive", "add", "x")]


class Flight(BaseModel):
    airline: str
    gate: str
    delay: Annotated[float, pa.float32()] = Field(description="minutes")


class Renamed(BaseModel):
    """Every way to say that a column was renamed, and a column under the name that became free."""

    carrier: str = Field(alias="airline")
    gate: str = Field(description="where it leaves from")
    late: float | None = Field(json_schema_extra={"renamed_from": ["nothing", "delay"]})
    delay: int | None = Field(default=None, alias="airline")


def test_a_plan_says_what_it_does():
    assert repr(CONVERTER.evolution_plan(Flight, Renamed, renamed={"delay": "late"})).splitlines() == [
        "EvolutionPlan: 6 additive, 0 breaking",
        "  additive   rename   airline: -> carrier",
        "  additive   doc      gate: '' -> 'where it leaves from'",
        "  additive   rename   delay: -> late",
        "  additive   widen    delay: float -> double",
        "  additive   optional delay: may be null",
        "  additive   add      delay: optional long",
    ]
    assert repr(CONVERTER.evolution_plan(Flight, Flight)) == "EvolutionPlan: nothing to do"


def test_a_name_that_became_free_may_be_taken(catalog):
    table = catalog.create_table("n.t", CONVERTER.to_iceberg(Flight))
    table.append(CONVERTER.to_table([Flight(airline="UA", gate="A1", delay=0.1)], Flight))
    CONVERTER.evolution_plan(table, Renamed, renamed={"delay": "late"}).apply(table)
    assert table.scan().to_arrow().to_pylist() == [
        {"carrier": "UA", "gate": "A1", "late": pa.scalar(0.1, pa.float32()).as_py(), "delay": None}
    ]
    assert [(f.field_id, f.name, f.doc) for f in table.schema().fields] == [
        (1, "carrier", None), (2, "gate", "where it leaves from"), (3, "late", "minutes"), (4, "delay", None),
    ]  # fmt: skip


def test_names_may_be_swapped(catalog):
    table = catalog.create_table("n.t", CONVERTER.to_iceberg({"a": "int", "b": "int"}))
    table.append(pa.table({"a": pa.array([1], pa.int32()), "b": pa.array([2], pa.int32())}))
    CONVERTER.evolution_plan(table, {"a": "int", "b": "int"}, renamed={"a": "b", "b": "a"}).apply(table)
    assert table.scan().to_arrow().to_pylist() == [{"a": 2, "b": 1}]


def test_a_column_may_make_place_for_another_of_its_name(catalog):
    table = catalog.create_table("n.t", CONVERTER.to_iceberg({"a": "int", "b": "int"}))
    table.append(pa.table({"a": pa.array([1], pa.int32()), "b": pa.array([2], pa.int32())}))
    plan = CONVERTER.evolution_plan(table, {"b": "int", "c": "text"}, renamed={"a": "b"})
    assert _steps(table, {"b": "int", "c": "text"}, renamed={"a": "b"}) == [
        ("breaking", "drop", "b"), ("additive", "rename", "a"), ("additive", "add", "c"),
    ]  # fmt: skip
    plan.apply(table, breaking=True)
    assert table.scan().to_arrow().to_pylist() == [{"b": 1, "c": None}]


def test_all_columns_may_be_replaced(catalog):
    table = catalog.create_table("n.t", CONVERTER.to_iceberg({"s": {"a": "int"}, "t": "int"}))
    table.append(CONVERTER.to_table([{"s": {"a": 1}, "t": 2}], table))
    CONVERTER.evolution_plan(table, {"s": {"b": "int"}, "u": "int"}).apply(table, breaking=True)
    assert table.scan().to_arrow().to_pylist() == [{"s": {"b": None}, "u": None}]


@pytest.mark.parametrize(
    ("renamed", "says"),
    [
        ({"x": "z"}, "'x'.* is no column of the old schema"),
        ({"a": "z"}, "'z' isn't there"),
        ({"a": "b", "c": "b"}, "two columns can't both become 'b'"),
        ({"s.z": "y"}, "is no column of the old schema"),
    ],
)
def test_a_rename_that_can_not_be_is_refused(renamed, says):
    old = {"a": "int", "c": "int", "s": {"x": "int"}}
    with pytest.raises(DataError, match=says):
        CONVERTER.evolution_plan(old, {"b": "int", "s": {"y": "int"}}, renamed=renamed)


def test_renames_reach_inside(catalog):
    table = catalog.create_table("n.t", CONVERTER.to_iceberg({"s": {"x": "int"}, "l": "array<struct<x: int>>"}))
    new = {"s": {"y": "int"}, "k": "array<struct<z: int, new: int>>"}
    renamed = {"s.x": "y", "l": "k", "l.element.x": "z"}
    assert _steps(table, new, renamed=renamed) == [
        ("additive", "rename", "s.x"),
        ("additive", "rename", "l"),
        ("additive", "rename", "l.element.x"),
        ("additive", "add", "k.element.new"),
    ]
    CONVERTER.evolution_plan(table, new, renamed=renamed).apply(table)
    assert [table.schema().find_column_name(number) for number in range(1, 7)] == [
        "s", "k", "s.y", "k.element", "k.element.z", "k.element.new",
    ]  # fmt: skip


def test_breaking_steps_are_only_taken_if_asked_for(catalog):
    table = catalog.create_table("n.t", CONVERTER.to_iceberg({"a": "int", "b": "int"}))
    plan = CONVERTER.evolution_plan(table, {"a": "int"})
    assert not plan.additive
    assert [step.kind for step in plan.breaking] == ["drop"]
    with pytest.raises(DataError, match="breaking=True allows: breaking drop b: optional int"):
        plan.apply(table)
    assert plan.apply(table, breaking=True).column_names == ["a"]


def test_columns_that_a_model_lacks_may_stay(catalog):
    table = catalog.create_table("n.t", CONVERTER.to_iceberg({"a": "int not null", "b": "int"}))
    plan = CONVERTER.evolution_plan(table, {"c": "int", "b": "int"}, drop=False)
    assert plan.additive
    assert [step.kind for step in plan.steps] == ["add", "optional"]
    plan.apply(table)
    assert [(f.name, f.required) for f in table.schema().fields] == [("a", False), ("b", False), ("c", False)]
    assert CONVERTER.evolution_plan(table, {"c": "int", "b": "int"}, drop=False).steps == ()


def test_a_plan_of_an_older_schema_is_refused(catalog):
    table = catalog.create_table("n.t", CONVERTER.to_iceberg({"a": "int"}))
    plan = CONVERTER.evolution_plan(table, {"a": "bigint", "b": "int"})
    assert plan.apply(table).column_names == ["a", "b"]
    with pytest.raises(DataError, match="not the one that the plan starts from"):
        plan.apply(table)


def test_a_plan_between_models_is_for_any_table_with_that_schema(catalog):
    plan = CONVERTER.evolution_plan({"a": "int"}, {"a": "int", "b": "int"})
    table = catalog.create_table("n.t", CONVERTER.to_iceberg({"a": "int", "z": "int"}))
    CONVERTER.evolution_plan(table, {"a": "int"}).apply(table, breaking=True)
    assert plan.apply(table).find_field("b").field_id == 3


def test_nothing_to_do_makes_no_commit(catalog):
    table = catalog.create_table("n.t", CONVERTER.to_iceberg(Flight))
    before = table.metadata_location
    assert CONVERTER.evolution_plan(table, Flight).apply(table) == table.schema()
    assert table.refresh().metadata_location == before


class Event(BaseModel):
    id: int
    at: dt.datetime
    kind: str
    note: str


def test_what_the_table_needs_is_not_dropped(catalog):
    schema = CONVERTER.to_iceberg(Event)
    table = catalog.create_table(
        "n.t",
        Schema(*schema.fields, identifier_field_ids=[1]),
        partition_spec=PartitionSpec(PartitionField(2, 1000, DayTransform(), "day")),
        sort_order=SortOrder(SortField(3, IdentityTransform())),
    )
    plan = CONVERTER.evolution_plan(table, {"note": "text not null"})
    assert [(s.path, s.possible, s.breaking) for s in plan.steps] == [
        (("id",), False, "it is an identifier field, or has one inside"),
        (("at",), False, "it is what the table is partitioned by"),
        (("kind",), False, "it is what the table is sorted by"),
    ]
    assert _steps(table, Event) == []
    assert _steps(table, {"id": "bigint"}, drop=False)[0] == ("impossible", "optional", "id")


def test_identifier_fields_may_be_inside(catalog):
    inner = StructType(NestedField(2, "b", LongType(), required=True))
    table = catalog.create_table("n.t", Schema(NestedField(1, "a", inner, required=True), identifier_field_ids=[2]))
    assert _steps(table, {"a": pa.struct([pa.field("b", pa.int64(), False)])}) == [("impossible", "optional", "a")]
    assert _steps(table, {"a": "struct<c: int> not null"})[0] == ("impossible", "drop", "a.b")


def test_identifier_fields_may_be_renamed(catalog):
    schema = CONVERTER.to_iceberg(Event)
    table = catalog.create_table("n.t", Schema(*schema.fields, identifier_field_ids=[1]))
    new = {"key": int, "at": dt.datetime, "kind": str, "note": str}
    plan = CONVERTER.evolution_plan(table, new, renamed={"id": "key"})
    assert plan.apply(table).identifier_field_names() == {"key"}


def test_descriptions_are_changed_but_not_taken_away(catalog):
    table = catalog.create_table("n.t", _schema(LongType(), doc="old"))
    assert _steps(table, {"x": "bigint"}) == []
    new = pa.schema([pa.field("x", pa.int64(), metadata={"doc": "new"})])
    CONVERTER.evolution_plan(table, new).apply(table)
    assert table.schema().find_field("x").doc == "new"


class Defaults(BaseModel):
    x: int
    kind: str = "none"


def test_version_3_adds_required_columns_with_a_default():
    plan = IcebergConverter(format_version=3).evolution_plan(_schema(LongType(), required=True), Defaults)
    assert repr(plan.steps[0]) != ""
    assert [str(step) for step in plan.steps] == ["additive   add      kind: required string = 'none'"]
    added = plan.schema.find_field("kind")
    assert (added.initial_default, added.write_default) == ("none", "none")
    changed = IcebergConverter(format_version=3).evolution_plan(plan.schema, {"x": "bigint not null", "kind": str})
    assert changed.steps == ()


def test_version_2_has_no_default_for_old_rows(catalog):
    table = catalog.create_table("n.t", _schema(LongType(), required=True))
    plan = IcebergConverter(format_version=3).evolution_plan(table, Defaults)  # the table knows its own version
    assert [step.breaking for step in plan.steps] == [
        "old rows have no value for it: make it '| None'; Iceberg keeps defaults from version 3 on"
    ]
    with pytest.raises(UnsupportedError, match="write a new one: impossible add kind"):
        plan.apply(table)


def test_a_plan_that_pyiceberg_carries_out_in_another_way_is_not_committed(catalog, monkeypatch):
    table = catalog.create_table("n.t", CONVERTER.to_iceberg({"a": "int"}))
    plan = CONVERTER.evolution_plan(table, {"a": "int", "b": "int"})
    monkeypatch.setattr("dao_iceberg.converter._evolution._ADDITIONS", {"add": lambda update, step: None})
    with pytest.raises(UnsupportedError, match="nothing was changed"):
        plan.apply(table)
    assert catalog.load_table("n.t").schema().column_names == ["a"]
    assert isinstance(plan, EvolutionPlan)
