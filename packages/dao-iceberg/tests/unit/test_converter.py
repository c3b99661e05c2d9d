"""The model converter: types, ids, docs, defaults, rows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Literal, Optional
from uuid import UUID

import pyarrow as pa
import pydantic
import pytest
from pydantic import AwareDatetime, BaseModel, Field, NaiveDatetime
from pyiceberg.catalog import load_catalog
from pyiceberg.schema import Schema
from pyiceberg.types import (
    DoubleType,
    FixedType,
    GeometryType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampNanoType,
    UnknownType,
)

from dao.errors import DataError, UnsupportedError
from dao_iceberg.converter import IcebergConverter

CONVERTER = IcebergConverter()


@pytest.fixture
def catalog(tmp_path):
    """An embedded catalog with the namespace ``n``."""
    made = load_catalog("test", type="sql", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=str(tmp_path))
    made.create_namespace("n")
    yield made
    made.engine.dispose()


class Letter(Enum):
    A = "a"


class Number(IntEnum):
    ONE = 1


class Word(StrEnum):
    A = "a"


class Point(BaseModel):
    x: float
    label: str | None = None


@dataclass
class Pair:
    left: int
    right: int | None


def _kind(annotation: object) -> str:
    """The Iceberg type of a field, without ids."""
    model = pydantic.create_model("Model", value=(annotation, ...))
    return re.sub(r"\b\d+: ", "", str(CONVERTER.to_iceberg(model).fields[0].field_type))


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (bool, "boolean"),
        (int, "long"),
        (Annotated[int, pa.int32()], "int"),
        (Annotated[int, pa.int8()], "int"),
        (Annotated[int, pa.uint32()], "long"),
        (pydantic.PositiveInt, "long"),
        (float, "double"),
        (Annotated[float, pa.float32()], "float"),
        (Annotated[float, pa.float16()], "float"),
        (str, "string"),
        (Annotated[str, Field(max_length=5)], "string"),
        (bytes, "binary"),
        (Annotated[bytes, pa.binary(16)], "fixed[16]"),
        (Decimal, "decimal(38, 18)"),
        (Annotated[Decimal, Field(max_digits=10, decimal_places=2)], "decimal(10, 2)"),
        (Annotated[Decimal, Field(max_digits=5)], "decimal(10, 5)"),
        (dt.date, "date"),
        (dt.time, "time"),
        (dt.datetime, "timestamp"),
        (NaiveDatetime, "timestamp"),
        (AwareDatetime, "timestamptz"),
        (UUID, "uuid"),
        (pydantic.UUID4, "uuid"),
        (Letter, "string"),
        (Number, "long"),
        (Word, "string"),
        (Literal["a", "b"], "string"),
        (Literal[1, 2], "long"),
        (list[UUID], "list<uuid>"),
        (set[int], "list<long>"),
        (frozenset[int], "list<long>"),
        (Sequence[int], "list<long>"),
        (tuple[int, ...], "list<long>"),
        (tuple[int, int], "list<long>"),
        (dict[str, float], "map<string, double>"),
        (dict[UUID, list[Point]], "map<uuid, list<struct<x: required double, label: optional string>>>"),
        (Point, "struct<x: required double, label: optional string>"),
        (Pair, "struct<left: required long, right: optional long>"),
    ],
    ids=str,
)
def test_types(annotation, kind):
    assert _kind(annotation) == kind
    assert _kind(Optional[annotation]) == kind  # noqa: UP045 - not every annotation has __or__


class Whole(BaseModel):
    id: int = Field(description="a number")
    words: list[str | None]
    by_name: dict[str, Point | None]
    where: Point | None = Field(default=None, description="a place")


POINT = (("x", DoubleType(), True), ("label", StringType(), False))


def _struct(first: int, fields: Sequence[tuple[str, IcebergType, bool]]) -> StructType:
    return StructType(*(NestedField(first + i, n, kind, required) for i, (n, kind, required) in enumerate(fields)))


WHOLE = Schema(
    NestedField(1, "id", LongType(), required=True, doc="a number"),
    NestedField(2, "words", ListType(5, StringType(), element_required=False), required=True),
    NestedField(3, "by_name", MapType(6, StringType(), 7, _struct(8, POINT), value_required=False), required=True),
    NestedField(4, "where", _struct(10, POINT), doc="a place"),
)


def test_a_model_has_the_ids_that_a_table_made_of_it_has(catalog):
    schema = CONVERTER.to_iceberg(Whole)
    assert schema == WHOLE
    assert catalog.create_table("n.whole", schema).schema() == schema


def test_arrow_has_the_docs_and_its_schema_leads_back():
    arrow = CONVERTER.to_arrow(Whole)
    point = pa.struct([pa.field("x", pa.float64(), False), ("label", pa.string())])
    assert arrow == pa.schema(
        [
            pa.field("id", pa.int64(), False),
            pa.field("words", pa.list_(pa.field("element", pa.string())), False),
            pa.field("by_name", pa.map_(pa.string(), point), False),
            ("where", point),
        ]
    )
    assert arrow.field("where").metadata == {b"doc": b"a place"}
    assert CONVERTER.to_iceberg(arrow) == WHOLE
    assert CONVERTER.to_arrow(WHOLE).equals(arrow, check_metadata=True)


def test_a_model_of_a_schema_is_like_the_model_that_it_was_made_of():
    Row = CONVERTER.to_model(WHOLE, "Whole")  # noqa: N806
    fields = Row.model_fields
    assert (Row.__name__, list(fields)) == ("Whole", ["id", "words", "by_name", "where"])
    assert (fields["id"].annotation, fields["id"].is_required(), fields["id"].description) == (int, True, "a number")
    assert fields["words"].annotation == list[str | None]
    assert (fields["where"].is_required(), fields["where"].description) == (False, "a place")
    assert CONVERTER.to_iceberg(Row) == WHOLE
    assert CONVERTER.to_model(WHOLE, kind="dataclass")(id=1, words=[], by_name={}).where is None


def test_a_table_stands_for_its_schema(catalog):
    table = catalog.create_table("n.whole", WHOLE)
    assert CONVERTER.to_iceberg(table) == WHOLE
    assert CONVERTER.to_arrow(table) == CONVERTER.to_arrow(WHOLE)
    assert CONVERTER.to_iceberg(CONVERTER.to_model(table)) == WHOLE


@pytest.mark.parametrize(
    ("annotation", "says"),
    [
        (dt.timedelta, r"Model.value is duration\[us\], .* make it a number of microseconds"),
        (list[dt.timedelta], r"Model.value\[\] is duration"),
        (dict[str, dict[str, dt.timedelta]], "Model.value.value.value is duration"),
        (Annotated[Decimal, Field(max_digits=40, decimal_places=2)], "'Model.value' is decimal256.* has no type"),
        (Annotated[Decimal, pa.decimal128(5, -2)], "'Model.value' is decimal128.* has no type"),
        (Annotated[int, pa.uint64()], r"to int64, or to decimal128\(20, 0\)"),
        (Annotated[dt.time, pa.time64("ns")], "its times are of microseconds"),
        (Annotated[dt.datetime, pa.timestamp("ns")], "its times are of microseconds"),
        (None, "'Model.value' is null"),
        (int | str, "a column has one type"),
        (tuple[int, str], "have to be of one type"),
        (pydantic.create_model("Empty"), "Model.value has no fields"),
    ],
    ids=str,
)
def test_what_iceberg_has_no_type_for_is_refused_with_its_place(annotation, says):
    with pytest.raises(DataError, match=says):
        CONVERTER.to_iceberg(pydantic.create_model("Model", value=(annotation, ...)))


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(DataError, match="the schema has two fields of one name"):
        CONVERTER.to_iceberg(pa.schema([("a", pa.int8()), ("a", pa.int8())]))


def test_version_3_has_nanoseconds_and_columns_without_a_type():
    columns = {"at": pa.timestamp("ns"), "nothing": pa.null()}
    kinds = [one.field_type for one in IcebergConverter(format_version=3).to_iceberg(columns).fields]
    assert kinds == [TimestampNanoType(), UnknownType()]


def test_arrow_types_of_other_layouts_are_the_same_to_iceberg():
    columns = {
        "a": pa.large_string(),
        "b": pa.string_view(),
        "c": pa.large_binary(),
        "d": pa.dictionary(pa.int8(), pa.string()),
        "e": pa.large_list(pa.int32()),
        "f": pa.timestamp("s", "Europe/Berlin"),
        "g": pa.date64(),
        "h": pa.time32("s"),
        "i": pa.binary(3),
    }
    got = CONVERTER.to_arrow(columns)
    assert [str(kind) for kind in got.types] == [
        "string", "string", "binary", "string", "list<element: int32>", "timestamp[us, tz=UTC]", "date32[day]",
        "time64[us]", "fixed_size_binary[3]",
    ]  # fmt: skip
    assert CONVERTER.to_iceberg(got) == CONVERTER.to_iceberg(columns)
    assert CONVERTER.to_iceberg(columns).find_type("i") == FixedType(3)


def test_a_type_that_arrow_lacks_is_refused():
    with pytest.raises(UnsupportedError, match="'shape.inner' has the type geometry"):
        CONVERTER.to_arrow(Schema(NestedField(1, "shape", StructType(NestedField(2, "inner", GeometryType())))))


def test_an_unknown_version_is_refused():
    with pytest.raises(ValueError, match="format_version"):
        IcebergConverter(format_version=4)


class Changed(BaseModel):
    where: Point
    added: list[int]
    number: int = Field(alias="id")


def test_columns_that_are_there_keep_their_ids():
    schema = CONVERTER.to_iceberg(Changed, WHOLE)
    assert str(schema) == (
        "table {\n"
        "  4: where: required struct<10: x: required double, 11: label: optional string> (a place)\n"
        "  12: added: required list<long>\n"
        "  1: number: required long (a number)\n"
        "}"
    )
    assert schema.find_field("added").field_type.element_id == 13


def test_new_ids_are_above_those_of_dropped_columns(catalog):
    table = catalog.create_table("n.whole", WHOLE)
    with table.update_schema() as update:
        update.delete_column("by_name").delete_column("where")
    assert CONVERTER.to_iceberg(Changed, table).find_field("added").field_id > 11


def test_a_rename_may_be_given():
    class Model(BaseModel):
        text: str

    old = Schema(NestedField(5, "words", StringType(), required=True), NestedField(3, "text", StringType()))
    assert CONVERTER.to_iceberg(Model, old).find_field("text").field_id == 3
    assert CONVERTER.to_iceberg(Model, old, renamed={"words": "text"}).find_field("text").field_id == 5


def test_a_column_of_another_type_gets_another_id():
    old = Schema(NestedField(1, "a", StringType()), NestedField(2, "b", IntegerType()))
    schema = CONVERTER.to_iceberg({"a": "bigint", "b": "bigint"}, old)
    assert [(one.field_id, one.field_type) for one in schema.fields] == [(3, LongType()), (2, LongType())]


def test_identifier_fields_stay_what_they_are():
    old = Schema(*WHOLE.fields, identifier_field_ids=[1])
    assert CONVERTER.to_iceberg(Changed, old).identifier_field_names() == {"number"}


def test_a_rename_of_nothing_is_refused():
    with pytest.raises(DataError, match="which isn't given"):
        CONVERTER.to_iceberg(Changed, renamed={"a": "b"})
