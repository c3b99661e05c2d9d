"""Texts in strings and in quoted identifiers pass the translator as they are, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao_redshift.testing._statements import RedshiftError, Run
from dao_redshift.testing._translate import translate
from dao_redshift.testing._translate._tokens import Kind, tokens

PIECES = st.sampled_from(
    [
        *[
            "'",
            "''",
            "\\",
            "\\'",
            '"',
            '""',
            "$$",
            "$a$",
            "--",
            "/*",
            "*/",
            ";",
            "[",
            "]",
            "(",
            ")",
            ".",
            "::",
            "#t",
            "E'",
            "U&'",
            "getdate()",
            "$1",
            "{",
            "%s",
            "?",
            ":x",
            "decode(1,",
            "set_config",
        ],
        *(
            " TOP 1 ",
            " MINUS ",
            "DROP TABLE t",
            "pg_catalog.pg_class",
            "\n",
            "\t",
            " ",
            "é",
            "😀",
            " RETURNING ",
            "\u00a0",
        ),
    ]
)
CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXTS = st.lists(PIECES | st.text(CHARACTERS, max_size=5), max_size=8).map("".join)


def in_quotes(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def with_backslashes(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def in_dollars(text: str) -> str:
    return f"$text_of_a_test${text}$text_of_a_test$"


def as_name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.fixture(scope="module")
def database(dialect_database: str) -> Iterator[Any]:
    from local_postgres import client_of

    with client_of(dialect_database, "test_texts") as client:
        yield client


@pytest.mark.parametrize("written", [in_quotes, with_backslashes, in_dollars])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
def test_strings(database: Any, written: Any, text: str) -> None:
    sql = f"SELECT TOP 1 nvl(NULL, {written(text)}), {written(text)} WHERE {written(text)} = {written(text)}"
    assert database.run(sql) == [(text, text)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS.filter(bool))
def test_names(database: Any, text: str) -> None:
    database.settings["enable_case_sensitive_identifier"] = "true"
    name = text.encode()[:60].decode(errors="ignore") or "x"
    assert database.run(f"SELECT q.{as_name(name)} FROM (SELECT TOP 1 7 AS {as_name(name)}) AS q") == [("7",)]
    assert database.upstream.columns == (name,)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
def test_values_of_long_inserts(database: Any, text: str) -> None:
    rows = ", ".join(f"({n}, {in_quotes(text)})" for n in range(120))
    becomes = translate(f"INSERT INTO t (n, s) VALUES {rows}{' ' * 2000}", database)
    assert isinstance(becomes, Run)
    assert becomes.sql.count(in_quotes(text)) == 120


class _Session:
    in_transaction = False

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}


@given(text=TEXTS)
def test_any_text_is_translated_or_refused(text: str) -> None:
    """What is no SQL is refused by an error of the gateway's, and no text of strings becomes SQL or the reverse."""
    for sql in (text, f"SELECT {text}", f"SELECT 1 {text} FROM t", f"CREATE TABLE t {text}"):
        try:
            becomes = translate(sql, _Session())
        except RedshiftError:
            continue
        if isinstance(becomes, Run):
            before = [sql[token.start : token.end] for token in tokens(sql) if token.kind is Kind.STRING]
            after = [becomes.sql[t.start : t.end] for t in tokens(becomes.sql) if t.kind is Kind.STRING]
            assert set(before) <= set(after)
            assert ";;" not in "".join(token.key or "x" for token in tokens(becomes.sql)).rstrip(";").replace(";", ";;")
