"""COPY from delimited files, CSV and files of fixed width: options, errors, MAXERROR."""

from __future__ import annotations

import bz2
import gzip
from typing import Any

import pyarrow as pa
import pytest
from bulk_session import BulkSession

from dao_redshift.testing._statements import RedshiftError

ROLE = "iam_role default"
FAILED = "Load into table 't' failed.  Check 'stl_load_errors' system table for details."


def load(bulk: BulkSession, declared: str, content: str | bytes, options: str) -> list[tuple[str | None, ...]]:
    """The rows of a table with these columns after a COPY from this file."""
    bulk.query("DROP TABLE IF EXISTS t")
    bulk.query(f"CREATE TABLE t ({declared})")
    bulk.put("in/t.txt", content.encode() if isinstance(content, str) else content)
    bulk.copy(f"COPY t FROM 's3://lake/in/' {ROLE} {options}")
    return bulk.query("SELECT * FROM t")


def failure(bulk: BulkSession, declared: str, content: str | bytes, options: str) -> tuple[str | None, ...]:
    """The one error of a COPY that fails."""
    with pytest.raises(RedshiftError) as caught:
        load(bulk, declared, content, options)
    assert (caught.value.message, caught.value.sqlstate) == (FAILED, "XX000")
    assert bulk.query("SELECT count(*) FROM t") == [("0",)]
    [error] = bulk.errors()
    return error


@pytest.mark.parametrize(
    ("content", "options", "rows"),
    [
        ("1|a\n2|\n3|\\N\n", "", [("1", "a"), ("2", ""), ("3", None)]),
        ("1|a|\r\n2|b|\r\n", "", [("1", "a"), ("2", "b")]),
        ("1|a", "", [("1", "a")]),
        ("n|s\n1|a\n", "IGNOREHEADER 1", [("1", "a")]),
        ("1|a\n\n2|b\n", "IGNOREBLANKLINES", [("1", "a"), ("2", "b")]),
        ("1;none\n", "DELIMITER ';' NULL AS 'none'", [("1", None)]),
        ("1\tx\n", "DELIMITER '\\t'", [("1", "x")]),
        ("1|\n2|  \n", "EMPTYASNULL", [("1", None), ("2", "  ")]),
        ("1|\n2|  \n", "BLANKSASNULL", [("1", None), ("2", None)]),
        ("1| x  \n", "TRIMBLANKS", [("1", " x")]),
        (
            "1|a\\|b\\\\c\n2|x\\\ny\n3|\\N\n4|a\\Nb\n",
            "ESCAPE",
            [("1", "a|b\\c"), ("2", "x\ny"), ("3", None), ("4", "aNb")],
        ),
        ("1|'a|b'\n2|\"it's\"\n3|x\"y\n", "REMOVEQUOTES", [("1", "a|b"), ("2", "it's"), ("3", 'x"y')]),
        ("1\n2|b\n", "FILLRECORD", [("1", ""), ("2", "b")]),
        ("1\n", "FILLRECORD EMPTYASNULL", [("1", None)]),
        ("1|abcdefghijü\n", "TRUNCATECOLUMNS", [("1", "abcdefghij")]),
        ("1|äöüßäö\n", "TRUNCATECOLUMNS", [("1", "äöüßä")]),
        ("", "", []),
    ],
)
def test_delimited_files(bulk: BulkSession, content: str, options: str, rows: list[Any]) -> None:
    assert load(bulk, "n int, s varchar(10)", content, options) == rows


@pytest.mark.parametrize(
    ("content", "options", "rows"),
    [
        ('1,a\n2,"x, ""y""\nz"\n3,\n', "CSV", [("1", "a"), ("2", 'x, "y"\nz'), ("3", "")]),
        ("1;%a;b%\n", "CSV QUOTE '%' DELIMITER ';'", [("1", "a;b")]),
        ('1, "a" \n2," ""x"\n', "CSV", [("1", "a"), ("2", ' "x')]),
        ("n,s\n1,a\n", "FORMAT AS CSV IGNOREHEADER AS 1", [("1", "a")]),
        ("1,\\N\n2,\n", "CSV", [("1", None), ("2", "")]),
        ("1,\n", "CSV EMPTYASNULL", [("1", None)]),
        ("\ufeff1,a\r\n", "CSV", [("1", "a")]),
    ],
)
def test_csv_files(bulk: BulkSession, content: str, options: str, rows: list[Any]) -> None:
    assert load(bulk, "n int, s varchar(10)", content, options) == rows


