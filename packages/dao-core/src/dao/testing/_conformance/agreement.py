"""``where=`` keeps the same rows as DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import hypothesis
import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._predicates import COLUMNS, Conditions, dnf_cases, duckdb_rows
from dao.testing._profiles import generated
from dao.testing._tables import features_of

__all__ = ["Predicates"]

_ROWS = 60

_VALUES = (
    (pa.types.is_floating, {"nan", "infinity", "negative_zero"}),
    (pa.types.is_date, {"early_dates"}),
    (lambda kind: "string" in str(kind) or "binary" in str(kind), {"empty_text", "control_text"}),
)
"""The features that the values of the generated columns require, in addition to their types."""

_DELETED = (
    ("f64", '"f64" > 1e300'),
    ("i32", '"i32" BETWEEN -1 AND 1.5'),
    ("day", "\"day\" < '1970-01-01'"),
    ("text", "\"text\" LIKE 'a%' AND NOT \"TEXT\" IN ('ab', NULL)"),
    ("text", "\"text\" ILIKE '_B'"),
    ("text", "\"text\" = 'a ' OR \"text\" IN ('\n', 'b ') OR \"text\" > 'x\\y'"),
    ("i64", 'NOT ("i64" = 1 OR "i64" IS NULL)'),
)
"""Columns and predicates for consecutive deletes; each predicate is NULL for some rows, which remain."""


def sample(names: list[str]) -> pa.Table:
    """A table of the named columns with every value of each one, and NULL, in different combinations."""
    columns: dict[str, pa.Array] = {"row": pa.array(range(_ROWS), pa.int64())}
    for step, name in enumerate(names):
        values = [*COLUMNS[name].values, None]
        columns[name] = pa.array(
            [values[(row * (step + 1) + step) % len(values)] for row in range(_ROWS)], COLUMNS[name].type
        )
    return pa.table(columns)


def agree(dao: DataAccessObject, table: DataObject, expected: pa.Table, connection: Any, sql: str, where: Any) -> None:
    """Check that a read keeps the same rows as DuckDB; predicates that DuckDB refuses are discarded."""
    kept = duckdb_rows(expected, sql, connection)
    hypothesis.assume(kept is not None)
    found = sorted(dao.read(table, columns=["row"], where=where)["row"].to_pylist())
    assert found == kept, f"where {where!r}: DuckDB keeps the rows {kept}, read returns {found}"


class Predicates(
    Capability, requires=("read", "write"), written="dao.arrow.predicates; docs/writing-an-interface.md, 'Reading'"
):
    """The predicate language has DuckDB's semantics, regardless of what a backend pushes down."""

    @pytest.fixture
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to DuckDB, the oracle."""
        with duckdb.connect() as connection:
            yield connection

    def test_sql_keeps_the_rows_that_duckdb_keeps(
        self, dao: DataAccessObject, backend: Backend, connection: duckdb.DuckDBPyConnection
    ) -> None:
        """read(where=) keeps the same rows as DuckDB, for generated SQL predicates over every type, with NULL, NaN and
        the limits of each range.
        """
        table, expected, names = self._written(dao, backend)

        @generated()
        @hypothesis.given(Conditions(tuple(names)).any())
        def agrees(sql: str) -> None:
            agree(dao, table, expected, connection, sql, sql)

        agrees()

    def test_dnf_keeps_the_rows_that_duckdb_keeps(
        self, dao: DataAccessObject, backend: Backend, connection: duckdb.DuckDBPyConnection
    ) -> None:
        """read(where=) with generated DNF tuples keeps the same rows as DuckDB with the equivalent SQL."""
        table, expected, names = self._written(dao, backend)

        @generated()
        @hypothesis.given(dnf_cases())
        def agrees(case: Any) -> None:
            hypothesis.assume(set(case.table.column_names) <= {"row", *names})
            agree(dao, table, expected, connection, case.sql, case.where)

        agrees()

    @needs("count")
    def test_count_keeps_the_rows_that_duckdb_keeps(
        self, dao: DataAccessObject, backend: Backend, connection: duckdb.DuckDBPyConnection
    ) -> None:
        """count(where=) returns the number of rows that DuckDB keeps."""
        table, expected, names = self._written(dao, backend)

        @generated()
        @hypothesis.given(Conditions(tuple(names)).any())
        def agrees(sql: str) -> None:
            kept = duckdb_rows(expected, sql, connection)
            hypothesis.assume(kept is not None)
            assert dao.count(table, where=sql) == len(kept or ()), f"count with where {sql!r} disagrees with DuckDB"

        agrees()

    @needs("delete")
    def test_delete_takes_the_rows_that_duckdb_keeps(
        self, dao: DataAccessObject, backend: Backend, connection: duckdb.DuckDBPyConnection
    ) -> None:
        """delete(where=) deletes the rows that DuckDB keeps; those for which where= is false or NULL remain."""
        table, left, names = self._written(dao, backend)
        for name, sql in _DELETED:
            if name in names:
                gone = set(duckdb_rows(left, sql, connection) or ())
                dao.delete(table, where=sql)
                left = left.filter(pa.array([row not in gone for row in left["row"].to_pylist()], pa.bool_()))
                found = sorted(dao.read(table, columns=["row"])["row"].to_pylist())
                assert found == left["row"].to_pylist(), f"delete where {sql!r} disagrees with DuckDB"

    def _written(self, dao: DataAccessObject, backend: Backend) -> tuple[DataObject, pa.Table, list[str]]:
        """Write a table with every column that the backend supports; returns it, its rows, and its columns' names."""
        names = [name for name in COLUMNS if self._can_hold(name)]
        table = backend.table("generated")
        dao.write(sample(names), table)
        return table, sample(names), names

    def _can_hold(self, name: str) -> bool:
        kind = COLUMNS[name].type
        required = features_of(kind).union(*(more for test, more in _VALUES if test(kind)))
        return required.isdisjoint(self.capabilities.lacks_types)
