"""``mode="overwrite_partitions"`` replaces the partitions that the data has rows for, none among them."""

from __future__ import annotations

import pyarrow as pa


def test_partitions_that_the_table_lacks_are_added(dao, table):
    dao.write(pa.table({"id": [1], "p": ["a"]}), table, partition_by="p")
    result = dao.write(pa.table({"id": [2], "p": ["b"]}), table, mode="overwrite_partitions")
    assert (result.rows_inserted, result.rows_deleted) == (1, 0)
    assert dao.read(table).sort_by("id")["p"].to_pylist() == ["a", "b"]


def test_the_partition_of_nulls_is_one(dao, table):
    dao.write(pa.table({"id": [1, 2], "p": ["a", None]}), table, partition_by="p")
    result = dao.write(pa.table({"id": [3], "p": pa.nulls(1, pa.string())}), table, mode="overwrite_partitions")
    assert (result.rows_inserted, result.rows_deleted) == (1, 1)
    assert dao.read(table).sort_by("id")["id"].to_pylist() == [1, 3]
