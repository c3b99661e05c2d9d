"""COPY and UNLOAD as text: what they become, and what is refused by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao_redshift.testing._bulk import parse_copy, parse_unload
from dao_redshift.testing._statements import RedshiftError

ROLE = "IAM_ROLE 'arn:aws:iam::123456789012:role/loader'"


def refusal(parse: object, sql: str) -> RedshiftError:
    with pytest.raises(RedshiftError) as caught:
        parse(sql)  # type: ignore[operator]
    return caught.value


def test_every_option_of_a_copy_is_known() -> None:
    copy = parse_copy(
        f"""copy "Shop".sales (id, "Net Price") from 's3://lake/sales.csv' {ROLE} format as csv quote as '%'
        delimiter ';' null as '\\N' ignoreheader as 1
        dateformat 'auto' timeformat 'epochmillisecs' emptyasnull blanksasnull
        truncatecolumns acceptinvchars '^' acceptanydate fillrecord ignoreblanklines trimblanks roundec maxerror 5
        statupdate off compupdate preset comprows 1000 encoding utf16le noload gzip region 'eu-west-1' -- end
        ;"""
    )
    assert copy.table == '"Shop"."sales"'
    assert copy.columns == ("id", "Net Price")
    assert (copy.format, copy.location) == ("CSV", "s3://lake/sales.csv")
    assert dict(copy.options) == {
        "QUOTE": "%", "DELIMITER": ";", "NULL": "\\N", "IGNOREHEADER": 1, "DATEFORMAT": "auto",
        "TIMEFORMAT": "epochmillisecs", "EMPTYASNULL": True, "BLANKSASNULL": True, "TRUNCATECOLUMNS": True,
        "ACCEPTINVCHARS": "^", "ACCEPTANYDATE": True, "FILLRECORD": True, "IGNOREBLANKLINES": True, "TRIMBLANKS": True,
        "ROUNDEC": True, "MAXERROR": 5, "STATUPDATE": "OFF", "COMPUPDATE": "PRESET", "COMPROWS": 1000,
        "ENCODING": "UTF16LE", "NOLOAD": True, "GZIP": True, "REGION": "eu-west-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("json 'auto ignorecase'", ("JSON", {"JSON": "auto ignorecase"})),
        (
            "format json as 's3://lake/paths.json' manifest",
            ("JSON", {"JSON": "s3://lake/paths.json", "MANIFEST": True}),
        ),
        ("format as avro 'auto' manifest", ("AVRO", {"AVRO": "auto", "MANIFEST": True})),
        ("avro", ("AVRO", {"AVRO": "auto"})),
        ("format orc serializetojson", ("ORC", {"SERIALIZETOJSON": True})),
        ("fixedwidth 'a:3,b:4'", ("FIXEDWIDTH", {"FIXEDWIDTH": "a:3,b:4"})),
        (
            "escape removequotes delimiter '\\t' null as '\\000'",
            ("TEXT", {"ESCAPE": True, "REMOVEQUOTES": True, "DELIMITER": "\t", "NULL": "\0"}),
        ),
        ("parquet maxerror 0", ("PARQUET", {"MAXERROR": 0})),
        ("explicit_ids acceptinvchars", ("TEXT", {"EXPLICIT_IDS": True, "ACCEPTINVCHARS": "?"})),
    ],
)
def test_formats_of_a_copy(options: str, found: tuple[str, dict[str, object]]) -> None:
    copy = parse_copy(f"COPY t FROM 's3://lake/t' {ROLE} {options}")
    assert (copy.format, dict(copy.options)) == found


@pytest.mark.parametrize(
    ("clause", "credentials"),
    [
        ("iam_role default", {"IAM_ROLE": "default"}),
        ("iam_role 'arn:1','arn:2'", {"IAM_ROLE": "arn:1,arn:2"}),
        ("with credentials as 'aws_iam_role=arn:1'", {"IAM_ROLE": "arn:1"}),
        (
            "credentials 'aws_access_key_id=A;aws_secret_access_key=B/=;token=C'",
            {"ACCESS_KEY_ID": "A", "SECRET_ACCESS_KEY": "B/=", "SESSION_TOKEN": "C"},
        ),
        (
            "access_key_id 'A' secret_access_key 'B' session_token 'C'",
            {"ACCESS_KEY_ID": "A", "SECRET_ACCESS_KEY": "B", "SESSION_TOKEN": "C"},
        ),
    ],
)
def test_credentials(clause: str, credentials: dict[str, str]) -> None:
    copy = parse_copy(f"copy t from 's3://lake/t' {clause} parquet")
    assert dict(copy.credentials) == credentials
    assert "'B" not in repr(copy)
    assert parse_unload(f"unload ('select 1') to 's3://lake/t' {clause} parquet").credentials == credentials


@pytest.mark.parametrize(
    ("sql", "state", "named"),
    [
        (f"copy t from 's3://a/b' {ROLE} lzop", "0A000", "LZOP"),
        (f"copy t from 's3://a/b' {ROLE} encrypted", "0A000", "ENCRYPTED"),
        (f"copy t from 's3://a/b' {ROLE} format as shapefile", "0A000", "SHAPEFILE"),
        (f"copy t from 'dynamodb://t' {ROLE}", "0A000", "dynamodb://t"),
        (
            f"copy t from 's3://a/b' {ROLE} parquet region 'eu-west-1'",
            "0A000",
            "REGION argument is not supported for PARQUET",
        ),
        (
            f"copy t from 's3://a/b' {ROLE} parquet maxerror 3",
            "0A000",
            "MAXERROR argument is not supported",
        ),
        (
            f"copy t from 's3://a/b' {ROLE} orc truncatecolumns",
            "0A000",
            "TRUNCATECOLUMNS argument is not",
        ),
        (f"copy t from 's3://a/b' {ROLE} parquet csv", "42601", "PARQUET and CSV"),
        (f"copy t from 's3://a/b' {ROLE} csv escape", "42601", "ESCAPE"),
        (f"copy t from 's3://a/b' {ROLE} gzip zstd", "42601", "GZIP"),
        (f"copy t from 's3://a/b' {ROLE} gzip gzip", "42601", "GZIP is given twice"),
        (f"copy t from 's3://a/b' {ROLE} delimiter 'ab'", "0A000", "single ASCII character"),
        (f"copy t from 's3://a/b' {ROLE} maxerror 100001", "42601", "MAXERROR"),
        (f"copy t from 's3://a/b' {ROLE} wobble", "42601", "wobble"),
        ("copy t from 's3://a/b' parquet", "42601", "CREDENTIALS"),
        ("copy t from 's3://a/b' access_key_id 'a' parquet", "42601", "SECRET_ACCESS_KEY"),
        ("copy t from 's3://a/b' iam_role default access_key_id 'a' secret_access_key 'b'", "42601", "IAM_ROLE"),
        ("copy t from 's3://a/b' credentials 'password=x'", "XX000", "Invalid credentials"),
        ("copy t from 's3://a/b", "42601", "syntax error"),
        (f"copy t from 's3://a/b' {ROLE}; drop table t", "42601", "drop"),
    ],
)
def test_copies_that_are_refused(sql: str, state: str, named: str) -> None:
    error = refusal(parse_copy, sql)
    assert named in error.message
    assert error.sqlstate == state


def test_every_option_of_an_unload_is_known() -> None:
    unload = parse_unload(
        f"""UNLOAD ($$select 'it''s', "A" from t where a = '\\n'$$) TO 's3://lake/t_' {ROLE} FORMAT AS CSV
        PARTITION BY (day, Region) INCLUDE MANIFEST VERBOSE HEADER DELIMITER AS ';' NULL AS 'none' CLEANPATH
        PARALLEL OFF MAXFILESIZE AS 0.5 GB REGION AS 'eu-west-1' EXTENSION 'csv' ZSTD ENCRYPTED KMS_KEY_ID 'k';"""
    )
    assert unload.query == """select 'it''s', "A" from t where a = '\\n'"""
    assert (unload.format, unload.location) == ("CSV", "s3://lake/t_")
    assert dict(unload.options) == {
        "PARTITION BY": ("day", "region"), "INCLUDE": True, "MANIFEST": "VERBOSE", "HEADER": True, "DELIMITER": ";",
        "NULL": "none", "CLEANPATH": True, "PARALLEL": "OFF", "MAXFILESIZE": 2**29, "REGION": "eu-west-1",
        "EXTENSION": "csv", "ZSTD": True, "ENCRYPTED": True, "KMS_KEY_ID": "k",
    }  # fmt: skip


def test_quotes_in_the_query_of_an_unload() -> None:
    for query in ("'select ''a'' from t'", r"'select \'a\' from t'", "$$select 'a' from t$$"):
        assert parse_unload(f"-- spark\nunload ({query}) to 's3://a/b' {ROLE}").query == "select 'a' from t"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("parquet gzip", "GZIP option is not supported for UNLOAD to PARQUET"),
        ("parquet header", "HEADER"),
        ("json delimiter ','", "DELIMITER"),
        ("csv fixedwidth 'a:1'", "FIXEDWIDTH"),
        ("cleanpath allowoverwrite", "CLEANPATH can't be used with ALLOWOVERWRITE"),
        ("maxfilesize 4 mb", "MAXFILESIZE must be between 5 MB and 6.2 GB"),
        ("parquet rowgroupsize 1 gb", "ROWGROUPSIZE"),
        ("kms_key_id 'k'", "KMS_KEY_ID needs ENCRYPTED"),
        ("master_symmetric_key 'secret' encrypted", "MASTER_SYMMETRIC_KEY"),
        ("parquet wobble", "wobble"),
    ],
)
def test_unloads_that_are_refused(options: str, named: str) -> None:
    assert named in refusal(parse_unload, f"unload ('select 1') to 's3://a/b' {ROLE} {options}").message


def test_a_limit_of_the_outer_query_is_refused() -> None:
    error = refusal(parse_unload, f"unload ('select * from t limit 10') to 's3://a/b' {ROLE}")
    assert error.message.startswith("Limit clause is not supported")
    parse_unload(f"unload ('select * from (select * from t limit 10)') to 's3://a/b' {ROLE}")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_in_a_literal_is_that_text(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "''")
    assert parse_copy(f"copy t from 's3://{quoted}' iam_role default").location == f"s3://{text}"


def test_a_secret_is_in_no_error() -> None:
    error = refusal(parse_copy, "copy t from 's3://a/b' access_key_id 'A' secret_access_key 'S3CR3T' 'S3CR3T'")
    assert "S3CR3T" not in error.message
