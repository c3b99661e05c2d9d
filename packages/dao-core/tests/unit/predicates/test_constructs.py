"""Each construct of the language, on a table small enough to see why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from dao.arrow.predicates import filter_table
from dao.errors import DataError
from dao.testing._predicates import COLUMNS, duckdb_rows

NAN = float("nan")
TABLE = pa.table(
    {
        "row": range(5),
        "i": pa.array([1, 2, None, -3, 127], pa.int8()),
        "big": pa.array([2**53, 2**53 + 1, None, -(2**63), 2**63 - 1], pa.int64()),
        "u": pa.array([0, 2**64 - 1, None, 2**63, 1], pa.uint64()),
        "f": [1.0, NAN, None, -0.0, float("-inf")],
        "f32": pa.array([0.1, NAN, None, 16777216.0, 0.5], pa.float32()),
        "dec": pa.array(
            [Decimal("1.50"), Decimal("-2.00"), None, Decimal("0.10"), Decimal("2.51")], pa.decimal128(9, 2)
        ),
        "s": ["a", "b%", None, "É", "it's"],
        "flag": [True, False, None, True, False],
        "day": [date(2026, 1, 1), date(1969, 12, 31), None, date(2026, 2, 28), date(9999, 12, 31)],
        "ts": [datetime(2026, 1, 1), datetime(2026, 1, 1, 12), None, datetime(1969, 12, 31, 23), datetime(1, 1, 1)],
        "tz": pa.array([datetime(2026, 1, 1, tzinfo=UTC), None, None, None, None], pa.timestamp("us", "UTC")),
        "st": [
            {"x": 1, "Y": {"z": "a"}},
            {"x": None, "Y": None},
            None,
            {"x": 3, "Y": {"z": None}},
            {"x": 4, "Y": None},
        ],
        "two words": [1, 2, 3, 4, None],
        'quo"te': [1, 2, 3, 4, None],
        "a.b": [1, 2, 3, 4, None],
    }
)

CONSTRUCTS = {
    "comparison": [
        "i = 1", "i == 1", "i <> 1", "i != 1", "i < 1", "i <= 1", "i > 1", "i >= 1", "1 < i", "i > -4", "i > - 4",
    ],
    "literal first": ["1 < i", "1 <= i", "1 > i", "1 >= i", "1 = i", "1 <> i", "1.5 >= f", "'a' >= s", "1 <= f"],
    "wider numbers": [
        "i < 1.5", "i = 1.5", "i <> 1.5", "i < 300", "i > -300", "i = 300", "i <> 300", "i < 1e300", "i = 1e0",
    ],
    "the ends of integers": [
        "u > -1", "u < 18446744073709551616", "u = 18446744073709551615", "big >= 9223372036854775807",
    ],
    "past 2**53": [
        "big = 9007199254740992e0", "big = 9007199254740993", "big IN (1e0, 9007199254740993)", "big < 1e19",
    ],
    "float": [
        "f = 'nan'", "f > 1e308", "f >= 'nan'", "f < 'nan'", "f <= 'nan'", "f <> 'nan'", "f = 0", "f IN (0, 'nan')",
    ],
    "float32": [
        "f32 = 0.1", "f32 = 1e-1", "f32 < 1e-1", "f32 = 16777217", "f32 = 16777217e0", "f32 > '-inf'", "f32 < 1e39",
    ],
    "decimal": [
        "dec = 1.5", "dec = 1.505", "dec < 2.505", "dec = 1.5e0", "dec = '2.505'", "dec > 100000000000000000",
        "dec = 1e-1",
    ],
    "not a number of the type": [
        "i = 'abc'", "i = '300'", "i = ''", "dec = '1e30'", "dec < 1e38::DECIMAL(38, 0)", "f = 'x'",
    ],
    "text": ["s = 'a'", "s < 'b'", "s > 'É'", "s = 'it''s'", "s >= ''", "'a' = s"],
    "boolean": [
        "flag", "NOT flag", "flag = TRUE", "flag = 't'", "flag = 1", "flag > 0", "flag = 2", "flag <> 0.5",
        "flag = 'x'",
    ],
    "boolean tests": [
        f"flag IS {test}"
        for test in ("TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN")
    ],
    "null": [
        "i IS NULL", "i IS NOT NULL", "i = NULL", "NULL = NULL", "NOT i = NULL", "NULL",
        "st IS NULL",
    ],
    "in": [
        "i IN (1, 2)", "i NOT IN (1, 2)", "i IN (1, NULL)", "i NOT IN (1, NULL)", "i IN (NULL)", "i IN (big, 2)",
        "i IN (1.5)",
    ],
    "in with mixed types": [
        "i IN (300, '300')", "i IN (1, '1.5')", "i IN (1.5, 2e0)", "dec IN (1.5, '2.514')", "s IN ('a', NULL)",
    ],
    "between": [
        "i BETWEEN 0 AND 2", "i NOT BETWEEN 0 AND 2", "i BETWEEN NULL AND 0", "i BETWEEN 0.5 AND '1.5'",
        "i BETWEEN 2 AND 1",
    ],
    "distinct": [
        "i IS DISTINCT FROM 1", "i IS NOT DISTINCT FROM NULL", "f IS NOT DISTINCT FROM 'nan'",
        "i IS DISTINCT FROM big",
    ],
    "like": [
        "s LIKE 'a'", "s LIKE '%''%'", "s NOT LIKE 'a%'", "s LIKE 'b\\%'", "s LIKE 'b!%' ESCAPE '!'", "s ILIKE 'é'",
        "s LIKE NULL",
    ],
    "like needs text": ["i LIKE '1'", "s LIKE 'a!' ESCAPE '!'", "s LIKE 'a' ESCAPE 'xy'", "s LIKE 1"],
    "logic": [
        "flag AND i > 0", "flag OR i > 0", "NOT (flag OR i > 0)", "NOT NOT flag", "flag AND NULL", "flag OR NULL",
        "TRUE", "1 = 1",
    ],
    "nested": [
        "(i > 0) = flag", "(i > 0) IS NULL", "(i > 0) IS DISTINCT FROM flag", "((i = 1) = (f = 1)) IS NOT TRUE",
        "(i > 0) < flag",
    ],
    "columns": [
        "i = big", "u > big", "big < u", "f < f32", "i < f", "f = f", "dec < f", "dec < i", "dec >= u", "f32 <> f",
        "ts = tz",
    ],
    "dates": [
        "day = '2026-01-01'", "day < DATE '2026-01-02'", "day < TIMESTAMP '2026-01-01 12:00:00'", "day = ts",
        "day = 'x'", "day = 1",
    ],
    "the last date": [
        "day < TIMESTAMP '9999-12-31 12:00:00'", "day <= DATE '9999-12-31'",
        "day > TIMESTAMP '9999-12-30 00:00:01'",
    ],
    "timestamps": [
        "ts = '2026-01-01'", "ts > DATE '2026-01-01'", "ts < '2026-01-01T12:00:00.000001'",
        "ts = TIMESTAMP '2026-01-01'",
    ],
    "zones": [
        "tz = '2026-01-01'", "tz = '2026-01-01 01:00:00+01'", "tz = DATE '2026-01-01'",
        "ts = '2026-01-01 00:00:00+05'",
    ],
    "structs": [
        "st.x = 1", "st.x IS NULL", "st.Y.z = 'a'", "ST.X > 1", "st.y.Z IS NOT NULL", 'st."x" IN (3, 4)',
        "st.nope = 1",
    ],
    "names": ["I = 1", '"I" = 1', '"two words" > 2', '"quo""te" > 2', '"a.b" > 2', '"two words" = "quo""te"'],
    "constants": [
        "1 < 2", "'a' = 'a'", "'1' = 1", "'a' = 1", "1 IN (1, 2)", "NULL IN (1)", "0.1 = 1e-1", "'nan'::DOUBLE > 1",
        "FALSE",
    ],
}  # fmt: skip


@pytest.mark.parametrize("sql", [sql for group in CONSTRUCTS.values() for sql in group])
def test_as_duckdb(sql: str, agree: Callable[..., None]) -> None:
    agree(TABLE, sql)


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("f > 0", [0, 1]),  # NaN is above all
        ("f = 0", [3]),  # -0.0 is 0.0
        ("i < 1.5", [0, 3]),  # 1.5 is not cut to 1
        ("i <= 0.5", [3]),
        ("i NOT IN (1, NULL)", []),
        ("s > 'b%'", [3, 4]),  # É and it's, by bytes
        ("day = '2026-01-01'", [0]),
        ("NOT flag", [1, 4]),
        ("st.x IS NULL", [1, 2]),
    ],
)
def test_rows_worked_out_by_hand(sql: str, rows: list[int]) -> None:
    assert filter_table(TABLE, sql)["row"].to_pylist() == rows


NUMBERS = [
    "0",
    " 1 ",
    "+1",
    "-1",
    "1.",
    ".5",
    "2.5",
    "-1.5",
    "1e2",
    "1_0",
    "_1",
    "",
    "x",
    "1x",
    "--1",
    "nan",
    "-inf",
    "300",
]
NUMBERS += [
    "127.5",
    "9999999.995",
    "1e400",
    "1e-400",
    "0x1",
    "1e",
    ".",
    "1 1",
    "٣",
    "9223372036854775808",
    "16777217",
    "0.1",
]
DAYS = [
    "2026-01-01",
    "2026-1-1",
    " 2026/01/01 ",
    "2026-01/01",
    "2026 01 01",
    "20260101",
    "2026-02-30",
    "26-01-01",
    "x",
    "",
]
DAYS += [
    "2026-01-01 00:00",
    "2026-01-01T0:0:0",
    "2026-01-01 24:00:00",
    "2026-01-01 24:00:01",
    "2026-01-01 12",
    "2026-01-01T",
]
DAYS += [
    "2026-01-01 00:00:00.123456789",
    "2026-01-01 00:00:00Z",
    "2026-01-01 00:00:00 UTC",
    "2026-01-01 00:00:00-01:30",
]
DAYS += [
    "2026-01-01+01",
    "2026-01-01Z",
    "1969-12-31 23:59:59.5",
    "1969-12-31 23:59:59.9999995",
    "2262-04-12",
    "1677-09-20",
]
CLOCKS = ["12:00", "1:2:3", "12:00:00.1234567", "12", "12:60", "25:00", " 12:00", "12:00 ", "x", ""]
FLAGS = ["t", "T", "TRUE", "yes", "y", "1", "0", "n", "No", "false", "on", "2", "", " t"]
BLOBS = ["a", r"\x61", r"\xFF", r"\xF", "é", "\\", "a\\x00b", "", r"\X61"]


@pytest.mark.parametrize(
    ("names", "texts"),
    [
        (["i8", "i64", "u64", "dec", "wide", "f32", "f64"], NUMBERS),
        (["day", "s", "ms", "us", "ns", "zoned"], DAYS),
        (["clock"], CLOCKS),
        (["Flag on"], FLAGS),
        (["blob"], BLOBS),
    ],
)
def test_text_literals_as_duckdb(names: list[str], texts: list[str], agree: Callable[..., None]) -> None:
    for name in names:
        kind = COLUMNS[name]
        values = [*kind.values, None]
        table = pa.table({"row": range(len(values)), name: pa.array(values, kind.type)})
        for text in texts:
            for operator in ("=", "<"):
                agree(table, f"\"{name}\" {operator} '{text}'")


@pytest.mark.parametrize(
    ("column", "literal"),
    [
        (pa.array(["1", "x"]), "1"),  # DuckDB casts each text, and answers or not by what is in the rows
        (pa.array([1.5, 2.5]), "DATE '2026-01-01'"),
        (pa.array([[1], [2]]), "1"),
        (pa.array([datetime(2026, 1, 1)], pa.timestamp("ns")), "TIMESTAMPTZ '2026-01-01 00:00:00+00'"),
    ],
)
def test_what_has_no_answer_for_all_rows_is_refused(column: pa.Array, literal: str) -> None:
    with pytest.raises(DataError, match="compare"):
        filter_table(pa.table({"c": column}), f"c = {literal}")


def test_nanoseconds_are_compared_exactly(duck: duckdb.DuckDBPyConnection) -> None:
    table = pa.table({"row": [0, 1, 2], "t": pa.array([1, 2, 1_000], pa.timestamp("ns"))})
    sql = "t = '1970-01-01 00:00:00.000000002'"
    assert filter_table(table, sql)["row"].to_pylist() == [1] == duckdb_rows(table, sql, duck)
