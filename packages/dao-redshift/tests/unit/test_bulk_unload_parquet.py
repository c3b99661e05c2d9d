"""UNLOAD to Parquet, on PostgreSQL and a bucket in memory."""

from __future__ import annotations

import io
import json
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bulk_session import BulkSession, refused

from dao_redshift.testing._statements import RedshiftError

DEFAULT = "iam_role default format parquet"


ROLE = "arn:aws:iam::123456789012:role/loader"


def test_an_unload_writes_files_of_slices_and_a_manifest(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (n int, s varchar(9))")
    bulk.query("INSERT INTO t SELECT g, 'x' || g FROM generate_series(1, 100) g")
    unload = f"UNLOAD ('select n, s from t order by n') TO 's3://lake/out/t_' {DEFAULT} MANIFEST VERBOSE"
    done = bulk.unload(unload)
    assert (done.rows, done.notices) == (100, ("UNLOAD completed, 100 record(s) unloaded successfully.",))
    assert bulk.keys() == ["out/t_0000_part_00.parquet", "out/t_0001_part_00.parquet", "out/t_manifest"]
    assert bulk.history("status, unloaded_rows, unloaded_files_count", "unloads") == [("completed", "100", "2")]
    manifest = json.loads(bulk.read("out/t_manifest"))
    lengths = [len(bulk.read(key)) for key in bulk.keys()[:2]]
    assert [entry["meta"] for entry in manifest["entries"]] == [
        {"content_length": length, "record_count": 50} for length in lengths
    ]
    assert manifest["meta"] == {"content_length": sum(lengths), "record_count": 100}
    assert manifest["schema"]["elements"][1] == {"name": "s", "type": {"base": "character varying", "max_length": 9}}
    assert bulk.read_parquet("out/")["n"].to_pylist() == list(range(1, 101))
    bulk.query("CREATE TABLE u (n int, s varchar(9))")
    assert bulk.copy(f"COPY u FROM 's3://lake/out/t_manifest' {DEFAULT} MANIFEST").rows == 100
    assert bulk.query("SELECT count(*) FROM (SELECT * FROM t EXCEPT SELECT * FROM u) d") == [("0",)]


@pytest.mark.parametrize(
    ("kind", "array"),
    [
        ("timestamp", pa.array([-(2**63)], pa.timestamp("us"))),
        ("timestamp", pa.array([-(2**63) + 946_684_800_000_000], pa.timestamp("us"))),
        ("date", pa.array([-(2**31)], pa.int32()).view(pa.date32())),
        ("date", pa.array([-(2**31) + 10_957], pa.int32()).view(pa.date32())),
        ("date", pa.array([2**31 - 1], pa.int32()).view(pa.date32())),
    ],
)
def test_moments_that_postgresql_would_take_for_infinite_are_refused(
    bulk: BulkSession, kind: str, array: pa.Array
) -> None:
    bulk.query(f"CREATE TABLE t (a {kind})")
    bulk.put_parquet("t.parquet", pa.table({"a": array}))
    assert "out of range" in refused(bulk, f"COPY t FROM 's3://lake/t.parquet' {DEFAULT}").message


@pytest.mark.parametrize(("size", "files"), [("5 MB", [1, 1]), ("70 MB", [2, 1]), ("1 GB", [3])])
def test_a_file_has_as_many_row_groups_as_its_size_has_room_for(bulk: BulkSession, size: str, files: list[int]) -> None:
    rows = 13_000 if size == "5 MB" else 80_000
    query = f"select repeat(md5(g::text), 32) s from generate_series(1, {rows}) g"
    bulk.unload(f"UNLOAD ($${query}$$) TO 's3://lake/t/' {DEFAULT} MAXFILESIZE {size} PARALLEL OFF")
    found = [pq.ParquetFile(io.BytesIO(bulk.read(key))) for key in bulk.keys()]  # noqa: SIM118
    assert [one.num_row_groups for one in found] == files
    assert sum(one.metadata.num_rows for one in found) == rows


def test_a_destination_is_empty_or_named_so(bulk: BulkSession) -> None:
    bulk.put("out/t_old", b"1")
    bulk.put("out/other", b"1")
    unload = f"UNLOAD ('select 1 as n') TO 's3://lake/out/t_' {DEFAULT}"
    error = refused(bulk, unload)
    assert error.message == (
        "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually "
        "removing the target files in S3, or using the ALLOWOVERWRITE option."
    )
    bulk.unload(unload + " ALLOWOVERWRITE PARALLEL OFF")
    assert bulk.keys() == ["out/other", "out/t_000.parquet", "out/t_old"]
    bulk.unload(unload + " CLEANPATH")
    assert bulk.keys() == ["out/other", "out/t_0000_part_00.parquet"]


def test_partitions_are_folders(bulk: BulkSession) -> None:
    query = "select * from (values (1, ''a/b'', true), (2, null, false), (3, ''a/b'', true)) v (n, s, ok) order by 1"
    bulk.unload(f"UNLOAD ('{query}') TO 's3://lake/out' {DEFAULT} PARTITION BY (s, ok) PARALLEL OFF MANIFEST")
    assert bulk.keys() == [
        "out/manifest",
        "out/s=__HIVE_DEFAULT_PARTITION__/ok=false/000.parquet",
        "out/s=a%2Fb/ok=true/000.parquet",
    ]
    table = bulk.read_parquet("out/s=a%2Fb/")
    assert table.to_pylist() == [{"n": 1}, {"n": 3}]
    bulk.query("CREATE TABLE t (n int)")
    assert bulk.copy(f"COPY t FROM 's3://lake/out/manifest' {DEFAULT} MANIFEST").rows == 3
    bulk.unload(f"UNLOAD ('{query}') TO 's3://lake/in' {DEFAULT} PARTITION BY (s) INCLUDE PARALLEL OFF")
    assert bulk.read_parquet("in/s=a%2Fb/").column_names == ["n", "s", "ok"]
    with pytest.raises(RedshiftError, match="at least one column"):
        bulk.unload(f"UNLOAD ('select 1 as n') TO 's3://lake/x' {DEFAULT} PARTITION BY (n)")
    with pytest.raises(RedshiftError, match="not in the result"):
        bulk.unload(f"UNLOAD ('select 1 as n') TO 's3://lake/x' {DEFAULT} PARTITION BY (m)")


@pytest.mark.parametrize("expression", ["'\\\\x00'::bytea", "time '12:00'", "interval '1 day'", "timestamp 'infinity'"])
def test_what_parquet_has_no_type_for_is_refused(bulk: BulkSession, expression: str) -> None:
    error = refused(bulk, f"UNLOAD ($$select {expression} as a$$) TO 's3://lake/x' {DEFAULT}")
    assert "is not supported for" in error.message
    assert bulk.keys() == []


def test_a_zone_is_left_out_and_a_sum_keeps_its_digits(bulk: BulkSession) -> None:
    bulk.query("SET TimeZone TO 'Asia/Tokyo'")
    bulk.query("SET DateStyle TO 'German'")
    query = "select timestamptz '2020-01-01 09:00+09' as t, sum(v) as s from (values (1.250), (1.5)) x (v)"
    bulk.unload(f"UNLOAD ($${query}$$) TO 's3://lake/x' {DEFAULT}")
    [row] = bulk.read_parquet("x").to_pylist()
    assert row == {"t": datetime(2020, 1, 1), "s": Decimal("2.750")}
    assert bulk.query("SHOW DateStyle") == [("German, DMY",)]
