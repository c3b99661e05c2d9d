"""What is let in, what is refused and how, and that nothing can hang, crash or smuggle."""

from __future__ import annotations

import contextlib
import pickle
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao.arrow.predicates import (
    And,
    ArrowExpression,
    Column,
    Comparison,
    In,
    IsNull,
    Kind,
    Literal,
    Not,
    Or,
    Predicate,
    conjunction,
    disjunction,
    filter_table,
    parse,
    quote_identifier,
    quote_literal,
)
from dao.errors import DataError

A = Column("a")
ONE = Literal(1, Kind.INTEGER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1", Comparison("=", A, ONE)),
        ("a != -1.50", Comparison("<>", A, Literal(Decimal("-1.50"), Kind.DECIMAL))),
        ("a < 1e0", Comparison("<", A, Literal(1.0, Kind.DOUBLE))),
        ("a NOT IN (1, NULL)", Not(In(A, (ONE, Literal(None, Kind.NULL))))),
        ("a IS NOT NULL AND a = 1 AND NOT a", And((Not(IsNull(A)), Comparison("=", A, ONE), Not(A)))),
        ("(a OR b) OR c", Or((A, Column("b"), Column("c")))),
        ('s.t."U v"', Column(("s", "t", "U v"))),
        ("a.b.c.d.e", Column(("a", "b", "c", "d", "e"))),
        ("a = DATE '2026-01-31'", Comparison("=", A, Literal(date(2026, 1, 31), Kind.DATE))),
        ("a = '\\xAA'::BLOB", Comparison("=", A, Literal(b"\xaa", Kind.BINARY))),
        ("a = X'aa'", Comparison("=", A, Literal(b"\xaa", Kind.BINARY))),
        ("a = - -1", Comparison("=", A, ONE)),
        ("a = CAST('1.005' AS DECIMAL(5, 2))", Comparison("=", A, Literal(Decimal("1.01"), Kind.DECIMAL))),
        ("a = 1::BIGINT", Comparison("=", A, ONE)),
        (
            "a = TIMESTAMPTZ '2026-01-01 02:00:00+02'",
            Comparison("=", A, Literal(datetime(2026, 1, 1, tzinfo=UTC), Kind.TIMESTAMPTZ)),
        ),
    ],
)
def test_sql(text: str, expected: Predicate) -> None:
    assert parse(text) == expected
    assert parse(str(expected)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no condition"),
        ("   ", "holds no condition"),
        ("-- only a comment", "holds no condition"),
        ("a = ", "not a SQL condition at line 1, column 3"),
        ("a = 1\nAND b ==== 2", "at line 2, column 10"),
        ("(a = 1", "column 6"),
        ("a = 1)", "column 6, near '\\)'"),
        ("a = 'x", "the quote ' at column 5 has no end"),
        ("a = 1; DROP TABLE t", "';' at column 6"),
        ("a = 1;", "';' at column 6"),
        ("a = 1 -- AND b = 2", "comment"),
        ("a = 1 /* x */ AND b = 2", "comment"),
        ("a = 1 LIMIT 5", "near 'LIMIT'"),
        ("a = 1 UNION SELECT 1", "near 'UNION'"),
        ("a IN (SELECT 1)", "IN takes a list"),
        ("a = (SELECT 1)", r"\(Subquery\); supported"),
        ("EXISTS (SELECT 1)", r"\(Exists\)"),
        ("lower(a) = 'x'", r"\(Lower\); supported"),
        ("pg_sleep(10) = 1", r"\(Anonymous\)"),
        ("sum(a) > 1", r"\(Sum\)"),
        ("count(*) > 1", r"\(Count\)"),
        ("a + 1 = 2", r"\(Add\)"),
        ("-a < 1", "minus sign goes before a number"),
        ("a || 'x' = 'y'", r"\(DPipe\)"),
        ("CAST(a AS DATE) = DATE '2026-01-01'", "only a literal can be cast"),
        ("a = CAST('1' AS UUID)", "a literal can be cast to"),
        ("TRY_CAST('x' AS INT) = a", r"\(TryCast\)"),
        ("a = DATE '2026-02-30'", "not a date"),
        ("a = X'abc'", "two hexadecimal digits"),
        ("a < b < c", "parentheses"),
        ("a = b = c", "parentheses"),
        ("a = ?", r"\(Placeholder\)"),
        ("a = :x", r"\(Placeholder\)"),
        ("a[1] = 2", r"\(Bracket\)"),
        ("CASE WHEN a THEN b END", r"\(Case\)"),
        ("a ~ 'x'", "Regexp"),
        ("a NOTNULL", "NOTNULL at column 3: write IS NULL or IS NOT NULL"),
        ("a ISNULL", "ISNULL at column 3: write"),
        ("a SIMILAR TO 'x'", "supported"),
        ("a LIKE b", "pattern in single quotes"),
        ("a LIKE 'x' ESCAPE 'yz'", "one ASCII character"),
        ("a BETWEEN SYMMETRIC 1 AND 0", "SYMMETRIC"),
        ("*", r"\(Star\)"),
        ("a COLLATE nocase = 'x'", r"\(Collate\)"),
        ("a = 'x' 'y'", r"\(Concat\)"),
        ("current_date > a", "CurrentDate"),
        ("a = INTERVAL 1 DAY", r"\(Interval\)"),
        ("a = " + "9" * 5000, "5000 characters"),
        ("a = 0.1::FLOAT", "cast to DOUBLE"),
    ],
)
def test_refused_with_what_and_where(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse(text)


@pytest.mark.parametrize("where", [None, 1, {"a": 1}, b"a = 1", object()])
def test_other_types_are_refused(where: Any) -> None:
    with pytest.raises(DataError, match=f"of type {type(where).__name__}: give SQL text"):
        parse(where)


@given(st.text())
def test_any_text_gives_a_tree_or_a_data_error(text: str) -> None:
    try:
        tree = parse(text)
    except DataError:
        return
    assert parse(str(tree)) == tree


_WORDS = [
    "a",
    '"b"',
    "1",
    "-",
    "1.5",
    "'x'",
    "NULL",
    "TRUE",
    "=",
    "<",
    "AND",
    "OR",
    "NOT",
    "IS",
    "IN",
    "(",
    ")",
    ",",
    "LIKE",
    "%",
]
_WORDS += [
    "BETWEEN",
    "ESCAPE",
    "DISTINCT",
    "FROM",
    "::",
    "CAST",
    "AS",
    "DATE",
    ";",
    "--",
    "/*",
    "SELECT",
    "X'4'",
    "$1",
    "[",
    "]",
    ".",
]


@given(st.lists(st.sampled_from(_WORDS), max_size=12))
def test_any_words_give_a_tree_or_a_data_error(words: list[str]) -> None:
    try:
        tree = parse(" ".join(words))
    except DataError:
        return
    assert parse(str(tree)) == tree


@pytest.mark.parametrize(
    "text",
    ["(" * 10_000 + "a" + ")" * 10_000, "NOT " * 10_000 + "a", "a = " + "- " * 10_000 + "1", "a" + " IS NULL" * 10_000,
     "a" + " IN (TRUE)" * 10_000, "a" + " = 1" * 10_000, "a" + ".b" * 10_000 + " = 1", "(" * 100_000],
    ids=["parentheses", "not", "minus", "is null", "in", "equals", "dots", "open"],
)  # fmt: skip
def test_deep_text_is_answered_or_refused(text: str) -> None:
    with contextlib.suppress(DataError):
        filter_table(pa.table({"a": [True]}), text)


def test_trees_made_by_hand_are_checked_for_depth() -> None:
    tree: Predicate = A
    for _ in range(100_000):
        tree = Not(tree)
    with pytest.raises(DataError, match="nested deeper than 100"):
        parse(tree)
    with pytest.raises(DataError, match="nested deeper than 100"):
        filter_table(pa.table({"a": [True]}), tree)
    with pytest.raises(DataError, match="nested too deeply"):
        str(tree)
    assert tree.columns == {"a"}


def test_texts_are_parsed_once_and_not_all_kept() -> None:
    assert parse("a = 12345") is parse("a = 12345")
    long = "a = 1 OR " * 1000 + "a = 2"
    assert parse(long) is not parse(long)
    assert parse(long) == parse(long)


@pytest.mark.parametrize(
    "predicate",
    ["a = 1 AND b IN ('x', NULL) OR NOT c LIKE 'a%'", [("a", "<", 1.5)], "t = TIMESTAMPTZ '2026-01-01 00:00:00+01'"],
)
def test_trees_travel_and_are_keys(predicate: Any) -> None:
    tree = parse(predicate)
    again = pickle.loads(pickle.dumps(tree))
    assert again == tree
    assert {tree: 1}[again] == 1


def test_columns() -> None:
    tree = parse(
        "a = 1 AND (s.x > b OR NOT \"two words\" LIKE 'z') AND d IN (e, 1) AND f BETWEEN g AND 2 AND h IS NULL"
    )
    assert tree.columns == {"a", "s", "b", "two words", "d", "e", "f", "g", "h"}
    assert parse("TRUE").columns == frozenset()


@given(st.text(), st.text())
def test_no_value_or_name_gets_out_of_its_quotes(name: str, value: str) -> None:
    tree = Comparison("=", Column(name), Literal(value, Kind.STRING))
    try:
        again = parse(str(tree))
    except DataError:  # an empty name, or one that a SQL text can't hold
        return
    assert again == tree


def test_quoting() -> None:
    assert quote_identifier('a"; DROP TABLE t; --') == '"a""; DROP TABLE t; --"'
    assert quote_literal(Literal("'; DROP TABLE t; --", Kind.STRING)) == "'''; DROP TABLE t; --'"


def test_conjunction_and_disjunction_take_any_number() -> None:
    assert conjunction([]) == Literal(True, Kind.BOOLEAN)
    assert conjunction([A]) is A
    assert conjunction([A, And((A, ONE))]) == And((A, A, ONE))
    assert disjunction([]) == Literal(False, Kind.BOOLEAN)
    assert disjunction([A, Or((A, ONE))]) == Or((A, A, ONE))
    with pytest.raises(ValueError, match="two operands"):
        And((A,))
    with pytest.raises(ValueError, match="not one of"):
        Comparison("==", A, ONE)


def test_arrow_expressions_are_kept_as_they_are() -> None:
    expression = (pc.field("a") > 1) & (pc.field("s", "x y") == "it's: 'z'") & pc.field("b").is_null()
    tree = parse(expression)
    assert isinstance(tree, ArrowExpression)
    assert tree.columns == {"a", "s", "b"}
    assert pickle.loads(pickle.dumps(tree)) == tree
    assert hash(parse(expression)) == hash(tree)
    with pytest.raises(DataError, match="no SQL text"):
        str(tree)
    table = pa.table({"a": [1, 2, None]})
    assert filter_table(table, pc.field("a") > 1).num_rows == 1
    assert filter_table(table, conjunction([parse(pc.field("a") > 0), parse("a < 2")])).num_rows == 1
    assert filter_table(table, Not(parse(pc.field("a") > 1))).num_rows == 1
    with pytest.raises(DataError, match="'nope', which doesn't exist"):
        filter_table(table, pc.field("nope") > 1)
