"""Partitions that come for the first time replace nothing."""

from __future__ import annotations


def test_a_new_partition_is_added(dao, table) -> None:
    dao.write([{"id": 1, "day": "mo"}], table, partition_by="day")
    done = dao.write([{"id": 2, "day": "tu"}], table, mode="overwrite_partitions")
    assert (done.rows_inserted, done.rows_deleted) == (1, 0)
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2]
    dao.write([{"id": 3, "day": "tu"}], table, mode="overwrite_partitions")
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 3]
