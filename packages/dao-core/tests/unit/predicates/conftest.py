from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from dao.arrow.predicates import filter_table
from dao.errors import DataError
from dao.testing._predicates import duckdb_rows


@pytest.fixture(scope="session")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture(scope="session")
def agree(duck: duckdb.DuckDBPyConnection) -> Callable[[pa.Table, str], None]:
    """Asserts that DuckDB and filter_table keep the same rows, or refuse both."""

    def check(table: pa.Table, sql: str, where: Any = None) -> None:
        expected = duckdb_rows(table, sql, duck)
        try:
            found = filter_table(table, sql if where is None else where)["row"].to_pylist()
        except DataError:
            found = None
        assert found == expected, sql

    return check
