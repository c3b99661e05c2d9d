"""SQL for Spark, run by Spark: it keeps the rows that DuckDB keeps."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from predicates.conftest import NAMES, duck, stored  # noqa: F401  (fixtures)
from pyspark.sql import SparkSession

from dao.arrow.predicates import to_sql
from dao.errors import DataError
from dao.testing._predicates import Conditions, duckdb_rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

GENERATED = settings(
    max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
# Spark (4.3) can't do all with its type TIME: no cast from text, no NULL in a list.
_NAMES = tuple(name for name in NAMES if name != "clock")


@pytest.fixture(scope="module")
def spark(stored: pa.Table) -> Iterator[SparkSession]:  # noqa: F811
    local = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false"}
    others = {"spark.sql.shuffle.partitions": "1", "spark.sql.session.timeZone": "Asia/Tokyo"}
    builder = SparkSession.builder.master("local[1]").config(map=local | others)
    session = builder.getOrCreate()
    session.createDataFrame(stored).createOrReplaceTempView("stored")
    yield session
    session.stop()


@GENERATED
@given(condition=Conditions(_NAMES).any())
def test_spark_keeps_the_rows_that_duckdb_keeps(
    condition: str,
    spark: SparkSession,
    stored: pa.Table,  # noqa: F811
    duck: duckdb.DuckDBPyConnection,  # noqa: F811
) -> None:
    expected = duckdb_rows(stored, condition, duck)
    try:
        text = to_sql(condition, stored.schema, dialect="spark")
    except DataError:
        assert expected is None
        return
    found = spark.sql(f"SELECT row FROM stored WHERE {text} ORDER BY row").collect()
    assert [row for (row,) in found] == expected, text
