"""Classes of schemas."""

from __future__ import annotations

import datetime as dt
from dataclasses import make_dataclass
from decimal import Decimal
from uuid import UUID

import attrs
import pyarrow as pa
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dao.arrow.convert import to_reader
from dao.arrow.models import model_of, schema_of
from dao.errors import DataError
from dao.testing._tables import same_table, tables

KINDS = ("dataclass", "attrs", "pydantic")
SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        pa.field("id", pa.int64(), nullable=False),
        ("price", pa.decimal128(10, 2)),
        ("at", pa.timestamp("us", "UTC")),
        pa.field("inner", pa.struct([pa.field("n", pa.int8(), nullable=False)]), nullable=False),
    ]
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_the_class_is_a_row_of_the_schema(kind):
    Row = model_of(SCHEMA, kind=kind, name="Flight")  # noqa: N806
    assert Row.__name__ == "Flight"
    inner = schema_of(Row).field("inner").type
    assert inner == SCHEMA.field("inner").type
    Inner = attrs.fields(Row).inner.type if kind == "attrs" else Row.__annotations__["inner"]  # noqa: N806
    row = Row(id=1, price=Decimal("1.50"), inner=Inner(n=3))
    assert (row.name, row.at) == (None, None)
    table = to_reader([row], schema=SCHEMA).read_all()
    assert table.to_pylist() == [{"name": None, "id": 1, "price": Decimal("1.50"), "at": None, "inner": {"n": 3}}]


@pytest.mark.parametrize("kind", KINDS)
def test_a_required_column_has_to_be_given(kind):
    with pytest.raises((TypeError, pydantic.ValidationError), match="id"):
        model_of(SCHEMA, kind=kind)(name="a")


def test_a_pydantic_model_checks_its_values():
    Row = model_of({"at": "timestamptz not null"}, kind="pydantic")  # noqa: N806
    assert Row(at="2026-01-02T00:00:00Z").at == dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    with pytest.raises(pydantic.ValidationError):
        Row(at="soon")


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(data=st.data())
def test_a_schema_comes_back_from_its_class(kind, data):
    schema = data.draw(tables(without=["odd_names"], max_rows=0)).schema
    assert schema_of(model_of(schema, kind=kind)) == schema


@settings(deadline=None)
@given(tables(without=["odd_names", "no_rows", "duration", "timestamp_ns", "time_ns", "early_dates", "late_dates"]))
def test_rows_of_the_class_are_the_table(table):
    """Through Python objects and back, structs as records included."""
    Row = model_of(table.schema)  # noqa: N806
    rows = [Row(**row) for row in table.to_pylist()]
    same_table(to_reader(rows, schema=table.schema), table)


DEFAULTS = {
    pa.bool_(): False,
    pa.int32(): 5,
    pa.float64(): 1.0,
    pa.string(): "x",
    pa.binary(): b"\x00\xff",
    pa.date32(): dt.date(2026, 1, 2),
    pa.time64("us"): dt.time(1, 2, 3, 4),
    pa.duration("us"): dt.timedelta(days=1, microseconds=1),
    pa.timestamp("us"): dt.datetime(2026, 1, 2, 3),
    pa.timestamp("us", "UTC"): dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC),
    pa.decimal128(9, 2): Decimal("1.50"),
    pa.uuid(): UUID(int=7),
}


@pytest.mark.parametrize("kind", KINDS)
def test_descriptions_and_defaults_come_back(kind):
    def note(value):
        given = make_dataclass("Given", [("value", type(value), value)])
        return {"doc": f"like {value}", **schema_of(given, notes=True).field("value").metadata}

    columns = {f"f{i}": (t, value) for i, (t, value) in enumerate(DEFAULTS.items())}
    schema = pa.schema([pa.field(name, t, False, note(value)) for name, (t, value) in columns.items()])
    Row = model_of(schema, kind=kind)  # noqa: N806
    row = Row()
    assert {name: getattr(row, name) for name in columns} == {name: value for name, (_, value) in columns.items()}
    assert schema_of(Row, notes=True).equals(schema, check_metadata=True)


def test_a_default_of_another_type_is_refused():
    with pytest.raises(DataError, match="column 'n': its default \"a\" is no value of type int32"):
        model_of(pa.schema([pa.field("n", pa.int32(), metadata={"default": '"a"'})]))


def test_a_pydantic_model_refuses_what_its_columns_cant_hold():
    kinds = {"d": pa.decimal128(5, 2), "naive": pa.timestamp("us"), "aware": pa.timestamp("us", "UTC")}
    Row = model_of(pa.schema(list(kinds.items())), kind="pydantic")  # noqa: N806
    good = {"d": Decimal("123.45"), "naive": dt.datetime(2026, 1, 1), "aware": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}
    assert Row(**good).model_dump() == good
    wrong = {"d": Decimal("1234"), "naive": good["aware"], "aware": good["naive"]}
    for name, value in wrong.items():
        with pytest.raises(pydantic.ValidationError, match=name):
            Row(**{name: value})


@pytest.mark.parametrize("name", ["with space", "class", "_hidden", "1st", ""])
def test_names_that_are_no_fields_are_refused(name):
    with pytest.raises(DataError, match="can't be a field of a class"):
        model_of(pa.schema([(name, pa.int8())]))


def test_an_unknown_kind_is_named_with_the_nearest():
    with pytest.raises(DataError, match="kind='dataclas' is not known: did you mean 'dataclass'?"):
        model_of(SCHEMA, kind="dataclas")


def test_a_type_without_a_python_type_is_refused():
    with pytest.raises(DataError, match="Row_x: no Python type corresponds to month_day_nano_interval"):
        model_of(pa.schema([("x", pa.month_day_nano_interval())]))
