"""Names found and literals typed: the tree that backends compile."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao.arrow.predicates import bind, parse
from dao.errors import DataError

SCHEMA = pa.schema(
    {
        "Id": pa.int8(),
        "price": pa.decimal128(9, 2),
        "day": pa.date32(),
        "ts": pa.timestamp("ms"),
        "tz": pa.timestamp("us", "Europe/Berlin"),
        "ns": pa.timestamp("ns"),
        "f32": pa.float32(),
        "s": pa.string(),
        "flag": pa.bool_(),
        "case": pa.int32(),
        "CASE": pa.int32(),
        "st": pa.struct({"x": pa.int32(), "Inner": pa.struct({"y": pa.string()})}),
        "nothing": pa.null(),
        "list": pa.list_(pa.int32()),
    }
)


@pytest.mark.parametrize(
    ("sql", "bound"),
    [
        ("ID = 1", '"Id" = 1'),
        ('"ID" = 1', '"Id" = 1'),
        ('"case" = 1 OR "CASE" = 2', '("case" = 1) OR ("CASE" = 2)'),
        ("ST.inner.Y = 'a'", '"st"."Inner"."y" = \'a\''),
        ("id < 1.5", '"Id" <= 1'),
        ("id >= 1.5", '"Id" > 1'),
        ("id < 1.0", '"Id" < 1'),
        ("1.5 > id", '"Id" <= 1'),
        ("id = 1.5", '("Id" IS NULL) AND NULL'),
        ("id <> 300", '(NOT ("Id" IS NULL)) OR NULL'),
        ("id BETWEEN 0.5 AND 300", '("Id" > 0) AND ((NOT ("Id" IS NULL)) OR NULL)'),
        ("id IN (1, 2.0, 300, '4')", '"Id" IN (1, 2, 4)'),
        ("id IN (300, NULL)", '"Id" IN (NULL)'),
        ("id = 1 OR id = 2", '"Id" IN (1, 2)'),
        ("id <> 1 AND id <> 2 AND flag", '"flag" AND (NOT ("Id" IN (1, 2)))'),
        ("price < 1.505", '"price" <= 1.50'),
        ("price = '1.505'", '"price" = 1.51'),
        ("day = '2026-01-31'", "\"day\" = CAST('2026-01-31' AS DATE)"),
        ("day < TIMESTAMP '2026-01-31 12:00:00'", "\"day\" <= CAST('2026-01-31' AS DATE)"),
        ("ts > TIMESTAMP '2026-01-31 00:00:00.0005'", "\"ts\" > CAST('2026-01-31 00:00:00' AS TIMESTAMP)"),
        ("tz = '2026-01-31'", "\"tz\" = CAST('2026-01-31 00:00:00+00:00' AS TIMESTAMPTZ)"),
        ("ns = '2026-01-31 00:00:00.000000001'", "\"ns\" = CAST('2026-01-31 00:00:00.000000001' AS TIMESTAMP_NS)"),
        ("f32 < 1e-1", '"f32" < 0.10000000149011612e0'),
        ("f32 = 1e-1", '("f32" IS NULL) AND NULL'),
        ("flag = 'yes'", '"flag" = TRUE'),
        ("flag > 0.5", '"flag" > FALSE'),
        ("id IS NOT DISTINCT FROM 1.0", '("Id" = 1) IS TRUE'),
        ("id IS DISTINCT FROM NULL", 'NOT ("Id" IS NULL)'),
        ("id = NULL", "NULL"),
        ("1 < 2 AND flag", 'TRUE AND "flag"'),
        ("nothing = 1 OR nothing IS NULL", "NULL OR TRUE"),
        ("list IS NOT NULL", 'NOT ("list" IS NULL)'),
    ],
)
def test_bound(sql: str, bound: str) -> None:
    assert str(bind(parse(sql), SCHEMA)) == bound


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("prise = 1", "did you mean 'price'?"),
        ('"Case" = 1', "may be 'case' or 'CASE': spell it exactly"),
        ("st.z = 1", "field 'z' of 'st', which doesn't exist"),
        ("s.x = 1", "'s', which is string, not a struct"),
        ('"st.x" = 1', r"write st.x in SQL, or the tuple \('st', 'x'\)"),
        ("id", "as a condition, but it is int8"),
        ("s AND flag", "'s' as a condition"),
        ("'x'", "as a condition"),
        ("id IS TRUE", "as a condition"),
        ("id = 'abc'", "compares \"Id\" with 'abc': 'abc' is not an integer from -128 to 127"),
        ("id = '300'", "not an integer from -128 to 127"),
        ("day = 'tomorrow'", "'tomorrow' is not a date"),
        ("day = 1", "can't compare date with integer"),
        ("s = 1", "can't compare integer with string"),
        ("s = id", "can't compare integer with string"),
        ("list = 1", "compare"),
        ("st = 1", "compare"),
        ("id LIKE '1%'", "LIKE needs text"),
        ("ns < TIMESTAMP '3000-01-01 00:00:00'", "out of the range of timestamps in nanoseconds"),
        ("ns < tz", "nor can DuckDB"),
        ('id BETWEEN "case" AND 1e0', "compare them separately"),
    ],
)
def test_refused(sql: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        bind(parse(sql), SCHEMA)


def test_a_name_that_is_there_twice_is_ambiguous() -> None:
    schema = pa.schema([("a", pa.int32()), ("a", pa.int32()), ("b", pa.int32())])
    with pytest.raises(DataError, match="'a', which occurs more than once"):
        bind(parse("a = 1"), schema)
    assert str(bind(parse("b = 1"), schema)) == '"b" = 1'