def test_files_of_fixed_width(bulk: BulkSession) -> None:
    rows = load(bulk, "n int, s varchar(6), d date", "  1ü   a2020-01-02\n   x\n", "FIXEDWIDTH 'n:3,s:5,d:10'")
    assert rows == [("1", "ü   a", "2020-01-02"), (None, "x", None)]
    with pytest.raises(RedshiftError, match="FIXEDWIDTH"):
        load(bulk, "n int, s varchar(5), d date", "1", "FIXEDWIDTH 'n:3'")


@pytest.mark.parametrize("option", ["GZIP", "BZIP2", "ZSTD"])
def test_compressed_files(bulk: BulkSession, option: str) -> None:
    content = "".join(f"{number}|{'x' * (number % 10)}\n" for number in range(100_000)).encode()
    half = len(content) // 2
    pack: Any = {
        "GZIP": gzip.compress,
        "BZIP2": bz2.compress,
        "ZSTD": lambda text: pa.compress(text, "zstd", asbytes=True),
    }
    packed = pack[option](content) if option == "ZSTD" else pack[option](content[:half]) + pack[option](content[half:])
    assert len(load(bulk, "n int, s varchar(10)", packed, option)) == 100_000
    with pytest.raises(RedshiftError, match="can't be decompressed"):
        load(bulk, "n int, s varchar(10)", b"1|a\n", option)
    with pytest.raises(RedshiftError, match="can't be decompressed"):
        load(bulk, "n int, s varchar(10)", packed[:-5], option)
    assert bulk.query("SELECT count(*) FROM t") == [("0",)]


def test_encodings(bulk: BulkSession) -> None:
    for encoding, name in (("utf-16", "UTF16"), ("utf-16-le", "'UTF16LE'"), ("utf-16-be", "utf16be")):
        assert load(bulk, "s varchar(10)", "ü|\n".encode(encoding), f"ENCODING AS {name}") == [("ü",)]
    with pytest.raises(RedshiftError, match="has another encoding"):
        load(bulk, "s varchar(10)", b"abc", "ENCODING UTF16BE")


@pytest.mark.parametrize(
    ("declared", "field", "options", "value"),
    [
        ("int", " 7 ", "", "7"),
        ("int", "", "", None),
        ("bigint", "-9223372036854775808", "", "-9223372036854775808"),
        ("numeric(8,2)", "20.259", "", "20.25"),
        ("numeric(8,2)", "-20.259", "", "-20.25"),
        ("numeric(8,2)", "20.259", "ROUNDEC", "20.26"),
        ("numeric(38,0)", "-" + "9" * 38, "", "-" + "9" * 38),
        ("float8", "1e400", "NULL AS '1e400'", None),
        ("float8", "-Infinity", "", "-Infinity"),
        ("float8", "1e-400", "", "0"),
        ("real", "0.1", "", "0.1"),
        ("boolean", "YES", "", "t"),
        ("boolean", "0", "", "f"),
        ("char(3)", "ab  ", "", "ab "),
        ("date", "2020-2-3", "DATEFORMAT 'auto'", "2020-02-03"),
        ("date", "03.02.2020", "DATEFORMAT 'DD.MM.YYYY'", "2020-02-03"),
        ("date", "02/03/2020", "DATEFORMAT AS 'auto'", "2020-02-03"),
        ("date", "nonsense", "DATEFORMAT 'auto' ACCEPTANYDATE", None),
        ("timestamp", "2020-01-02 03:04:05.678901", "", "2020-01-02 03:04:05.678901"),
        ("timestamp", "2020-01-02", "", "2020-01-02 00:00:00"),
        ("timestamp", "2020-01-02T03:04:05Z", "TIMEFORMAT 'auto'", "2020-01-02 03:04:05"),
        ("timestamp", "Jan 2, 2020 03:04:05 PM", "TIMEFORMAT 'auto'", "2020-01-02 15:04:05"),
        ("timestamp", "02.01.2020 03:04", "TIMEFORMAT 'DD.MM.YYYY HH:MI'", "2020-01-02 03:04:00"),
        ("timestamp", "1577934245", "TIMEFORMAT 'epochsecs'", "2020-01-02 03:04:05"),
        ("timestamp", "-1", "TIMEFORMAT 'epochmillisecs'", "1969-12-31 23:59:59.999"),
        ("timestamptz", "2020-01-02 03:04:05+02", "", "2020-01-02 01:04:05+00"),
        ("time", "12:34:56.5", "", "12:34:56.5"),
        ("timetz", "12:34+02", "", "12:34:00+02"),
        ("jsonb", '{"a": [1.10, null]}', "", '{"a": [1.10, null]}'),
        ("bytea", "00ff", "", "\\x00ff"),
        ("varchar(9)", "a\udcffb", "ACCEPTINVCHARS", "a?b"),
        ("varchar(9)", "\udcff\udcfe", "ACCEPTINVCHARS AS '^'", "^^"),
    ],
)
def test_values(bulk: BulkSession, declared: str, field: str, options: str, value: str | None) -> None:
    bulk.query("SET TimeZone TO 'UTC'")
    content = f"{field}|\n".encode(errors="surrogateescape")
    assert load(bulk, f"v {declared}", content, options) == [(value,)]


