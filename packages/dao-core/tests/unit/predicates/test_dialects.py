"""SQL for other engines: its text by dialect, values bound, and DataFusion keeps the rows that DuckDB keeps."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from datafusion import SessionContext
from hypothesis import HealthCheck, given, settings

from dao.arrow.predicates import to_sql
from dao.errors import DataError
from dao.testing._predicates import Case, cases, duckdb_rows

GENERATED = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def _datafusion_rows(table: pa.Table, sql: str) -> list[int]:
    context = SessionContext()
    context.register_record_batches("generated", [table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]])
    return context.sql(f"SELECT row FROM generated WHERE {sql} ORDER BY row").to_arrow_table()["row"].to_pylist()


@GENERATED
@given(case=cases())
def test_datafusion_keeps_the_rows_that_duckdb_keeps(case: Case, duck: duckdb.DuckDBPyConnection) -> None:
    expected = duckdb_rows(case.table, case.sql, duck)
    try:
        sql = to_sql(case.sql, case.table.schema, dialect="datafusion")
    except DataError:
        assert expected is None
        return
    assert _datafusion_rows(case.table, sql) == expected, sql


@GENERATED
@given(case=cases())
def test_bound_values_keep_the_rows_that_duckdb_keeps(case: Case, duck: duckdb.DuckDBPyConnection) -> None:
    expected = duckdb_rows(case.table, case.sql, duck)
    if expected is None:
        return
    duck.execute("SET TimeZone = 'UTC'")
    for style in ("qmark", "numeric", "numeric_dollar", "named"):
        text, values = to_sql(case.sql, case.table.schema, parameters=style)
        found = duck.execute(f"SELECT row FROM generated WHERE {text} ORDER BY row", values).fetchall()
        assert [row for (row,) in found] == expected, text
