"""Names of types, as catalogs, SQL, Spark and Arrow spell them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings

from dao.arrow.models import parse_type, schema_of
from dao.errors import DataError
from dao.testing._tables import tables


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tinyint", pa.int8()),
        ("smallint", pa.int16()),
        ("int", pa.int32()),
        ("INTEGER", pa.int32()),
        ("bigint", pa.int64()),
        ("long", pa.int64()),
        ("real", pa.float32()),
        ("float", pa.float32()),
        ("double precision", pa.float64()),
        ("VARCHAR(20)", pa.string()),
        ("varchar(max)", pa.string()),
        ("character varying(20)", pa.string()),
        ("char(3)", pa.string()),
        ("text", pa.string()),
        ("boolean", pa.bool_()),
        ("blob", pa.binary()),
        ("binary", pa.binary()),
        ("binary(16)", pa.binary(16)),
        ("date", pa.date32()),
        ("time", pa.time64("us")),
        ("time(0)", pa.time32("s")),
        ("TIME (3)", pa.time32("ms")),
        ("time(6) without time zone", pa.time64("us")),
        ("time without time zone", pa.time64("us")),
        ("time(9)", pa.time64("ns")),
        ("timestamp", pa.timestamp("us")),
        ("timestamp(3)", pa.timestamp("ms")),
        ("timestamp(9) with time zone", pa.timestamp("ns", "UTC")),
        ("timestamp without time zone", pa.timestamp("us")),
        ("timestamp[us, Europe/Berlin]", pa.timestamp("us", "Europe/Berlin")),
        ("timestamptz", pa.timestamp("us", "UTC")),
        ("timestamp_ntz", pa.timestamp("us")),
        ("decimal", pa.decimal128(38, 18)),
        ("decimal(10,2)", pa.decimal128(10, 2)),
        ("numeric(12)", pa.decimal128(12, 0)),
        ("decimal(50, 2)", pa.decimal256(50, 2)),
        ("int[][]", pa.list_(pa.list_(pa.int32()))),
        ("array<int>", pa.list_(pa.int32())),
        ("map<string, array<int not null>>", pa.map_(pa.string(), pa.list_(pa.field("item", pa.int32(), False)))),
        ("struct<A: int, b: text not null>", pa.struct([("A", pa.int32()), pa.field("b", pa.string(), False)])),
        ("dictionary<string>", pa.dictionary(pa.int32(), pa.string())),
        ("  bigint  ", pa.int64()),
    ],
)
def test_names_of_sql_and_spark(name, kind):
    assert parse_type(name).equals(kind)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("bigit", "did you mean 'bigint'"),
        ("", "it is empty"),
        ("not null", "it is empty"),
        ("decimal(a)", "it takes 0 to 2 numbers"),
        ("decimal(99, 2)", "precision should be between"),
        ("list<int", "'>' is missing at the end"),
        ("list<int>>", "'>' is unexpected"),
        ("map<string>", "',' is missing before '>'"),
        ("struct<a int>", "'struct<a int>' is not a type"),
        ("timestamp[xs]", "it takes a unit"),
        ("time(2)", "it takes a precision of 0, 3, 6 or 9"),
        ("time(3, 6)", "it takes a precision of 0, 3, 6 or 9"),
        ("time(ms)", "it takes a precision of 0, 3, 6 or 9"),
        ("timestamp(2)", "it takes a unit and perhaps a zone"),
        ("varchar(x)", "it takes a length, such as (20)"),
        ("char(1, 2)", "it takes a length, such as (20)"),
        ("date32[ms]", "its unit is date32[day]"),
        ("time64[s]", "'time64[s]' is not a type"),
        ("decimal(10, 2", "')' is missing at the end"),
        ("extension<mine>", "only extension<arrow.uuid>"),
        ("int not null null", "is not a type"),
        ("list<" * 5000 + "int" + ">" * 5000, "is not a type: it is nested deeper than 64 levels"),
        ("int" + "[]" * 5000, "is not a type: it is nested deeper than 64 levels"),
    ],
)
def test_names_that_are_none_say_what_is_wrong(name, says):
    with pytest.raises(DataError) as caught:
        schema_of({"column": name})
    assert says in str(caught.value)
    assert str(caught.value).startswith("column 'column': ")


@settings(deadline=None)
@given(tables(without=["not_null"], max_rows=0))
def test_every_type_is_read_back_from_what_arrow_prints(table):
    for kind in table.schema.types:
        assert parse_type(str(kind)).equals(kind)


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.field("element", pa.int8(), False)),
        pa.map_(pa.string(), pa.int8(), keys_sorted=True),
        pa.map_(pa.string(), pa.field("named", pa.int8())),
        pa.dictionary(pa.int8(), pa.decimal128(5, 2), ordered=True),
        pa.struct([pa.field("a b", pa.struct([]), False)]),
        pa.decimal128(5, -2),
        pa.timestamp("ms", "+02:00"),
        pa.uuid(),
        pa.float16(),
        pa.list_view(pa.int8()),
        pa.month_day_nano_interval(),
    ],
    ids=str,
)
def test_odd_types_are_read_back_too(kind):
    assert parse_type(str(kind)).equals(kind)
