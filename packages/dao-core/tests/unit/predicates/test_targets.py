"""Predicates taken apart for a target, and in the forms of Iceberg and of tuples: the same rows, or a refusal."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg.expressions.visitors import bind as iceberg_bind
from pyiceberg.io.pyarrow import expression_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
    TimeType,
)

from dao.arrow.predicates import (
    OPERATIONS,
    Literal,
    bind,
    filter_table,
    parse,
    split,
    to_dnf,
    to_iceberg,
)
from dao.errors import DataError
from dao.testing._conformance.agreement import sample
from dao.testing._predicates import COLUMNS, Case, Conditions, cases

GENERATED = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
_ICEBERG: dict[pa.DataType, Any] = {
    pa.int32(): IntegerType(), pa.int64(): LongType(), pa.float32(): FloatType(), pa.float64(): DoubleType(),
    pa.string(): StringType(), pa.bool_(): BooleanType(), pa.date32(): DateType(), pa.time64("us"): TimeType(),
    pa.timestamp("us"): TimestampType(), pa.timestamp("us", "UTC"): TimestamptzType(), pa.binary(): BinaryType(),
    pa.decimal128(9, 2): DecimalType(9, 2), pa.decimal128(30, 6): DecimalType(30, 6),
}  # fmt: skip
_OF_ICEBERG = tuple(name for name, kind in COLUMNS.items() if kind.type in _ICEBERG)


def _rows(table: pa.Table, where: Any) -> list[int]:
    return filter_table(table, where)["row"].to_pylist()


@GENERATED
@given(case=cases(), supported=st.sets(st.sampled_from(OPERATIONS)), data=st.data())
def test_pushed_and_residual_keep_together_what_the_predicate_keeps(case: Case, supported: set[str], data: Any) -> None:
    names = data.draw(st.none() | st.sets(st.sampled_from(case.table.column_names)))
    try:
        bound = bind(parse(case.sql), case.table.schema)
    except DataError:
        return
    expected = _rows(case.table, bound)
    pushed, residual = split(bound, supported, columns=names)
    kept = filter_table(case.table, pushed)
    assert set(expected) <= set(kept["row"].to_pylist())
    assert _rows(kept, residual) == expected
    assert names is None or pushed.columns <= names


@pytest.mark.parametrize(
    ("where", "supported", "columns", "pushed", "residual"),
    [
        ("a = 1 AND b LIKE 'x'", {"="}, None, "a = 1", "b LIKE 'x'"),
        ("a = 1 AND b LIKE 'x'", set(OPERATIONS), None, "a = 1 AND b LIKE 'x'", "TRUE"),
        ("a = 1 AND b = 2", {"="}, {"b"}, "b = 2", "a = 1"),
        ("a > 1", {"="}, None, "TRUE", "a > 1"),
        ("NOT (a > 1 OR b = 1)", {"=", "not"}, None, "NOT (b = 1)", "NOT (a > 1)"),
        ("NOT NOT (a = 1 AND b > 1)", {"="}, None, "a = 1", "b > 1"),
        ("(d = 1 AND f > 1) OR (d = 2 AND g > 1)", {"=", "or"}, None, "d = 1 OR d = 2", None),
        ("(d = 1 AND f > 1) OR g > 1", {"=", "or"}, None, "TRUE", None),
        ("(d = 1 AND f > 1) OR d = 2", {"="}, None, "TRUE", None),
        ("a = 1 OR b > 1", {"=", "or"}, None, "TRUE", None),
        ("d AND a ILIKE 'x'", {"column", "like"}, None, "d", "a ILIKE 'x'"),
    ],
)
def test_split_by_names(where: str, supported: set[str], columns: Any, pushed: str, residual: str | None) -> None:
    found = split(where, supported, columns=columns)
    assert found == (parse(pushed), parse(where if residual is None else residual))


def test_split_by_a_function_asks_about_conditions_and_never_about_values() -> None:
    asked: list[Any] = []
    split("a = 1 OR NOT (b AND c IN (1, 2))", lambda node: asked.append(node) or True)  # type: ignore[func-returns-value]
    assert [type(node).__name__ for node in asked] == ["Or", "Comparison", "Not", "And", "Column", "In"]
    assert not any(isinstance(node, Literal) for node in asked)


def test_an_operation_that_is_none_is_refused() -> None:
    with pytest.raises(DataError, match="no operation 'LIK': did you mean 'LIKE'"):
        split("a = 1", {"lik"})


_SAMPLE = sample(list(_OF_ICEBERG))
_SCHEMA = Schema(
    NestedField(0, "row", LongType(), required=False),
    *(NestedField(place, name, _ICEBERG[COLUMNS[name].type]) for place, name in enumerate(_OF_ICEBERG, 1)),
)


@GENERATED
@given(where=Conditions(_OF_ICEBERG).any())
def test_iceberg_keeps_the_same_rows(where: str) -> None:
    try:
        expression = to_iceberg(where, _SAMPLE.schema)
    except DataError:
        return
    bound = iceberg_bind(_SCHEMA, expression, case_sensitive=True)
    found = _SAMPLE.filter(expression_to_pyarrow(bound))["row"].to_pylist()
    assert found == _rows(_SAMPLE, where), expression


@GENERATED
@given(case=cases())
def test_tuples_keep_the_same_rows_in_pyarrow(case: Case) -> None:
    try:
        groups = to_dnf(case.sql, case.table.schema)
    except DataError:
        return
    expected = _rows(case.table, case.sql)
    if not groups:
        assert expected == []
        return
    assert case.table.filter(pq.filters_to_expression(groups))["row"].to_pylist() == expected, groups
    assert _rows(case.table, groups) == expected


@pytest.mark.parametrize(
    "where", ["s LIKE '%x'", "s ILIKE 'x%'", "s = t", "(s = 'x') = (t = 'x')", "s LIKE 'a_%'", "n = 1::TIMESTAMP_NS"]
)
def test_what_iceberg_and_tuples_cant_say_names_split(where: str) -> None:
    schema = pa.schema({"s": pa.string(), "t": pa.string()})
    for target in (to_iceberg, to_dnf):
        with pytest.raises(DataError):
            target(where, schema)
