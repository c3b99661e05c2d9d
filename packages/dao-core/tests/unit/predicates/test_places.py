"""Predicates agree with DuckDB on tables that say no format: Arrow in memory, Parquet in files, and in partitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings

from dao import DataAccessObject
from dao.testing._conformance.agreement import agree, sample
from dao.testing._predicates import COLUMNS, Conditions

GENERATED = settings(
    max_examples=settings.default.max_examples // 2,  # each one opens many files
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
PLACES = (
    ("memory", ()),
    ("local", ()),
    ("local", ("i8",)),
    pytest.param("local", ("text",), marks=pytest.mark.slow),
    ("local", ("zoned",)),
    pytest.param("local", ("Flag on", "coded"), marks=pytest.mark.slow),
)


@pytest.mark.parametrize(("interface", "partition_by"), PLACES, ids=str)
def test_tables_that_say_no_format_agree(
    interface: str, partition_by: tuple[str, ...], tmp_path: Path, duck: duckdb.DuckDBPyConnection
) -> None:
    options: dict[str, Any] = {"root": str(tmp_path)} if interface == "local" else {}
    dao = DataAccessObject({"s": {"interface": interface, "options": options, "objects": {"t": {"type": "table"}}}})
    table, expected = dao.catalog["s.t"], sample(list(COLUMNS))
    dao.write(expected, table, partition_by=list(partition_by) or None)

    @GENERATED
    @given(Conditions(tuple(COLUMNS)).any())
    def agrees(sql: str) -> None:
        agree(dao, table, expected, duck, sql, sql)

    agrees()
