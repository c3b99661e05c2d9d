"""UNLOAD to delimited files, CSV, JSON and files of fixed width, and their way back by COPY."""

from __future__ import annotations

import bz2
import gzip
import json
from typing import Any

import obstore
import pyarrow as pa
import pytest
from bulk_session import BulkSession
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dao_redshift.testing._statements import RedshiftError

ROLE = "iam_role default"
ROWS = "select * from (values (1, 'a|b', true, null::int), (2, 'x, \"y\"\n', false, 3)) v (n, s, ok, m) order by n"


def unload(bulk: BulkSession, query: str, options: str) -> bytes:
    """The file that a serial UNLOAD writes."""
    obstore.delete(bulk.bucket, bulk.keys())
    bulk.unload(f"UNLOAD ($${query}$$) TO 's3://lake/out_' {ROLE} {options} PARALLEL OFF")
    [key] = bulk.keys()
    return bulk.read(key)


@pytest.mark.parametrize(
    ("options", "content"),
    [
        ("", '1|a|b|t|\n2|x, "y"\n|f|3\n'),
        ("ESCAPE", '1|a\\|b|t|\n2|x, "y"\\\n|f|3\n'),
        ("ADDQUOTES ESCAPE DELIMITER ','", '"1","a|b","t",\n"2","x\\, \\"y\\"\\\n","f","3"\n'),
        ("HEADER NULL AS 'none' ESCAPE", 'n|s|ok|m\n1|a\\|b|t|none\n2|x, "y"\\\n|f|3\n'),
        ("CSV", '1,a|b,t,\n2,"x, ""y""\n",f,3\n'),
        ("FORMAT AS CSV HEADER DELIMITER '|'", 'n|s|ok|m\n1|"a|b"|t|\n2|"x, ""y""\n"|f|3\n'),
        ("FORMAT JSON", '{"n":1,"s":"a|b","ok":"t","m":null}\n{"n":2,"s":"x, \\"y\\"\\n","ok":"f","m":3}\n'),
        ("FIXEDWIDTH 'n:2,s:8,ok:1,m:2'", '1 a|b     t  \n2 x, "y"\n f3 \n'),
    ],
)
def test_formats(bulk: BulkSession, options: str, content: str) -> None:
    assert unload(bulk, ROWS, options).decode() == content


def test_values_are_as_redshift_writes_them(bulk: BulkSession) -> None:
    bulk.query("SET TimeZone TO 'Asia/Tokyo'")
    query = (
        "select timestamptz '2020-01-02 03:04:05.5+00' a, date '2020-01-02' b, 0.1::float8 c, '\\\\x00ff'::bytea d, "
        "'{\"x\": 1.50}'::jsonb e, 1.10::numeric(9,2) f, time '12:00' g"
    )
    assert unload(bulk, query, "DELIMITER ';'").decode() == (
        '2020-01-02 03:04:05.5+00;2020-01-02;0.1;00ff;{"x": 1.50};1.10;12:00:00\n'
    )
    row = json.loads(unload(bulk, "select '{\"x\": 1.50}'::jsonb e, 1.10::numeric(9,2) f, 'NaN'::float8 g", "JSON"))
    assert row == {"e": {"x": 1.5}, "f": 1.1, "g": "NaN"}


