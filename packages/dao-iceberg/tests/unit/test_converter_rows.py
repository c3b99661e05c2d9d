"""The model converter: defaults, and rows there and back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Optional
from uuid import UUID

import attrs
import pyarrow as pa
import pydantic
import pytest
from pydantic import AwareDatetime, BaseModel
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from dao.errors import DataError
from dao_iceberg.converter import IcebergConverter

CONVERTER = IcebergConverter()


class Letter(Enum):
    A = "a"


class Number(IntEnum):
    ONE = 1


class Word(StrEnum):
    A = "a"


class Point(BaseModel):
    x: float
    label: str | None = None


class Whole(BaseModel):
    id: int
    by_name: dict[str, Point | None]


class Defaults(BaseModel):
    id: int
    word: Word = Word.A
    day: dt.date = dt.date(2026, 1, 2)
    at: AwareDatetime = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    price: Decimal = Decimal("1.50")
    key: UUID = UUID(int=7)
    raw: bytes = b"\xff"
    tags: list[str] = []
    inner: Point = Point(x=1)


def test_version_3_keeps_defaults():
    converter = IcebergConverter(format_version=3)
    schema = converter.to_iceberg(Defaults)
    kept = {one.name: one.write_default for one in schema.fields if one.write_default is not None}
    assert kept == {
        "word": "a",
        "day": dt.date(2026, 1, 2),
        "at": dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        "price": Decimal("1.50"),
        "key": UUID(int=7),
        "raw": b"\xff",
    }
    assert all(one.initial_default is None for one in schema.fields)
    Row = converter.to_model(schema)  # noqa: N806
    row = Row(id=1, tags=[], inner={"x": 1})
    assert {name: getattr(row, name) for name in kept} == kept
    assert converter.to_iceberg(Row) == schema


def test_version_2_leaves_defaults_to_the_model_and_to_arrow():
    schema = CONVERTER.to_iceberg(Defaults)
    assert all(one.write_default is None for one in schema.fields)
    Row = CONVERTER.to_model(CONVERTER.to_arrow(Defaults))  # noqa: N806
    row = Row(id=1, tags=[], inner={"x": 1})
    assert (row.word, row.day, row.key, row.raw) == ("a", dt.date(2026, 1, 2), UUID(int=7), b"\xff")
    assert CONVERTER.to_table([Defaults(id=1)], Defaults).column("word").to_pylist() == ["a"]


class Zoned(BaseModel):
    model_config = pydantic.ConfigDict(strict=True, alias_generator=to_camel)

    moment_at: AwareDatetime
    letter_of: Letter
    point_of: dict[Word, Point]


def test_rows_come_back_also_with_aliases_and_strict_models():
    row = Zoned(
        momentAt=dt.datetime(2026, 1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        letterOf=Letter.A,
        pointOf={Word.A: Point(x=1)},
    )
    table = CONVERTER.to_table([row], Zoned)
    assert table.column_names == ["moment_at", "letter_of", "point_of"]
    (back,) = CONVERTER.to_rows(table, Zoned)
    assert back == row
    assert back.moment_at.utcoffset() == dt.timedelta(0)


@dataclass(frozen=True)
class Plain:
    n: int
    letters: tuple[Letter, ...] = ()


class Keyed(TypedDict):
    n: int


@attrs.frozen
class Slotted:
    n: int


def test_rows_may_be_of_other_classes():
    rows = [Plain(1), Plain(2, (Letter.A,))]
    table = CONVERTER.to_table(rows, Plain)
    assert CONVERTER.to_rows(table, Plain) == rows
    assert CONVERTER.to_rows(table, Keyed) == [{"n": 1}, {"n": 2}]
    assert CONVERTER.to_table([Slotted(1)], Slotted).to_pylist() == [{"n": 1}]
    with pytest.raises(DataError, match="can't make rows of Slotted: use a pydantic model"):
        CONVERTER.to_rows(table, Slotted)


def test_rows_of_another_shape_are_read_as_far_as_they_go():
    class Model(BaseModel):
        b: int
        c: str = "none"

    assert CONVERTER.to_rows(pa.table({"a": [1, 2], "b": [3, 4]}), Model) == [Model(b=3), Model(b=4)]
    with pytest.raises(pydantic.ValidationError, match="b"):
        CONVERTER.to_rows(pa.table({"b": pa.array([None], pa.int64())}), Model)


@pytest.mark.parametrize(
    ("annotation", "value", "says"),
    [
        (Decimal, Decimal("0.1234567890123456789"), "'value', row 1"),
        (dt.datetime, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "'value', row 1"),
        (int, 2**63, "'value', row 1"),
        (Annotated[int, pa.int32()], 2**31, "'value', row 1"),
        (Annotated[int, pa.int8()], 2**31, "'value', row 1"),
    ],
    ids=str,
)
def test_a_value_that_would_change_is_refused(annotation, value, says):
    Model = pydantic.create_model("Model", value=(Optional[annotation], None))  # noqa: N806, UP045
    with pytest.raises(DataError, match=says):
        CONVERTER.to_table([Model(), Model(value=value)], Model)


def test_no_rows_are_an_empty_table():
    assert CONVERTER.to_table([], Whole).equals(CONVERTER.to_arrow(Whole).empty_table())
    assert CONVERTER.to_rows(CONVERTER.to_table([], Whole), Whole) == []
