"""Schemas of classes and mappings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, make_dataclass
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, NewType, NotRequired, Optional, Required
from uuid import UUID

import attrs
import numpy as np
import polars as pl
import pyarrow as pa
import pydantic
import pydantic.dataclasses
import pytest
from typing_extensions import TypedDict

from dao.arrow.models import schema_of
from dao.errors import DataError


class Letter(Enum):
    A = "a"


class Number(IntEnum):
    ONE = 1


class Word(StrEnum):
    A = "a"


class Mixed(Enum):
    A = 1
    B = "b"


class UserId(str):
    __slots__ = ()


Alias = NewType("Alias", int)


@dataclass
class Point:
    x: float
    y: float | None


class Labelled(TypedDict):
    label: str
    weight: NotRequired[float]


class Pair(NamedTuple):
    left: int
    right: str | None


POINT = pa.struct([pa.field("x", pa.float64(), False), pa.field("y", pa.float64())])
Positive = Annotated[int, pydantic.Field(gt=0)]
REQUIRED_INT = pa.field("item", pa.int64(), False)


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (bool, pa.bool_()),
        (int, pa.int64()),
        (float, pa.float64()),
        (str, pa.string()),
        (bytes, pa.binary()),
        (dt.date, pa.date32()),
        (dt.datetime, pa.timestamp("us")),
        (dt.time, pa.time64("us")),
        (dt.timedelta, pa.duration("us")),
        (Decimal, pa.decimal128(38, 18)),
        (UUID, pa.string()),
        (Letter, pa.string()),
        (Number, pa.int64()),
        (Word, pa.string()),
        (Literal["a", "b"], pa.string()),
        (Literal[1, 2], pa.int64()),
        (UserId, pa.string()),
        (Alias, pa.int64()),
        (np.int16, pa.int16()),
        (list[int], pa.list_(REQUIRED_INT)),
        (list[int | None], pa.list_(pa.int64())),
        (set[int], pa.list_(REQUIRED_INT)),
        (Sequence[int], pa.list_(REQUIRED_INT)),
        (tuple[int, ...], pa.list_(REQUIRED_INT)),
        (tuple[int, int, int], pa.list_(REQUIRED_INT, 3)),
        (tuple[Positive, pydantic.PositiveInt], pa.list_(REQUIRED_INT, 2)),
        (dict[str, float], pa.map_(pa.string(), pa.field("value", pa.float64(), False))),
        (Mapping[str, float | None], pa.map_(pa.string(), pa.float64())),
        (Point, POINT),
        (list[Point], pa.list_(pa.field("item", POINT, False))),
        (Labelled, pa.struct([pa.field("label", pa.string(), False), ("weight", pa.float64())])),
        (Pair, pa.struct([pa.field("left", pa.int64(), False), ("right", pa.string())])),
        (Annotated[int, pa.int32()], pa.int32()),
        (Annotated[Any, "a note", pa.large_string()], pa.large_string()),
        (Annotated[Decimal, pydantic.Field(max_digits=10, decimal_places=2)], pa.decimal128(10, 2)),
        (Annotated[Decimal, pydantic.Field(max_digits=50, decimal_places=2)], pa.decimal256(50, 2)),
        (Annotated[Decimal, pydantic.Field(max_digits=5)], pa.decimal128(10, 5)),
        (Annotated[Decimal, pydantic.Field(max_digits=30)], pa.decimal128(38, 18)),
        (Annotated[Decimal, pydantic.Field(max_digits=50)], pa.decimal256(50, 18)),
        (Annotated[Decimal, pydantic.Field(decimal_places=2)], pa.decimal128(38, 2)),
        (pydantic.AwareDatetime, pa.timestamp("us", "UTC")),
        (pydantic.NaiveDatetime, pa.timestamp("us")),
        (pydantic.PositiveInt, pa.int64()),
        (pydantic.condecimal(max_digits=9, decimal_places=3), pa.decimal128(9, 3)),
    ],
    ids=str,
)
@pytest.mark.parametrize("make", [make_dataclass, "attrs", "pydantic"])
def test_annotations_mean_the_same_in_every_kind_of_class(annotation, kind, make):
    fields = {"required": annotation, "nullable": Optional[annotation]}  # noqa: UP045 - not every annotation has __or__
    if make == "attrs":
        model = attrs.make_class("Model", {n: attrs.field(type=a) for n, a in fields.items()})
    elif make == "pydantic":
        config = pydantic.ConfigDict(arbitrary_types_allowed=True)
        model = pydantic.create_model("Model", __config__=config, **{n: (a, ...) for n, a in fields.items()})
    else:
        model = make("Model", list(fields.items()))
    assert schema_of(model) == pa.schema([pa.field("required", kind, False), pa.field("nullable", kind)])


def test_keys_that_a_typed_dict_need_not_have_are_nullable():
    class Loose(TypedDict, total=False):
        id: Required[int]
        note: str

    assert schema_of(Loose) == pa.schema([pa.field("id", pa.int64(), False), ("note", pa.string())])


def test_a_default_does_not_make_a_column_nullable():
    @dataclass
    class Model:
        count: int = 0
        name: str | None = None

    assert schema_of(Model) == pa.schema([pa.field("count", pa.int64(), False), ("name", pa.string())])


def test_inherited_and_postponed_annotations_are_found_and_class_variables_are_no_columns():
    @dataclass
    class Base:
        id: int
        kind: ClassVar[str] = "x"

    @dataclass
    class Derived(Base):
        at: dt.datetime | None = None

    assert schema_of(Derived).names == ["id", "at"]


@pytest.mark.parametrize(
    ("annotation", "says"),
    [
        (object, "Model.value is object, which is no column type: what works: bool, int"),
        (Any, "Model.value is Any"),
        (int | str, "a column has one type"),
        (Mixed, "its values have to be all text or all integers"),
        (list, "give the item type, as in list[int]"),
        (dict, "give the key and value types"),
        (tuple[int, str], "the items of a tuple have to be of one type"),
        (tuple[int, int | None], "the items of a tuple have to be of one type"),
        (list[object], "Model.value[] is object"),
        (dict[str, object], "Model.value.value is object"),
        (complex, "Model.value is complex"),
    ],
    ids=str,
)
def test_what_means_nothing_is_named_with_its_place_and_what_works(annotation, says):
    with pytest.raises(DataError) as caught:
        schema_of(make_dataclass("Model", [("value", annotation)]))
    assert says in str(caught.value)


def test_a_fault_in_a_nested_class_has_its_path():
    inner = make_dataclass("Inner", [("bad", object)])
    with pytest.raises(DataError, match=r"^Outer.inner\[\].bad is object"):
        schema_of(make_dataclass("Outer", [("inner", list[inner])]))


@dataclass
class Node:
    children: list[Node]


def test_a_class_inside_itself_has_no_schema():
    with pytest.raises(DataError, match=r"Node.children\[\]: Node contains itself"):
        schema_of(Node)


def test_a_class_made_where_modules_have_no_name_is_a_class():
    space: dict[str, Any] = {"BaseModel": pydantic.BaseModel}
    source = "class Inner(BaseModel):\n    n: int\nclass Outer(BaseModel):\n    inner: Inner"
    exec(compile(source, "a page", "exec", dont_inherit=True), space)
    assert schema_of(space["Outer"]).field("inner").type == pa.struct([pa.field("n", pa.int64(), False)])


def test_an_annotation_that_cant_be_resolved_says_so():
    with pytest.raises(DataError, match="Model has an annotation that can't be resolved.*'Missing'"):
        schema_of(make_dataclass("Model", [("value", "Missing")]))


class Early(pydantic.BaseModel):
    late: list[Late]


class Late(pydantic.BaseModel):
    n: int


def test_a_pydantic_model_may_name_what_is_defined_after_it():
    assert schema_of(Early).field("late").type.value_type == pa.struct([pa.field("n", pa.int64(), False)])


def test_a_pydantic_model_that_cant_be_resolved_says_so():
    model = pydantic.create_model("Model", value=("Missing", ...))
    with pytest.raises(DataError, match="Model has an annotation that can't be resolved"):
        schema_of(model)


@pytest.mark.parametrize("model", [int, 5, None, "text", [], [1], object])
def test_what_declares_no_columns_is_refused(model):
    with pytest.raises(DataError, match="declares no columns"):
        schema_of(model)


def test_a_mapping_may_mix_ways_to_say_a_type():
    schema = schema_of(
        {
            "a": "bigint not null",
            "b": "varchar(20)",
            "c": int,
            "d": int | None,
            "e": pa.int8(),
            "f": {"g": "int"},
            "h": pa.field("other name", pa.int8(), False),
        }
    )
    assert schema == pa.schema(
        [
            pa.field("a", pa.int64(), False),
            ("b", pa.string()),
            pa.field("c", pa.int64(), False),
            ("d", pa.int64()),
            ("e", pa.int8()),
            ("f", pa.struct([("g", pa.int32())])),
            pa.field("h", pa.int8(), False),
        ]
    )


def test_names_of_columns_are_text():
    with pytest.raises(DataError, match="1 is no column name"):
        schema_of({1: "int"})


def test_what_has_a_schema_already_gives_it():
    schema = pa.schema([("a", pa.int8())], metadata={"k": "v"})
    assert schema_of(schema) is schema
    assert schema_of([pa.field("a", pa.int8())]) == schema
    assert schema_of(pa.table({"a": pa.array([1], pa.int8())}).schema) == schema

    class Exporter:
        def __arrow_c_schema__(self):
            return schema.__arrow_c_schema__()

    assert schema_of(Exporter()) == schema
    with pytest.raises(DataError, match="exports no schema of columns"):
        schema_of(pl.Series([1]).to_arrow().type)
