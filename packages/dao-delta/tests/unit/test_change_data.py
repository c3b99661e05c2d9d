"""The change data feed: what deltalake reads from it is exactly what changed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

FEED = {"delta.enableChangeDataFeed": "true"}


@pytest.fixture
def stored(dao, table):
    """Two partitions with a feed."""
    rows = pa.table({"id": [1, 2, 3, 4], "p": ["x", "x", "y", "y"], "v": [10, 20, 30, 40]})
    dao.write(rows, table, partition_by="p", properties=FEED)


def changes(path, version):
    found = pa.table(DeltaTable(path).load_cdf(starting_version=version, ending_version=version))
    return sorted((row["_change_type"], row["id"], row["p"], row["v"]) for row in found.to_pylist())


def feed_files(path):
    return sorted(Path(path, "_change_data").rglob("*.parquet"))


def test_an_upsert(dao, table, path, stored):
    source = pa.table({"id": [2, 3, 9], "p": ["y", "y", "z"], "v": [21, 31, 91]})
    dao.upsert(source, table, keys="id")
    assert changes(path, 1) == [
        ("insert", 9, "z", 91),
        ("update_postimage", 2, "y", 21),
        ("update_postimage", 3, "y", 31),
        ("update_preimage", 2, "x", 20),
        ("update_preimage", 3, "y", 30),
    ]


def test_an_upsert_that_deletes(dao, table, path, stored):
    source = pa.table({"id": [1, 9], "p": ["x", "z"], "v": [0, 90], "op": ["D", "U"]})
    dao.upsert(source, table, keys="id", delete_when="op = 'D'")
    assert changes(path, 1) == [("delete", 1, "x", 10), ("insert", 9, "z", 90)]


def test_only_new_rows_need_no_feed(dao, table, path, stored):
    dao.upsert(pa.table({"id": [9], "p": ["x"], "v": [90]}), table, keys="id")
    assert changes(path, 1) == [("insert", 9, "x", 90)]
    assert feed_files(path) == []


def test_a_delete_of_parts_and_of_whole_files(dao, table, path, stored):
    dao.delete(table, where="p = 'x' OR id = 4")
    assert changes(path, 1) == [("delete", 1, "x", 10), ("delete", 2, "x", 20), ("delete", 4, "y", 40)]


def test_a_delete_of_whole_files_needs_no_feed(dao, table, path, stored):
    dao.delete(table, where="p = 'x'")
    assert changes(path, 1) == [("delete", 1, "x", 10), ("delete", 2, "x", 20)]
    assert feed_files(path) == []


@pytest.mark.parametrize("where", ["p = 'x'", "p = 'x' AND id <> 2"])
def test_a_replacement(dao, table, path, stored, where):
    new = pa.table({"id": [7], "p": ["x"], "v": [70]})
    dao.write(new, table, mode="overwrite", where=where)
    gone = [("delete", 1, "x", 10), ("delete", 2, "x", 20)]
    assert changes(path, 1) == [*(gone if where == "p = 'x'" else gone[:1]), ("insert", 7, "x", 70)]


def test_a_table_without_a_feed_has_no_files_of_it(dao, table, path):
    dao.write(pa.table({"id": [1, 2]}), table)
    dao.upsert(pa.table({"id": [1]}), table, keys="id")
    dao.delete(table, where="id = 1")
    assert feed_files(path) == []
