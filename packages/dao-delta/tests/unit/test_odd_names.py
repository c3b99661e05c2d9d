"""Columns that have one name are refused, and one without a name is a column like others."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao import DataError

TWICE = pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["id", "a", "a"])
NESTED = pa.table({"id": [1], "s": pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])})

CHANGES = {
    "write": lambda dao, table, rows: dao.write(rows, table, mode="overwrite"),
    "append": lambda dao, table, rows: dao.write(rows, table, mode="append", schema_mode="evolve"),
    "replace": lambda dao, table, rows: dao.write(rows, table, mode="overwrite", where="id = 1", schema_mode="evolve"),
    "upsert": lambda dao, table, rows: dao.upsert(rows, table, keys="id", schema_mode="evolve"),
}


@pytest.mark.parametrize("rows", [TWICE, NESTED], ids=["column", "field"])
@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("change", list(CHANGES))
def test_columns_of_one_name_are_refused(dao, table, rows, there, change):
    if there:
        dao.write(pa.table({"id": [1]}), table)
    with pytest.raises(DataError, match="'a' occurs twice"):
        CHANGES[change](dao, table, rows)
    assert dao.exists(table) == there
    assert not there or dao.read(table, into="pylist") == [{"id": 1}]


@pytest.mark.parametrize("name", ["", ".", "a.b", " "])
def test_a_column_may_have_any_name(dao, table, name):
    dao.write(pa.table({"k": [1, 2], name: [1, 2]}), table)
    assert dao.upsert(pa.table({"k": [1], name: [5]}), table, keys="k").rows_updated == 1
    dao.delete(table, where="k = 2")
    assert dao.read(table, into="pylist") == [{"k": 1, name: 5}]
    dao.write(pa.table({"k": [1], name: [6]}), table, mode="overwrite", where="k = 1")
    assert dao.read(table, into="pylist") == [{"k": 1, name: 6}]


@pytest.mark.parametrize("name", ["", ".", "a.b", " ", "_delta_log", "_change_data", ".hidden"])
def test_a_partition_column_may_have_any_name(dao, table, name):
    dao.write(pa.table({"k": [1, 2], name: [1, 2]}), table, partition_by=[name])
    assert dao.upsert(pa.table({"k": [1], name: [5]}), table, keys="k").rows_updated == 1
    dao.run("vacuum", table, older_than=0, dry_run=False)
    assert dao.read(table).sort_by("k").to_pylist() == [{"k": 1, name: 5}, {"k": 2, name: 2}]