def test_names_of_files(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t AS SELECT g AS n FROM generate_series(1, 10) g")
    for options, names in {
        "CSV": ["0000_part_00", "0001_part_00"],
        "CSV GZIP": ["0000_part_00.gz", "0001_part_00.gz"],
        "CSV ZSTD EXTENSION 'csv.zst' PARALLEL OFF": ["000.csv.zst"],
        "BZIP2 PARALLEL FALSE MANIFEST": ["000.bz2", "manifest"],
    }.items():
        obstore.delete(bulk.bucket, bulk.keys())
        bulk.unload(f"UNLOAD ('select * from t') TO 's3://lake/t/' {ROLE} {options}")
        assert bulk.keys() == [f"t/{name}" for name in names]
    assert json.loads(bulk.read("t/manifest")) == {"entries": [{"url": "s3://lake/t/000.bz2"}]}
    assert bz2.decompress(bulk.read("t/000.bz2")) == b"".join(b"%d\n" % n for n in range(1, 11))


def test_files_of_a_size(bulk: BulkSession) -> None:
    query = "select repeat(md5(g::text), 100) s from generate_series(1, 6000) g"
    bulk.unload(f"UNLOAD ($${query}$$) TO 's3://lake/t/' {ROLE} MAXFILESIZE 5 MB PARALLEL OFF MANIFEST VERBOSE")
    manifest = json.loads(bulk.read("t/manifest"))
    lengths = [entry["meta"]["content_length"] for entry in manifest["entries"]]
    assert len(lengths) > 2
    assert max(lengths) < 11 * 2**20
    assert manifest["meta"] == {"content_length": 3201 * 6000, "record_count": 6000}


def test_compressions(bulk: BulkSession) -> None:
    query = "select g from generate_series(1, 1000) g"
    plain = unload(bulk, query, "")
    assert gzip.decompress(unload(bulk, query, "GZIP")) == plain
    with pa.CompressedInputStream(pa.BufferReader(unload(bulk, query, "ZSTD")), "zstd") as stream:
        assert stream.read() == plain


def test_a_value_wider_than_its_column_is_refused(bulk: BulkSession) -> None:
    with pytest.raises(RedshiftError, match="column s has a value of 3 characters"):
        unload(bulk, "select 'abc' as s", "FIXEDWIDTH 's:2'")


def test_an_empty_result_writes_no_file(bulk: BulkSession) -> None:
    for options in ("PARQUET", "CSV"):
        done = bulk.unload(f"UNLOAD ('select 1 as n where false') TO 's3://lake/out' {ROLE} {options}")
        assert (done.rows, bulk.keys()) == (0, [])


def test_a_query_that_fails_says_why(bulk: BulkSession) -> None:
    for query in ("select 1/0 as n", "select nothing", "insert into t values (1)"):
        with pytest.raises(RedshiftError):
            bulk.unload(f"UNLOAD ('{query}') TO 's3://lake/out' {ROLE} CSV")
    assert bulk.history("status", "unloads") == [("aborted",)]


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
COLUMNS: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "i": ("bigint", st.integers(-(2**63), 2**63 - 1)),
    "d": ("numeric(38,10)", st.decimals(-(10**27), 10**27, places=10)),
    "f": ("float8", st.floats()),
    "r": ("real", st.floats(width=32)),
    "b": ("boolean", st.booleans()),
    "s": ("varchar(60)", TEXTS),
    "dt": ("date", st.dates()),
    "ts": ("timestamp", st.datetimes()),
    "tz": ("timestamptz", st.datetimes().map(lambda one: f"{one}+00")),
    "j": (
        "jsonb",
        st.recursive(st.integers() | TEXTS | st.none(), lambda one: st.lists(one, max_size=3), max_leaves=5),
    ),
    "v": ("bytea", st.binary(min_size=1, max_size=9)),  # an empty field is NULL in columns of other types than text
}


def literal(value: Any, name: str) -> str:
    if value is None:
        return "NULL"
    text = json.dumps(value, ensure_ascii=False) if name == "j" else f"\\x{value.hex()}" if name == "v" else str(value)
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@pytest.mark.parametrize(
    ("out", "back"),
    [
        ("CSV NULL AS '@NULL@'", "CSV NULL AS '@NULL@'"),
        ("CSV DELIMITER '|' NULL AS '@NULL@' GZIP", "CSV DELIMITER '|' NULL AS '@NULL@' GZIP"),
        ("ESCAPE NULL AS '@NULL@'", "ESCAPE NULL AS '@NULL@'"),
        ("ESCAPE ADDQUOTES NULL AS '@NULL@' ZSTD", "ESCAPE REMOVEQUOTES NULL AS '@NULL@' ZSTD"),
    ],
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_rows_come_back_equal(bulk: BulkSession, out: str, back: str, data: st.DataObject) -> None:
    row = st.tuples(*(st.none() | values for _, values in COLUMNS.values()))
    rows = data.draw(st.lists(row, min_size=1, max_size=4))
    declared = ", ".join(f"{name} {kind}" for name, (kind, _) in COLUMNS.items())
    bulk.query("DROP TABLE IF EXISTS t, u")
    bulk.query(f"CREATE TABLE t ({declared})")
    bulk.query(f"CREATE TABLE u ({declared})")
    for values in rows:
        bulk.query(f"INSERT INTO t VALUES ({', '.join(map(literal, values, COLUMNS))})")
    obstore.delete(bulk.bucket, bulk.keys())
    bulk.unload(f"UNLOAD ('select * from t') TO 's3://lake/t/' {ROLE} {out}")
    assert bulk.copy(f"COPY u FROM 's3://lake/t/' {ROLE} {back}").rows == len(rows)
    assert sorted(bulk.query("SELECT t::text FROM t")) == sorted(bulk.query("SELECT u::text FROM u"))


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DOCUMENTS = st.tuples(st.none() | st.integers(-(2**63), 2**63 - 1), st.none() | TEXTS, st.none() | FLOATS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(rows=[(0, "", -0.0)])
@given(rows=st.lists(DOCUMENTS, min_size=1, max_size=5))
def test_json_comes_back_equal(bulk: BulkSession, rows: list[tuple[Any, ...]]) -> None:
    bulk.query("DROP TABLE IF EXISTS t, u")
    for table in "tu":
        bulk.query(f"CREATE TABLE {table} (n bigint, s varchar(60), f float8)")
    for values in rows:
        bulk.query(f"INSERT INTO t VALUES ({', '.join(literal(value, '') for value in values)})")
    obstore.delete(bulk.bucket, bulk.keys())
    bulk.unload(f"UNLOAD ('select * from t') TO 's3://lake/t/' {ROLE} JSON")
    assert bulk.copy(f"COPY u FROM 's3://lake/t/' {ROLE} JSON 'auto' NULL AS '@NULL@'").rows == len(rows)
    assert sorted(bulk.query("SELECT t::text FROM t")) == sorted(bulk.query("SELECT u::text FROM u"))
