"""COPY from Parquet and UNLOAD to it, on PostgreSQL and a bucket in memory."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import obstore
import pyarrow as pa
import pytest
from bulk_session import BulkSession, refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import orc

from dao_redshift.testing._bulk import BulkStorage

DEFAULT = "iam_role default format parquet"
ROLE = "arn:aws:iam::123456789012:role/loader"


def numbers(*values: int) -> pa.Table:
    return pa.table({"n": pa.array(values, pa.int32())})


def test_a_prefix_is_what_keys_begin_with(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (n int)")
    for key, value in (("a/x1.parquet", 1), ("a/x2.parquet", 2), ("a/y.parquet", 3), ("a/x/z.parquet", 4)):
        bulk.put_parquet(key, numbers(value))
    loaded = bulk.copy(f"COPY t FROM 's3://lake/a/x' {DEFAULT}")
    assert loaded.rows == 3
    assert loaded.notices == ("Load into table 't' completed, 3 record(s) loaded successfully.",)
    assert bulk.query("SELECT n FROM t ORDER BY n") == [("1",), ("2",), ("4",)]
    assert bulk.history("status, table_name, loaded_rows, source_file_count") == [("completed", "t", "3", "3")]
    assert bulk.history("filename, lines_scanned", "load_files")[0] == ("s3://lake/a/x/z.parquet", "1")
    error = refused(bulk, f"COPY t FROM 's3://lake/nothing' {DEFAULT}")
    assert (error.message, error.sqlstate) == ("The specified S3 prefix 'nothing' does not exist", "XX000")


def test_a_manifest_names_the_files(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (n int)")
    size = bulk.put_parquet("a/1.parquet", numbers(1))
    bulk.put_parquet("a/2.parquet", numbers(2))
    file = {"url": "s3://lake/a/1.parquet", "mandatory": True, "meta": {"content_length": size}}
    missing = {"url": "s3://lake/a/3.parquet", "meta": {"content_length": 5}}
    bulk.put_manifest("manifest", [file, missing])
    assert bulk.copy(f"COPY t FROM 's3://lake/manifest' {DEFAULT} MANIFEST").rows == 1
    bulk.put_manifest("manifest", [file, missing | {"mandatory": True}])
    assert "mandatory" in refused(bulk, f"COPY t FROM 's3://lake/manifest' {DEFAULT} MANIFEST").message
    bulk.put_manifest("manifest", [{"url": "s3://lake/a/1.parquet"}])
    assert "content_length" in refused(bulk, f"COPY t FROM 's3://lake/manifest' {DEFAULT} MANIFEST").message
    bulk.put_manifest("manifest", [file | {"meta": {"content_length": size + 1}}])
    assert str(size) in refused(bulk, f"COPY t FROM 's3://lake/manifest' {DEFAULT} MANIFEST").message
    bulk.put("manifest", b"{]")
    assert "Invalid JSON" in refused(bulk, f"COPY t FROM 's3://lake/manifest' {DEFAULT} MANIFEST").message
    assert bulk.query("SELECT count(*) FROM t") == [("1",)]


def test_columns_are_matched_by_position_and_their_count(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (a int, b varchar(10) DEFAULT 'none', c bigint)")
    bulk.put_parquet("t.parquet", pa.table({"c": pa.array([1], pa.int32()), "a": pa.array([2], pa.int64())}))
    assert bulk.copy(f"COPY t (a, c) FROM 's3://lake/t.parquet' {DEFAULT}").rows == 1
    assert bulk.query("SELECT * FROM t") == [("1", "none", "2")]
    error = refused(bulk, f"COPY t FROM 's3://lake/t.parquet' {DEFAULT}")
    assert (error.message, error.sqlstate) == ("Spectrum Scan Error", "XX000")
    assert "code:      15007" in error.detail
    context = (
        "Unmatched number of columns between table and file. Table columns: 3, Data columns: 2, File name: https://"
    )
    assert context in error.detail
    [(file, *_, code, reason)] = bulk.errors()
    assert (file, code) == ("s3://lake/t.parquet", "15007")
    assert f"Spectrum Scan Error. {context}" in (reason or "")
    assert bulk.history("status, error_message, error_count") == [("aborted", "Spectrum Scan Error", "1")]


def test_types_are_not_widened(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (a bigint)")
    bulk.put_parquet("t.parquet", pa.table({"b": pa.array([1], pa.int32())}))
    error = refused(bulk, f"COPY t FROM 's3://lake/t.parquet' {DEFAULT}")
    assert (
        "has an incompatible Parquet schema for column 's3://lake/t.parquet.b'. Column type: BIGINT, Parquet schema:\n"
        "optional int32 b [i:0 d:1 r:0]"
    ) in error.detail
    assert bulk.errors()[0][2:4] == ("b", "int8")


@pytest.mark.parametrize(
    ("declared", "array"),
    [
        ("int", pa.array([1], pa.int64())),
        ("varchar(9)", pa.array([1], pa.int32())),
        ("numeric(9,2)", pa.array([1.0])),
        ("numeric(9,2)", pa.array([Decimal("1.000")], pa.decimal128(9, 3))),
        ("numeric(9,2)", pa.array([Decimal("1.00")], pa.decimal128(10, 2))),
        ("timestamp", pa.array([1], pa.timestamp("ns"))),
        ("timestamp", pa.array([date(2020, 1, 1)])),
        ("time", pa.array([1], pa.time64("us"))),
        ("float8", pa.array([1], pa.float32())),
        ("bytea", pa.array([b"x"], pa.binary(1))),
        ("int", pa.array([[1]])),
    ],
)
def test_types_that_do_not_fit(bulk: BulkSession, declared: str, array: pa.Array) -> None:
    bulk.query(f"CREATE TABLE t (a {declared})")
    bulk.put_parquet("t.parquet", pa.table({"a": array}))
    assert "incompatible Parquet schema" in refused(bulk, f"COPY t FROM 's3://lake/t.parquet' {DEFAULT}").detail


def test_lengths_are_counted_in_bytes(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (a varchar(3))")
    bulk.put_parquet("t.parquet", pa.table({"a": ["üü"]}))
    error = refused(bulk, f"COPY t FROM 's3://lake/t.parquet' {DEFAULT}")
    assert (
        "The length of the data column a is longer than the length defined in the table. Table: 3, Data: 4"
        in error.detail
    )
    bulk.query("CREATE TABLE u (a char(3))")
    bulk.put_parquet("u.parquet", pa.table({"a": ["ü"]}))
    assert (
        "Multibyte character not supported for CHAR"
        in refused(bulk, f"COPY u FROM 's3://lake/u.parquet' {DEFAULT}").detail
    )


def test_nothing_is_loaded_when_a_later_file_is_wrong(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (n int NOT NULL)")
    bulk.put_parquet("a/1.parquet", numbers(*range(1000)))
    bulk.put_parquet("a/2.parquet", pa.table({"n": pa.array([None], pa.int32())}))
    error = refused(bulk, f"COPY t FROM 's3://lake/a/' {DEFAULT}")
    assert error.message == "Cannot insert a NULL value into column n"
    bulk.put("a/2.parquet", b"PAR1 no parquet PAR1")
    assert "can't be read" in refused(bulk, f"COPY t FROM 's3://lake/a/' {DEFAULT}").detail
    assert bulk.query("SELECT count(*) FROM t") == [("0",)]
    assert bulk.history("error_message") == [("Spectrum Scan Error",)]


def test_nothing_is_loaded_when_a_file_vanishes_half_way(bulk: BulkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    bulk.query("CREATE TABLE t (n int)")
    for number in range(3):
        bulk.put_parquet(f"a/{number}.parquet", numbers(*range(5000)))
    real = BulkStorage.listed

    def vanishing(self: BulkStorage, place: Any) -> Any:
        found = real(self, place)
        obstore.delete(bulk.bucket, "a/2.parquet")
        return found

    monkeypatch.setattr(BulkStorage, "listed", vanishing)
    error = refused(bulk, f"COPY t FROM 's3://lake/a/' {DEFAULT}")
    assert error.message.startswith("S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey")
    assert bulk.query("SELECT count(*) FROM t") == [("0",)]


def test_credentials_are_checked(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (n int)")
    bulk.put_parquet("t.parquet", numbers(1))
    bulk.storage = BulkStorage(lambda _name: bulk.bucket, frozenset({ROLE}), {"AKIA": "secret"})
    denied = "S3ServiceException:Access Denied,Status 403,Error AccessDenied"
    for role in ("nonsense", ROLE + "2", f"{ROLE},{ROLE}2"):
        assert refused(bulk, f"COPY t FROM 's3://lake/t.parquet' IAM_ROLE '{role}' PARQUET").message.startswith(denied)
        assert refused(bulk, f"UNLOAD ('select 1') TO 's3://lake/u' IAM_ROLE '{role}' PARQUET").message.startswith(
            denied
        )
    wrong = (
        "COPY t FROM 's3://lake/t.parquet' CREDENTIALS 'aws_access_key_id=AKIA;aws_secret_access_key=S3CR3T' PARQUET"
    )
    error = refused(bulk, wrong)
    assert "InvalidAccessKeyId" in error.message
    assert "S3CR3T" not in error.message + error.detail + str(bulk.history("*"))
    for clause in (f"IAM_ROLE '{ROLE}'", "IAM_ROLE default", "ACCESS_KEY_ID 'AKIA' SECRET_ACCESS_KEY 'secret'"):
        assert bulk.copy(f"COPY t FROM 's3://lake/t.parquet' {clause} PARQUET").rows == 1
    assert "secret" not in repr(bulk.storage)
    bulk.storage = BulkStorage(lambda _name: bulk.bucket, None, {"AKIA": "secret"}, "T0K3N")
    clause = "ACCESS_KEY_ID 'AKIA' SECRET_ACCESS_KEY 'secret'"
    assert "InvalidToken" in refused(bulk, f"COPY t FROM 's3://lake/t.parquet' {clause} PARQUET").message
    assert bulk.copy(f"COPY t FROM 's3://lake/t.parquet' {clause} SESSION_TOKEN 'T0K3N' PARQUET").rows == 1


def test_identity_columns(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, n int)")
    bulk.put_parquet("n.parquet", numbers(7, 8))
    bulk.put_parquet("both.parquet", pa.table({"id": [50], "n": pa.array([9], pa.int32())}))
    bulk.copy(f"COPY t FROM 's3://lake/n.parquet' {DEFAULT}")
    assert "EXPLICIT_IDS" in refused(bulk, f"COPY t (id, n) FROM 's3://lake/both.parquet' {DEFAULT}").message
    assert "EXPLICIT_IDS" in refused(bulk, f"COPY t (n) FROM 's3://lake/n.parquet' {DEFAULT} EXPLICIT_IDS").message
    bulk.copy(f"COPY t FROM 's3://lake/both.parquet' {DEFAULT} EXPLICIT_IDS")
    assert bulk.query("SELECT id, n FROM t ORDER BY id") == [("1", "7"), ("2", "8"), ("50", "9")]


def test_nested_values_and_texts_in_super(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (a jsonb, b jsonb, c jsonb)")
    nested = pa.array([{"x": [1, None], "y": Decimal("1.10"), "z": date(2020, 1, 2)}])
    json_column = pa.ExtensionArray.from_storage(pa.json_(pa.string()), pa.array(['{"q": [1.50]}']))
    bulk.put_parquet("t.parquet", pa.table({"a": nested, "b": ['{"no": "json"}'], "c": json_column}))
    assert "requires SERIALIZETOJSON" in refused(bulk, f"COPY t FROM 's3://lake/t.parquet' {DEFAULT}").message
    bulk.copy(f"COPY t FROM 's3://lake/t.parquet' {DEFAULT} SERIALIZETOJSON")
    [(first, text, parsed)] = bulk.query("SELECT a, b, c FROM t")
    assert json.loads(first or "") == {"x": [1, None], "y": 1.1, "z": "2020-01-02"}
    assert (text, parsed) == ('"{\\"no\\": \\"json\\"}"', '{"q": [1.50]}')


def test_orc_files(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (a int, b varchar(4), c timestamp, d numeric(9,2))")
    moment = pa.array([datetime(1969, 12, 31, 23, 59, 59, 999999)], pa.timestamp("ns"))
    columns = {
        "a": pa.array([1], pa.int32()),
        "b": ["ü"],
        "c": moment,
        "d": pa.array([Decimal("1.50")], pa.decimal128(9, 2)),
    }
    sink = io.BytesIO()
    orc.write_table(pa.table(columns), sink)
    bulk.put("t.orc", sink.getvalue())
    assert bulk.copy("COPY t FROM 's3://lake/t.orc' iam_role default ORC").rows == 1
    assert bulk.query("SELECT * FROM t") == [("1", "ü", "1969-12-31 23:59:59.999999", "1.50")]
    bulk.query("CREATE TABLE u (a int, b int, c timestamp, d numeric(9,2))")
    error = refused(bulk, "COPY u FROM 's3://lake/t.orc' iam_role default ORC")
    assert "declared column type INT for column b incompatible with ORC file column type string" in error.detail


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
MICROSECONDS = st.integers(-210_863_520_000_000_000, 2**63 - 1)
COLUMNS: dict[str, tuple[str, pa.DataType, st.SearchStrategy[Any]]] = {
    "i2": ("smallint", pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    "i4": ("int", pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "i8": ("bigint", pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "d": ("numeric(38,10)", pa.decimal128(38, 10), st.decimals(-(10**27), 10**27, places=10)),
    "f4": ("real", pa.float32(), st.floats(width=32)),
    "f8": ("float8", pa.float64(), st.floats()),
    "b": ("boolean", pa.bool_(), st.booleans()),
    "s": ("varchar(80)", pa.string(), texts),
    "dt": ("date", pa.date32(), st.integers(-2_440_588, 2_145_031_948)),
    "ts": ("timestamp", pa.timestamp("us"), MICROSECONDS),
    "tz": ("timestamptz", pa.timestamp("us"), MICROSECONDS),
}


def rows_of(table: pa.Table) -> list[tuple[Any, ...]]:
    """Rows in which NaN equals itself and moments are numbers."""
    plain = {pa.timestamp("us"): pa.int64(), pa.date32(): pa.int32()}
    columns = [
        pa.chunked_array([chunk.view(plain[column.type]) for chunk in column.chunks], plain[column.type])
        if column.type in plain
        else column
        for column in table.columns
    ]
    return [
        tuple(repr(value) for value in row) for row in zip(*(column.to_pylist() for column in columns), strict=True)
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_value_comes_back_equal(bulk: BulkSession, data: st.DataObject) -> None:
    by_csv = data.draw(st.booleans())  # as rows with a DECIMAL go to PostgreSQL; others in its binary format
    columns = {name: column for name, column in COLUMNS.items() if by_csv or name != "d"}
    row = st.tuples(*(st.none() | values for _, _, values in columns.values()))
    rows = data.draw(st.lists(row, min_size=1, max_size=5))
    arrays = [
        pa.array(column, kind) for column, (_, kind, _) in zip(zip(*rows, strict=True), columns.values(), strict=True)
    ]
    table = pa.table(arrays, list(columns))
    obstore.delete(bulk.bucket, bulk.keys())
    bulk.query("DROP TABLE IF EXISTS t")
    declared = ", ".join(f"{name} {kind}" for name, (kind, _, _) in columns.items())
    bulk.query(f"CREATE TABLE t ({declared})")
    bulk.put_parquet("in/t.parquet", table)
    assert bulk.copy(f"COPY t FROM 's3://lake/in/' {DEFAULT}").rows == len(rows)
    bulk.unload(f"UNLOAD ('select * from t') TO 's3://lake/out/' {DEFAULT}")
    back = bulk.read_parquet("out/")
    assert back.schema.types == table.schema.types
    assert sorted(rows_of(back)) == sorted(rows_of(table))
