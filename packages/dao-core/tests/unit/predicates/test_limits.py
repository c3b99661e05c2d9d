"""Predicates that are long, deep or hold themselves: answered in time that grows with their length, or refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dao.arrow.predicates import filter_table, parse, to_arrow
from dao.errors import DataError


@pytest.mark.parametrize("length", [2_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_long_chain_of_ors_is_answered(length: int) -> None:
    numbers = pa.table({"a": range(1000)})
    text = " OR ".join(f"a = {number}" for number in range(500, 500 + length))
    assert filter_table(numbers, text).num_rows == 500
    unequal = " AND ".join(f"a <> {number}" for number in range(2_000))
    assert filter_table(numbers, unequal).num_rows == 0


def test_a_text_too_long_to_be_read_says_what_takes_more() -> None:
    text = f"a IN ({', '.join(map(str, range(200_000)))})"
    with pytest.raises(DataError, match=r"at most 500,000 are read; tuples such as \[\('id', 'in', values\)\]"):
        parse(text)


def test_a_long_list_of_values_is_one_look_up_whose_cost_grows_with_its_length() -> None:
    """Counted in calls of Python functions, which no other program on the machine can make more."""
    schema = pa.schema({"a": pa.int64(), "t": pa.string()})
    for column, kind in (("a", int), ("t", str)):
        calls = [_calls(to_arrow, [(column, "in", list(map(kind, range(count))))], schema) for count in (1_000, 10_000)]
        assert calls[1] < 12 * calls[0]
    numbers = pa.table({"a": range(1000)})
    assert filter_table(numbers, [("a", "in", list(range(500, 20_500)))]).num_rows == 500


def _calls(function: Callable[..., object], *arguments: object) -> int:
    """How many calls of Python functions a call makes."""
    made = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function(*arguments)
    finally:
        sys.setprofile(before)
    return made


def _nested(depth: int, inner: Any = ("a", "=", 1)) -> Any:
    for _ in range(depth):
        inner = [inner]
    return inner


def _chained(count: int) -> pc.Expression:
    expression = pc.field("a") == 0
    for number in range(count):
        expression = expression | (pc.field("a") == number)
    return expression


def _negated(count: int) -> pc.Expression:
    expression = pc.field("a") == 0
    for _ in range(count):
        expression = ~expression
    return expression


def _holding_itself() -> list[Any]:
    values: list[Any] = [("a", "=", 1)]
    values.append(values)
    return values


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (_nested(10_000), "a list that is nested too deeply to be shown"),
        (_holding_itself(), "give a list of"),
        ([_holding_itself()], "in its outer list"),
        ([("a", "in", _holding_itself())], "has no SQL literal"),
        ([("a", "=", _nested(10_000))], "has no SQL literal"),
        (_chained(20_000), "operations, and Arrow can work with 2000: use isin"),
        (_negated(20_000), "20001 operations"),
    ],
    ids=["deep", "itself", "itself inside", "itself as values", "deep value", "chain", "deep expression"],
)
def test_what_is_too_deep_or_holds_itself_is_refused(where: Any, said: str) -> None:
    with pytest.raises(DataError) as caught:
        filter_table(pa.table({"a": [1]}), where)
    assert said in str(caught.value)


def test_an_expression_of_a_thousand_parts_is_answered() -> None:
    numbers = pa.table({"a": range(2000)})
    assert filter_table(numbers, _chained(900)).num_rows == 900
    assert filter_table(numbers, _negated(1000)).num_rows == 1
