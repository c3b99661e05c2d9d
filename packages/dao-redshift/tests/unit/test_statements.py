"""The SQL that is sent: quoted, escaped, and parsed as Redshift's by sqlglot where that can."""

from __future__ import annotations

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot.dialects import Redshift
from sqlglot.tokens import TokenType

from dao.errors import ConfigError, DataError, UnsupportedError
from dao.secrets import Secret
from dao_redshift._files.places import S3Place
from dao_redshift._sql.copying import RoleAuthority, SessionAuthority, copy, unload
from dao_redshift._sql.inline import inlined
from dao_redshift._sql.properties import TableProperties
from dao_redshift._sql.texts import name, qualified, text

LETTERS = st.sampled_from("'\"\\;-/*$ \n%?:{}()aü😀") | st.characters(codec="utf-8", exclude_characters="\0")
HOSTILE = st.text(LETTERS, max_size=20)
ROLE = RoleAuthority("arn:aws:iam::123456789012:role/load")
PLACE = S3Place("bucket", "staging/one")


def tokens(sql: str) -> list[tuple[TokenType, str]]:
    return [(token.token_type, token.text) for token in Redshift().tokenize(sql)]


@given(HOSTILE)
def test_a_text_is_one_token_with_its_value(value: str) -> None:
    assert tokens(text(value)) == [(TokenType.STRING, value)]


@given(HOSTILE.filter(lambda value: 0 < len(value.encode()) <= 127))
def test_a_name_is_one_token_with_its_value(value: str) -> None:
    assert tokens(name(value)) == [(TokenType.IDENTIFIER, value)]


@given(HOSTILE)
def test_values_that_are_written_into_a_statement_stay_values(value: str) -> None:
    found = tokens(inlined('SELECT "$1" FROM t WHERE a = $1', [value]))
    assert found[-1] == (TokenType.STRING, value)
    assert found[1] == (TokenType.IDENTIFIER, "$1")
    assert len(found) == 8


@given(HOSTILE)
def test_a_query_is_one_text_in_an_unload(value: str) -> None:
    query = inlined("SELECT * FROM t WHERE a = $1", [value])
    found = tokens(unload(query, PLACE, ROLE).sql.removeprefix("UNLOAD "))  # which makes sqlglot leave the rest alone
    assert (TokenType.STRING, query) in found
    assert [kind for kind, _ in found].count(TokenType.STRING) == 3  # the query, the place, the role


@given(HOSTILE)
def test_a_place_that_could_end_its_text_is_refused(value: str) -> None:
    try:
        place = S3Place("bucket", value)
    except ConfigError:
        return
    assert (TokenType.STRING, f"s3://bucket/{value}") in tokens(copy("t", [], place, ROLE, manifest=True).sql)


@pytest.mark.parametrize("bad", ["", "x" * 128, "a\0b", "\ud800"])
def test_names_that_redshift_does_not_have_are_refused(bad: str) -> None:
    with pytest.raises(DataError):
        name(bad)


@pytest.mark.parametrize("bad", ["a\0b", "\ud800"])
def test_texts_that_redshift_does_not_have_are_refused(bad: str) -> None:
    with pytest.raises(DataError):
        text(bad)


@pytest.mark.parametrize("url", ["bucket/x", "s3://", "s3://b'/x", "s3://bucket/../x", "s3://bucket/a'b", 7, None])
def test_what_is_no_place_is_refused(url: object) -> None:
    with pytest.raises(ConfigError, match="found"):
        S3Place.parse(url)


def test_copy_of_a_manifest() -> None:
    found = copy(qualified(None, "staged"), ["id", "s"], PLACE.below("manifest"), ROLE, manifest=True)
    assert found.sql == (
        """COPY "staged" ("id", "s") FROM 's3://bucket/staging/one/manifest' """
        "IAM_ROLE 'arn:aws:iam::123456789012:role/load' FORMAT AS PARQUET MANIFEST"
    )
    assert found.shown == found.sql
    sqlglot.parse_one(found.sql, read="redshift")


def test_unload() -> None:
    found = unload("SELECT 1", PLACE, RoleAuthority())
    assert found.sql == ("UNLOAD ('SELECT 1') TO 's3://bucket/staging/one/' IAM_ROLE default FORMAT AS PARQUET")
    sqlglot.parse_one(found.sql, read="redshift")


def test_credentials_are_in_the_statement_and_not_in_what_is_shown() -> None:
    session = SessionAuthority(Secret("AKIACANARY"), Secret("canary/secret"), Secret("canary+token=="))
    found = copy("t", [], PLACE, session, manifest=True)
    for secret in ("AKIACANARY", "canary/secret", "canary+token=="):
        assert f"'{secret}'" in found.sql
        assert secret not in found.shown + str(found) + repr(found) + repr(session)


@pytest.mark.parametrize("bad", ["a'b", "a b", "a\\", "a\n", "", "ü"])
def test_credentials_that_could_end_their_text_are_refused_and_not_quoted(bad: str) -> None:
    session = SessionAuthority(Secret("AKIA"), Secret(bad))
    with pytest.raises(UnsupportedError, match="secret_access_key has characters") as caught:
        copy("t", [], PLACE, session)
    assert not bad or bad not in str(caught.value)


def test_the_properties_of_a_table() -> None:
    found = TableProperties.of(
        {
            "distkey": "id",
            "sortkey": ["day", "id"],
            "sortstyle": "interleaved",
            "encode": {"day": "AZ64"},
            "identity": {"row": [1, 2]},
            "primary_key": "id",
        },
        ["id", "day"],
    )
    assert found.table_suffix() == ' DISTSTYLE KEY DISTKEY ("id") INTERLEAVED SORTKEY ("day", "id")'
    assert found.column_suffix("day") == " ENCODE az64"
    assert found.identity_columns() == ['"row" BIGINT IDENTITY(1, 2)']
    assert found.constraints() == ['PRIMARY KEY ("id")']


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"distkey": "nope"}, "distkey: there is no column 'nope'; the table has day, id"),
        ({"sortkey": ["id", "nope"]}, "sortkey"),
        ({"diststyle": "key"}, "without distkey"),
        ({"diststyle": "all", "distkey": "id"}, "expected 'key'"),
        ({"diststyle": "even; DROP TABLE t"}, "expected one of auto"),
        ({"encode": {"id": "zip"}}, "encode"),
        ({"encode": "zstd"}, "encode"),
        ({"identity": {"row": [1, 0]}}, "identity"),
        ({"identity": {"row": "1, 1); DROP TABLE t"}}, "identity"),
        ({"lengths": {"id": 65_536}}, "lengths"),
        ({"lengths": {"id": True}}, "lengths"),
        ({"primary_key": ["nope"]}, "primary_key"),
    ],
)
def test_properties_that_make_no_table_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        TableProperties.of(given, ["id", "day"])


def test_unknown_properties_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="no 'partition'"):
        TableProperties.of({"partition": "id"}, ["id"])
