"""A simple query's statements: where one ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao_redshift.testing._gateway._split import statements_of


@pytest.mark.parametrize(
    ("sql", "statements"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;", ["SELECT 1"]),
        ("a; b ;c", ["a", "b", "c"]),
        ("SELECT ';'; b", ["SELECT ';'", "b"]),
        ("SELECT 'it''s;'; b", ["SELECT 'it''s;'", "b"]),
        (r"SELECT 'it\'s;'; b", [r"SELECT 'it\'s;'", "b"]),
        (r"SELECT '\\'; b", [r"SELECT '\\'", "b"]),
        ('SELECT "a;""b"; b', ['SELECT "a;""b"', "b"]),
        (r'SELECT "a\"; b', [r'SELECT "a\"', "b"]),
        ("SELECT 1 -- ;\n; b", ["SELECT 1 -- ;", "b"]),
        ("SELECT /* ; /* ; */ ; */ 1; b", ["SELECT /* ; /* ; */ ; */ 1", "b"]),
        ("CREATE f AS $$ a; b $$; c", ["CREATE f AS $$ a; b $$", "c"]),
        ("CREATE f AS $x$ a; $$ b $x$; c", ["CREATE f AS $x$ a; $$ b $x$", "c"]),
        ("SELECT $1; b", ["SELECT $1", "b"]),
        ("SELECT a$b; c$d", ["SELECT a$b", "c$d"]),
        ("SELECT 'never ended; b", ["SELECT 'never ended; b"]),
        ("SELECT /* never ended; b", ["SELECT /* never ended; b"]),
        ("SELECT $$ never ended; b", ["SELECT $$ never ended; b"]),
    ],
)
def test_statements(sql: str, statements: list[str]) -> None:
    assert statements_of(sql) == statements


TEXTS = st.sampled_from(["'", "''", r"\'", '"', "$$", "$a$", "--", "\n", "/*", "*/", ";", "a", " ", "\\", "1", "é"])


@given(st.lists(TEXTS).map("".join))
def test_no_text_is_too_odd(sql: str) -> None:
    found = statements_of(sql)
    assert all(statement and statement in sql for statement in found)
    assert "".join(found).count(";") <= sql.count(";")