@pytest.mark.parametrize(
    ("declared", "field", "code", "reason"),
    [
        ("int", "1x", "1207", "Invalid digit, Value 'x', Pos 1, Type: Integer"),
        ("smallint", "a", "1207", "Invalid digit, Value 'a', Pos 0, Type: Short"),
        ("smallint", "32768", "1222", "Overflow, Value '32768', Type: Short"),
        ("bigint", "9223372036854775808", "1222", "Overflow, Value '9223372036854775808', Type: Long"),
        ("int", "0x1f", "1207", "Invalid digit, Value 'x', Pos 1, Type: Integer"),
        ("numeric(3,1)", "100.0", "1204", "Numeric data overflow (result precision), Value '100.0', Type: Decimal"),
        ("numeric(3,1)", "x", "1207", "Invalid digit, Value 'x', Pos 0, Type: Decimal"),
        ("float8", "1e400", "1204", "Overflow, Value '1e400', Type: Double"),
        ("real", "1e39", "1204", "Overflow, Value '1e39', Type: Float4"),
        ("float8", "x", "1208", "Invalid digit, Value 'x', Pos 0, Type: Double"),
        ("boolean", "maybe", "1210", "Unknown boolean format"),
        ("date", "2020", "1205", "Invalid Date Format - length must be 10 or more"),
        ("date", "2020-02-30", "1205", "Invalid date format or value [YYYY-MM-DD]"),
        ("timestamp", "2020-01-02T03:04:05", "1206", "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"),
        ("timestamp", "2020-01-02 25:00:00", "1206", "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"),
        ("varchar(3)", "üü", "1204", "String length exceeds DDL length"),
        (
            "char(3)",
            "ü",
            "1220",
            "Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: c3 bc",
        ),
        (
            "varchar(9)",
            "a\udcff",
            "1220",
            "String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex sequence: ff (error 3)",
        ),
        ("int not null", "", "1213", "Missing data for not-null field"),
        ("varchar(9) not null", "\\N", "1213", "Missing data for not-null field"),
        ("jsonb", "{]", "1224", "Invalid JSON format. The value is no JSON document"),
        ("bytea", "0g", "1219", "Invalid hexadecimal digit, Type: Varbyte"),
    ],
)
def test_values_that_are_refused(bulk: BulkSession, declared: str, field: str, code: str, reason: str) -> None:
    content = f"1|{field}|\n".encode(errors="surrogateescape")
    file, line, column, _, _, position, *_, found_code, found_reason = failure(
        bulk, f"n int, v {declared}", content, ""
    )
    assert (file, line, column, found_code, found_reason) == ("s3://lake/in/t.txt", "1", "v", code, reason)
    assert position == ("0" if field == "" else "2") or "\udcff" in field


