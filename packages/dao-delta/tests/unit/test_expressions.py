"""CHECK constraints, invariants and generated columns hold for what DAO writes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from deltalake import DeltaTable, Field, Schema
from deltalake.schema import PrimitiveType

from dao import DataError, UnsupportedError


def ids(*values):
    return pa.table({"id": pa.array(values, pa.int64())})


def generated(name, kind, sql):
    return Field(name, PrimitiveType(kind), metadata={"delta.generationExpression": sql})


@pytest.fixture
def with_days(path):
    """A table whose days and months are made from its moments, in Spark's SQL."""
    fields = [
        Field("id", PrimitiveType("long")),
        Field("at", PrimitiveType("timestamp")),
        generated("day", "date", "CAST(at AS DATE)"),
        generated("year", "integer", "YEAR(`at`)"),
    ]
    DeltaTable.create(path, Schema(fields), partition_by=["day"])
    return path


AT = datetime(2024, 5, 6, 23, 59, tzinfo=UTC)


def test_a_constraint_holds_for_new_rows(dao, table):
    dao.write(ids(1, 2), table)
    dao.run("add_constraint", table, name="positive", expression="id > 0")
    dao.write(ids(3), table, mode="append")
    for broken in (ids(4, 0), ids(None)):
        for mode in ("append", "overwrite"):
            with pytest.raises(DataError, match="CHECK constraint"):
                dao.write(broken, table, mode=mode)
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 3]
    dao.run("drop_constraint", table, name="positive")
    dao.write(ids(0), table, mode="append")
    assert dao.count(table) == 4


def test_a_constraint_that_stored_rows_break_is_refused(dao, table):
    dao.write(ids(1, -2), table)
    with pytest.raises(DataError):
        dao.run("add_constraint", table, name="positive", expression="id > 0")
    assert [version.version for version in dao.history(table)] == [0]


def test_generated_columns_are_made(dao, table, with_days):
    dao.write(pa.table({"id": [1, 2], "at": [AT, None]}), table, mode="append")
    assert dao.read(table, where="id = 1", into="pylist") == [
        {"id": 1, "at": AT, "day": date(2024, 5, 6), "year": 2024}
    ]
    assert dao.read(table, where="day IS NULL", columns=["id", "year"], into="pylist") == [{"id": 2, "year": None}]
    assert DeltaTable(with_days).to_pyarrow_table().num_rows == 2


def test_generated_columns_may_be_given_if_they_are_right(dao, table, with_days):
    rows = {"id": [1], "at": [AT], "day": [date(2024, 5, 6)], "year": pa.array([2024], pa.int32())}
    dao.write(pa.table(rows), table, mode="append")
    with pytest.raises(DataError, match="generated column"):
        dao.write(pa.table({**rows, "year": pa.array([2025], pa.int32())}), table, mode="append")
    assert dao.count(table) == 1


def test_an_expression_that_no_engine_here_knows_is_refused(dao, table, path):
    fields = [Field("id", PrimitiveType("long")), generated("other", "long", "someone_elses_function(id)")]
    DeltaTable.create(path, Schema(fields))
    with pytest.raises(UnsupportedError, match="someone_elses_function"):
        dao.write(ids(1), table, mode="append")
    assert dao.count(table) == 0
