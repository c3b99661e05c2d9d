"""Whether rows fulfil a constraint, as Python says by the words of Spark's documentation: nulls make three values of
logic, names are found in any letter case, integers and decimals are exact.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dao import DataError
from dao_delta._snapshots.expressions import Checks
from dao_delta._snapshots.portable import portable
from dao_delta._snapshots.rules import Rule

NUMBERS, TEXTS = ("Total", "a b", "Größe.x", "order", "d"), ("Country", "s t")
SCHEMA = pa.schema(
    [
        *((name, pa.int64()) for name in NUMBERS[:-1]),
        ("d", pa.decimal128(6, 2)),
        *((name, pa.string()) for name in TEXTS),
    ]
)
LETTERS = ["", "a", "A", "ä", "Country", "it is", "%", "_", "null"]
INTEGERS = st.sampled_from([-2, -1, 0, 1, 2, 2**53, 2**53 + 1])
DECIMALS = st.decimals("-2", "2", places=2)


def spelled(name: str) -> st.SearchStrategy[str]:
    plain = [] if not name.isascii() or not name.isalnum() or name == "order" else [name, name.upper(), name.lower()]
    return st.sampled_from([f"`{name}`", f"`{name.upper()}`", *plain])


def column(names: tuple[str, ...]) -> st.SearchStrategy[tuple[str, Any]]:
    return st.sampled_from(names).flatmap(lambda name: spelled(name).map(lambda text: (text, lambda row: row[name])))


def constant(values: st.SearchStrategy[Any], written: Any) -> st.SearchStrategy[tuple[str, Any]]:
    return values.map(lambda value: (written(value), lambda row: value))


def nullable(function: Any) -> Any:
    return lambda *values: None if None in values else function(*values)


def both(signs: dict[str, Any], left: Any, right: Any) -> st.SearchStrategy[tuple[str, Any]]:
    def made(parts: Any) -> tuple[str, Any]:
        sign, (one, first), (other, second) = parts
        return f"({one} {sign} {other})", lambda row: signs[sign](first(row), second(row))

    return st.tuples(st.sampled_from([*signs]), left, right).map(made)


def is_in(value: Any, others: tuple[Any, ...]) -> bool | None:
    return None if value is None else value in others


SUMS = {"+": nullable(lambda a, b: a + b), "-": nullable(lambda a, b: a - b), "*": nullable(lambda a, b: a * b)}
ORDERS = {
    "<": nullable(lambda a, b: a < b), ">=": nullable(lambda a, b: a >= b), "=": nullable(lambda a, b: a == b),
    "<>": nullable(lambda a, b: a != b), "<=>": lambda a, b: a == b,
}  # fmt: skip
LOGIC = {
    "AND": lambda a, b: False if False in (a, b) else None if None in (a, b) else True,
    "OR": lambda a, b: True if True in (a, b) else None if None in (a, b) else False,
}

number = (
    column(NUMBERS) | constant(st.integers(0, 3), str) | constant(st.sampled_from(["0.5", "1.25"]).map(Decimal), str)
)
sums = both(SUMS, column(("Total", "d", "order")) | constant(st.integers(1, 2), str), constant(st.integers(1, 2), str))
text = column(TEXTS) | constant(st.sampled_from(LETTERS), lambda value: f"'{value}'")
leaf = (
    both(ORDERS, number, number)
    | both(ORDERS, sums, number)
    | both(ORDERS, text, text)
    | column(NUMBERS + TEXTS).map(lambda one: (f"{one[0]} IS NULL", lambda row: one[1](row) is None))
    | column(TEXTS).map(lambda one: (f"{one[0]} IN ('a', 'it is')", lambda row: is_in(one[1](row), ("a", "it is"))))
    | column(TEXTS).map(lambda one: (f"length({one[0]}) > 1", lambda row: nullable(lambda a: len(a) > 1)(one[1](row))))
)
expression = st.recursive(
    leaf,
    lambda inner: (
        both(LOGIC, inner, inner)
        | inner.map(lambda one: (f"NOT {one[0]}", lambda row: nullable(lambda a: not a)(one[1](row))))
    ),
    max_leaves=4,
)
rows = st.fixed_dictionaries(
    {name: st.none() | (DECIMALS if name == "d" else INTEGERS) for name in NUMBERS}
    | {name: st.none() | st.sampled_from(LETTERS) for name in TEXTS}
)


FIRST: dict[str, Any] = {**dict.fromkeys(NUMBERS, 0), "d": Decimal(0), **dict.fromkeys(TEXTS, "a")}
SECOND: dict[str, Any] = dict.fromkeys([*NUMBERS, *TEXTS])


def takes(sql: str, some: list[dict[str, Any]]) -> bool:
    """Whether all rows fulfil a constraint."""
    rule = Rule("constraint", "c", portable(sql, SCHEMA))
    checks = Checks({rule: rule.meaning(SCHEMA)}, SCHEMA, {})
    table = pa.Table.from_pylist(some, SCHEMA)
    try:
        found = pa.Table.from_batches(checks.applied(table.to_reader()), SCHEMA)
    except DataError as error:
        if "is broken by a row" not in str(error):
            raise
        return False
    assert found.equals(table)
    return True


@given(expression.filter(lambda one: one[1](FIRST) != one[1](SECOND)), st.lists(rows, min_size=1, max_size=6))
@example(("('' < 'a') AND `Total` IS NULL", lambda row: row["Total"] is None), [SECOND])
def test_rows_are_taken_if_the_expression_is_true_for_each(made: tuple[str, Any], some: list[dict[str, Any]]) -> None:
    sql, oracle = made
    good = [row for row in some if oracle(row) is True]
    bad = [row for row in some if oracle(row) is not True]
    assert takes(sql, good), f"{sql} is true for all of {good}"
    for row in bad[:2]:
        assert not takes(sql, [*good, row]), f"{sql} isn't true for {row}"


def test_the_oracle_finds_a_wrong_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nulls taken for true, as in standard SQL, and with names as texts, it is red."""
    null = dict.fromkeys([*NUMBERS, *TEXTS])
    assert not takes("Total > 0", [null])
    monkeypatch.setattr(Checks, "_verdict", lambda self, rule: f"({self.rules[rule].sql()}) IS NOT FALSE")
    assert takes("Total > 0", [null])
