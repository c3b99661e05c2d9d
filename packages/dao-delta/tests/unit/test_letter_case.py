"""Columns that differ by the case of letters alone: Delta can't tell them apart, so a table never gets both."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao import DataError

BOTH = pa.table({"id": [2], "s": ["b"], "S": ["c"]})
NESTED = pa.table({"id": [2], "s": ["b"], "new": [{"a": 1, "A": 2}]})


@pytest.fixture
def one(dao, table):
    dao.write(pa.table({"id": [1], "s": ["a"]}), table)
    return table


@pytest.mark.parametrize("rows", [BOTH, NESTED], ids=["column", "field"])
@pytest.mark.parametrize(
    "change",
    [
        lambda dao, table, rows: dao.write(rows, table, mode="append", schema_mode="evolve"),
        lambda dao, table, rows: dao.upsert(rows, table, keys="id", schema_mode="evolve"),
        lambda dao, table, rows: dao.write(rows, table, mode="overwrite"),
        lambda dao, table, rows: dao.write(rows, table, mode="overwrite", where="id = 2", schema_mode="evolve"),
    ],
    ids=["append", "upsert", "overwrite", "replace"],
)
def test_a_change_never_makes_such_columns(dao, one, change, rows, path, tmp_path):
    with pytest.raises(DataError, match="case of letters alone"):
        change(dao, one, rows)
    assert [version.version for version in dao.history(one)] == [0]
    assert dao.read(one, into="pylist") == [{"id": 1, "s": "a"}]
    assert len(list((tmp_path / "lake" / "orders").glob("*.parquet"))) == 1


@pytest.mark.parametrize("rows", [BOTH, NESTED], ids=["column", "field"])
def test_a_new_table_never_has_such_columns(dao, table, rows, tmp_path):
    for write in (lambda: dao.write(rows, table), lambda: dao.upsert(rows, table, keys="id")):
        with pytest.raises(DataError, match="case of letters alone"):
            write()
    assert not list((tmp_path / "lake").rglob("*.parquet"))


@pytest.mark.parametrize("rows", [BOTH, NESTED], ids=["column", "field"])
def test_files_with_such_columns_are_not_converted(dao, table, rows, tmp_path):
    import pyarrow.parquet as pq

    folder = tmp_path / "lake" / "orders"
    folder.mkdir(parents=True)
    pq.write_table(rows, folder / "a.parquet")
    with pytest.raises(DataError, match="case of letters alone"):
        dao.run("convert", table)
    assert not (folder / "_delta_log").exists()
