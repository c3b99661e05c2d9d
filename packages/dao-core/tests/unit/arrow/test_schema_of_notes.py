"""What a model says about its fields, and types of UUIDs, in its schema."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import NamedTuple
from uuid import UUID

import attrs
import pyarrow as pa
import pydantic
import pydantic.dataclasses

from dao.arrow.models import schema_of


class Letter(Enum):
    A = "a"


class Late(pydantic.BaseModel):
    n: int


@pydantic.dataclasses.dataclass
class Checked:
    price: Decimal = pydantic.Field(max_digits=5, decimal_places=2, description="in euro")
    later: list[Late] = pydantic.Field(default_factory=list)
    n: int = 3


def test_a_dataclass_of_pydantic_says_what_a_model_says():
    schema = schema_of(Checked, notes=True)
    late = pa.field("item", pa.struct([pa.field("n", pa.int64(), False)]), False)
    kinds = [pa.decimal128(5, 2), pa.list_(late), pa.int64()]
    assert schema == pa.schema([pa.field(n, k, False) for n, k in zip(["price", "later", "n"], kinds, strict=True)])
    assert _metadata(schema) == {"price": {b"doc": b"in euro"}, "n": {b"default": b"3"}}


class Identified(pydantic.BaseModel):
    id: UUID


class WithUuids(pydantic.BaseModel):
    ids: list[UUID]
    by_id: dict[UUID, Identified | None]


def test_uuids_may_have_a_type_of_their_own():
    schema = schema_of(WithUuids, uuid=pa.uuid())
    item = pa.field("item", pa.uuid(), False)
    assert schema.field("ids").type == pa.list_(item)
    assert schema.field("by_id").type == pa.map_(pa.uuid(), pa.struct([pa.field("id", pa.uuid(), False)]))


class Noted(pydantic.BaseModel):
    plain: int
    described: int = pydantic.Field(description="what it is")
    aliased: int = pydantic.Field(alias="was")
    chosen: int = pydantic.Field(validation_alias=pydantic.AliasChoices("chosen", "a", pydantic.AliasPath("b", 0)))
    renamed: int = pydantic.Field(json_schema_extra={"renamed_from": ["c", "d"]})
    renamed_once: int = pydantic.Field(json_schema_extra={"renamed_from": "e"})
    nullable: int | None = None
    day: dt.date = dt.date(2026, 1, 2)
    letter: Letter = Letter.A
    many: list[int] = [1]
    made: int = pydantic.Field(default_factory=int)
    endless: float = float("inf")


def _metadata(schema: pa.Schema) -> dict[str, dict[bytes, bytes]]:
    return {field.name: field.metadata for field in schema if field.metadata}


def test_notes_are_what_a_model_says_about_its_fields():
    assert _metadata(schema_of(Noted, notes=True)) == {
        "described": {b"doc": b"what it is"},
        "aliased": {b"aliases": b'["was"]'},
        "chosen": {b"aliases": b'["a"]'},
        "renamed": {b"aliases": b'["c", "d"]'},
        "renamed_once": {b"aliases": b'["e"]'},
        "day": {b"default": b'"2026-01-02"'},
        "letter": {b"default": b'"a"'},
    }
    assert _metadata(schema_of(Noted)) == {}


class Row(NamedTuple):
    n: int = 1


@dataclass
class Data:
    rows: list[Row]
    s: str = field(default="x", metadata={"doc": "text"})


@attrs.define
class Outer:
    data: Data
    b: bytes = attrs.field(default=b"\xff", metadata={"doc": "bytes"})
    many: list[int] = attrs.field(factory=list)


def test_notes_are_found_inside_and_in_every_kind_of_class():
    schema = schema_of(Outer, notes=True)
    assert _metadata(schema) == {"b": {b"doc": b"bytes", b"default": b'"ff"'}}
    inner = schema.field("data").type
    assert inner.field("s").metadata == {b"doc": b"text", b"default": b'"x"'}
    assert inner.field("rows").type.value_field.type.field("n").metadata == {b"default": b"1"}