@pytest.mark.parametrize(
    ("content", "options", "code", "reason"),
    [
        ("1|a\n2\n", "", "1214", "Delimiter not found"),
        ("1|a\n2|b|c\n", "", "1202", "Extra column(s) found"),
        ("1|a\n2|'b\n", "REMOVEQUOTES", "1214", "Delimiter not found"),
        ('1,a\n2,"b" c\n', "CSV", "1216", "Invalid quote formatting for CSV"),
        ("1,a\n2\n", "CSV", "1214", "Delimiter not found"),
    ],
)
def test_lines_that_are_refused(bulk: BulkSession, content: str, options: str, code: str, reason: str) -> None:
    file, line, column, *_, raw, _, found_code, found_reason = failure(bulk, "n int, s varchar(9)", content, options)
    assert (file, line, column, found_code, found_reason) == ("s3://lake/in/t.txt", "2", "", code, reason)
    assert raw == content.splitlines()[1]


def test_maxerror_loads_the_good_rows(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (n int, s varchar(3))")
    bulk.put("in/1", b"1|a\nx|b\n3|long\n4|d\n")
    bulk.put("in/2", b"5|e\n")
    done = bulk.copy(f"COPY t FROM 's3://lake/in/' {ROLE} MAXERROR 3")
    assert done.rows == 3
    assert done.notices[1] == (
        "Load into table 't' completed, 2 record(s) could not be loaded.  "
        "Check 'stl_load_errors' system table for details."
    )
    assert bulk.query("SELECT n FROM t ORDER BY n") == [("1",), ("4",), ("5",)]
    assert bulk.errors() == [
        (
            "s3://lake/in/1",
            "2",
            "n",
            "int4",
            "0",
            "0",
            "x|b",
            "x",
            "1207",
            "Invalid digit, Value 'x', Pos 0, Type: Integer",
        ),
        ("s3://lake/in/1", "3", "s", "varchar", "3", "2", "3|long", "long", "1204", "String length exceeds DDL length"),
    ]
    assert bulk.history("line_number, field, colname, value, is_null, type", "load_error_values") == [
        ("2", "0", "n", "x", "0", "int4"),
        ("3", "0", "n", "3", "0", "int4"),
        ("3", "1", "s", "long", "0", "varchar"),
    ]
    assert bulk.history("filename, lines_scanned, errors", "load_files") == [
        ("s3://lake/in/1", "4", "2"),
        ("s3://lake/in/2", "1", "0"),
    ]
    with pytest.raises(RedshiftError) as caught:
        bulk.copy(f"COPY t FROM 's3://lake/in/' {ROLE} MAXERROR 2")
    assert caught.value.message == FAILED
    assert len(bulk.errors()) == 2
    assert bulk.query("SELECT count(*) FROM t") == [("3",)]


def test_the_first_wrong_line_is_told_first(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE t (n int, s varchar(3))")
    bulk.put("in/1", b"1|long\nx|b\n")
    with pytest.raises(RedshiftError):
        bulk.copy(f"COPY t FROM 's3://lake/in/' {ROLE}")
    assert [(line, column) for _, line, column, *_ in bulk.errors()] == [("1", "s")]


def test_noload_checks_and_loads_nothing(bulk: BulkSession) -> None:
    assert load(bulk, "n int", "1\n2\n", "NOLOAD") == []
    assert failure(bulk, "n int", "1\nx\n", "NOLOAD")[1] == "2"


def test_columns_that_a_list_leaves_out_have_their_defaults(bulk: BulkSession) -> None:
    bulk.query("CREATE TABLE u (a int DEFAULT 5, b int, c bigint GENERATED BY DEFAULT AS IDENTITY)")
    bulk.put("u", b"7\n")
    bulk.copy(f"COPY u (B) FROM 's3://lake/u' {ROLE}")
    assert bulk.query("SELECT * FROM u") == [("5", "7", "1")]
    with pytest.raises(RedshiftError, match='column "x" of relation "u" does not exist'):
        bulk.copy(f"COPY u (x) FROM 's3://lake/u' {ROLE}")
    with pytest.raises(RedshiftError, match="Cannot COPY into nonexistent table nowhere"):
        bulk.copy(f"COPY nowhere FROM 's3://lake/u' {ROLE}")
