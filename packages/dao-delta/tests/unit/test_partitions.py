"""``mode="overwrite_partitions"`` replaces the partitions that the data has rows for, none among them."""

from __future__ import annotations

from threading import Barrier

import pyarrow as pa

from dao_files.lake import _files
from dao_files.lake._folder import FileWriter


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


def test_partitions_of_one_size_are_looked_at_once(dao, table, monkeypatch):
    looked = []

    def look(schema, rows):
        looked.append(rows.num_rows)
        return dictionary_columns(schema, rows)

    dictionary_columns = _files.dictionary_columns
    monkeypatch.setattr(_files, "dictionary_columns", look)
    sizes = [10, 12, 8, 40]
    parts = [part for part, size in enumerate(sizes) for _ in range(size)]
    dao.write(pa.table({"id": range(sum(sizes)), "p": parts}), table, partition_by="p")
    assert looked == [10, 40]


def test_files_of_several_partitions_are_completed_at_once(dao, table, monkeypatch):
    close, both = FileWriter.close, Barrier(2)

    def close_both(writer):
        if writer._key.endswith(".parquet"):
            both.wait(30)
        close(writer)

    monkeypatch.setattr(FileWriter, "close", close_both)
    dao.write(pa.table({"id": [1, 2, 3, 4], "p": ["a", "b", "c", "d"]}), table, partition_by="p")
    monkeypatch.undo()
    assert dao.read(table).sort_by("id")["p"].to_pylist() == ["a", "b", "c", "d"]
