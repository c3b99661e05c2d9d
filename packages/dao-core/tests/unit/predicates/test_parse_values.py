"""Conditions as tuples, and values of Python in them."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dao.arrow.predicates import (
    Column,
    Comparison,
    Kind,
    Literal,
    literal,
    parse,
)
from dao.errors import DataError

A = Column("a")


ONE = Literal(1, Kind.INTEGER)


@pytest.mark.parametrize(
    ("where", "sql"),
    [
        ([("a", "=", 1)], '"a" = 1'),
        ([("a", "==", 1), ("b", "!=", "it's")], "(\"a\" = 1) AND (\"b\" <> 'it''s')"),
        ([[("a", ">=", 1.5)], [("b", "in", ["x", None])]], '("a" >= 1.5e0) OR ("b" IN (\'x\', NULL))'),
        ([("a", "NOT  IN", (1,))], 'NOT ("a" IN (1))'),
        ([("a", "in", [])], "FALSE"),
        ([("a", "not in", set())], "NOT FALSE"),
        ([("a", "in", {3, 1, 2})], '"a" IN (1, 2, 3)'),
        ([(("s", "x"), "<", 1)], '"s"."x" < 1'),
        ([("s.x", "<", 1)], '"s.x" < 1'),
        ([("a", "=", date(2026, 1, 31))], "\"a\" = CAST('2026-01-31' AS DATE)"),
    ],
)
def test_tuples(where: Any, sql: str) -> None:
    assert str(parse(where)) == sql
    assert parse(sql) == parse(where)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ([], "empty"),
        ([[]], "not understood"),
        (("a", "=", 1), "not understood"),
        ([("a", "=")], r"the tuple \('a', '='\)"),
        ([["a", "=", 1]], "in its outer list"),
        ([("a", "is", 1)], "operator 'is'"),
        ([("a", "nto in", [1])], "did you mean 'not in'"),
        ([("a", 5, 1)], "operator 5"),
        ([(1, "=", 1)], "the column 1"),
        ([((), "=", 1)], "the column"),
        ([("a", "in", "xyz")], "take a list"),
        ([("a", "in", 1)], "take a list"),
        ([("a", "=", object())], "type object has no SQL literal"),
        ([("a", "=", [1])], "type list has no SQL literal"),
        ([("a", "=", timedelta(1))], "type timedelta"),
        ([("a", "=", Decimal("NaN"))], "finite"),
        ([("a", "=", Decimal("1e60"))], "38 digits"),
        ([("a", "=", 1), [("b", "=", 1)]], "not understood"),
    ],
)
def test_tuples_refused(where: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse(where)


class Colour(str, enum.Enum):  # noqa: UP042 (a StrEnum has a plain __str__, this has not)
    RED = "red"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int8(3), Literal(3, Kind.INTEGER)),
        (np.float32(0.5), Literal(0.5, Kind.DOUBLE)),
        (np.float64(0.5), Literal(0.5, Kind.DOUBLE)),
        (np.bool_(True), Literal(True, Kind.BOOLEAN)),
        (np.str_("x"), Literal("x", Kind.STRING)),
        (np.datetime64("2026-01-01T00:00:00"), Literal(datetime(2026, 1, 1), Kind.TIMESTAMP)),
        (np.datetime64("NaT"), Literal(None, Kind.NULL)),
        (pd.Timestamp("2026-01-01"), Literal(datetime(2026, 1, 1), Kind.TIMESTAMP)),
        (pd.Timestamp(1), Literal(1, Kind.TIMESTAMP_NS)),
        (pd.Timestamp("2026-01-01", tz="UTC"), Literal(datetime(2026, 1, 1, tzinfo=UTC), Kind.TIMESTAMPTZ)),
        (pd.NaT, Literal(None, Kind.NULL)),
        (pd.NA, Literal(None, Kind.NULL)),
        (pa.scalar(5), Literal(5, Kind.INTEGER)),
        (bytearray(b"x"), Literal(b"x", Kind.BINARY)),
        (Colour.RED, Literal("red", Kind.STRING)),
        (Decimal("1E+3"), Literal(Decimal(1000), Kind.DECIMAL)),
    ],
)
def test_python_values(value: Any, expected: Literal) -> None:
    assert literal(value) == expected
    assert type(literal(value).value) is type(expected.value)
    comparison = Comparison("=", A, expected)
    assert parse(str(comparison)) == comparison


def test_literals_are_equal_by_value_and_kind() -> None:
    assert Literal(float("nan"), Kind.DOUBLE) == Literal(float("nan"), Kind.DOUBLE)
    assert hash(Literal(float("nan"), Kind.DOUBLE)) == hash(Literal(float("nan"), Kind.DOUBLE))
    assert Literal(True, Kind.BOOLEAN) != ONE
    assert Literal(1.0, Kind.DOUBLE) != ONE
