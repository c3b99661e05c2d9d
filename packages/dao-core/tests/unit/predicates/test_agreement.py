"""Generated predicates over generated tables keep the rows that DuckDB keeps, by whatever way they are evaluated."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from dao.arrow.predicates import bind, filter_reader, filter_table, parse, to_arrow
from dao.errors import DataError
from dao.testing._predicates import Case, cases, dnf_cases, duckdb_rows

GENERATED = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@GENERATED
@given(case=cases())
def test_sql_keeps_the_rows_that_duckdb_keeps(case: Case, agree: Callable[..., None]) -> None:
    agree(case.table, case.sql)


@GENERATED
@given(case=dnf_cases())
def test_tuples_keep_the_rows_that_duckdb_keeps(case: Case, agree: Callable[..., None]) -> None:
    agree(case.table, case.sql, case.where)


@settings(GENERATED, max_examples=GENERATED.max_examples // 2)
@given(case=cases())
def test_text_parses_to_an_equal_tree_and_so_does_the_bound_one(case: Case, duck: duckdb.DuckDBPyConnection) -> None:
    tree = parse(case.sql)
    assert parse(str(tree)) == tree
    assert hash(parse(str(tree))) == hash(tree)
    assert pickle.loads(pickle.dumps(tree)) == tree
    try:
        bound = bind(tree, case.table.schema)
    except DataError:
        return
    assert parse(str(bound)) == bound
    assert bind(bound, case.table.schema) == bound
    expected = duckdb_rows(case.table, case.sql, duck)
    if expected is not None:
        assert duckdb_rows(case.table, str(bound), duck) == expected


def _parquet_dataset(table: pa.Table) -> ds.Dataset:
    """A dataset of one Parquet file with two rows to a row group, so that there is much to skip."""
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=2)
    memory = pafs._MockFileSystem()
    with memory.open_output_stream("generated.parquet") as stream:
        stream.write(sink.getvalue())
    return ds.dataset("generated.parquet", filesystem=memory, format="parquet")


def _rows(found: Any) -> list[int]:
    return found["row"].to_pylist()


@GENERATED
@given(case=cases())
def test_table_batches_and_parquet_with_skipped_row_groups_agree(case: Case) -> None:
    try:
        expected = _rows(filter_table(case.table, case.where))
    except DataError:
        return
    batches = pa.RecordBatchReader.from_batches(case.table.schema, case.table.to_batches(max_chunksize=3))
    assert _rows(filter_reader(batches, case.where).read_all()) == expected
    dataset = _parquet_dataset(case.table)
    guarded = to_arrow(case.where, dataset.schema)
    assert _rows(dataset.to_table(filter=guarded)) == expected
    assert dataset.count_rows(filter=guarded) == len(expected)
    kept_groups = [fragment.subset(guarded) for fragment in dataset.get_fragments()]
    assert sum(fragment.count_rows(filter=guarded) for fragment in kept_groups) == len(expected)


@pytest.mark.parametrize("where", ["f64 > 0", "NOT f64 <= 0"])
def test_the_comparison_can_fail(where: str, duck: duckdb.DuckDBPyConnection) -> None:
    """Arrow's own NaN, as a user would write the filter by hand, is not DuckDB's: the tests above would see it."""
    table = pa.table({"row": [0, 1], "f64": [float("nan"), -1.0]})
    by_hand = table.filter(ds.field("f64") > 0)
    assert _rows(by_hand) == []
    assert duckdb_rows(table, where, duck) == [0] == _rows(filter_table(table, where))
