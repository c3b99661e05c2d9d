"""A new table is made where there is nothing: all below its key is the table's, to be deleted with it."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dao import AlreadyExistsError, DaoError, DataError, TableObject

ROWS = pa.table({"id": [1, 2]})

WRITES = {
    "write": lambda dao, table: dao.write(ROWS, table),
    "append": lambda dao, table: dao.write(ROWS, table, mode="append"),
    "overwrite": lambda dao, table: dao.write(ROWS, table, mode="overwrite"),
    "ignore": lambda dao, table: dao.write(ROWS, table, mode="ignore"),
    "replace": lambda dao, table: dao.write(ROWS, table, mode="overwrite", where="id > 0"),
    "upsert": lambda dao, table: dao.upsert(ROWS, table, keys="id"),
}


@pytest.fixture(params=list(WRITES))
def write(request, dao):
    return lambda table: WRITES[request.param](dao, table)


def at(lake, key: str) -> TableObject:
    return TableObject("t", lake, key=key)


def test_files_without_a_log_are_no_room(dao, lake, table, path, write):
    os.makedirs(path)
    pq.write_table(ROWS, f"{path}/part-0.parquet")
    with pytest.raises(AlreadyExistsError, match=r"'part-0.parquet'.*convert"):
        write(table)
    assert os.listdir(path) == ["part-0.parquet"]
    dao.run("convert", table)
    assert dao.read(table).equals(ROWS)


@pytest.mark.parametrize("name", ["a.csv", "day=1/x.json", "_dao_log.jsonl", "_day=1/x.parquet"])
def test_files_of_any_format_are_no_room(dao, table, path, name):
    Path(path, name).parent.mkdir(parents=True)
    Path(path, name).write_text("x")
    with pytest.raises(AlreadyExistsError, match=name):
        dao.write(ROWS, table)


@pytest.mark.parametrize("name", [".DS_Store", "_SUCCESS", ".x/y.parquet", "_temporary/0/x.parquet"])
def test_what_no_read_takes_is_no_file(dao, table, path, name):
    Path(path, name).parent.mkdir(parents=True)
    Path(path, name).write_text("x")
    assert dao.write(ROWS, table).rows_inserted == 2


def test_what_a_killed_writer_left_is_room(dao, table, path):
    dao.write(ROWS, table)
    for name in os.listdir(f"{path}/_delta_log"):
        os.unlink(f"{path}/_delta_log/{name}")
    assert dao.write(ROWS, table).version_after == 0
    assert dao.read(table).equals(ROWS)


def test_a_table_is_in_no_other_table(dao, lake, write):
    outer, inner = at(lake, "sales"), at(lake, "sales/by/day")
    dao.write(ROWS, outer)
    with pytest.raises(DataError, match=r"'sales/by/day' is inside of the Delta table at 'sales'"):
        write(inner)
    assert dao.run("vacuum", outer, older_than=0).files == 0


def test_no_table_is_in_a_new_one(dao, lake, write):
    outer, inner = at(lake, "sales"), at(lake, "sales/by/day")
    dao.write(ROWS, inner)
    with pytest.raises(DataError, match=r"'sales' has the Delta table at 'sales/by/day' inside"):
        write(outer)
    assert dao.read(inner).equals(ROWS)


def test_tables_beside_one_another_are_none_inside(dao, lake):
    for key in ("sales", "sales2", "sale/s", "sales.x/y"):
        dao.write(ROWS, at(lake, key))
    assert sorted(one.key for one in dao.list(lake)) == ["sale/s", "sales", "sales.x/y", "sales2"]


def test_files_with_a_table_among_them_are_not_converted(dao, lake, path):
    dao.write(ROWS, at(lake, "orders/inner"))
    pq.write_table(ROWS, f"{path}/part-0.parquet")
    with pytest.raises(DataError, match="inside"):
        dao.run("convert", at(lake, "orders"))
    dao.write(ROWS, at(lake, "outer"))
    os.makedirs(f"{path}/../outer/x")
    pq.write_table(ROWS, f"{path}/../outer/x/part-0.parquet")
    with pytest.raises(DataError, match="inside"):
        dao.run("convert", at(lake, "outer/x"))


def test_nothing_is_in_a_table_at_the_root(dao, lake, tmp_path):
    dao.write(ROWS, at(lake, "t"))
    os.rename(tmp_path / "lake" / "t" / "_delta_log", tmp_path / "lake" / "_delta_log")
    with pytest.raises(DataError, match="inside"):
        dao.write(ROWS, at(lake, "other"))


@pytest.mark.parametrize("key", ["_delta_log", "a/_delta_log", "_delta_log/a", "a/_delta_log/b"])
def test_the_folder_of_a_log_is_no_key(dao, lake, write, key):
    with pytest.raises(DataError, match="folder of a table's log"):
        write(at(lake, key))
    with pytest.raises(DataError, match="folder of a table's log"):
        dao.read(at(lake, key))


@pytest.mark.parametrize("key", ["file", "file/inside"])
def test_a_file_is_no_folder(dao, lake, tmp_path, key):
    os.makedirs(tmp_path / "lake")
    (tmp_path / "lake" / "file").write_text("x")
    with pytest.raises(DaoError):
        dao.write(ROWS, at(lake, key))
    assert (tmp_path / "lake" / "file").read_text() == "x"
