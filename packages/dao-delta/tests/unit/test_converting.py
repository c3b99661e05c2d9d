"""A directory of Parquet files becomes a Delta table in place."""

from __future__ import annotations

import os
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from dao import AlreadyExistsError, DataError, DataStore, NotFoundError, StoreError, TableObject, UnsupportedError

ROWS = pa.table(
    {
        "id": pa.array(range(6), pa.int64()),
        "day": pa.array([date(2025, 1, 1 + number % 3) for number in range(6)]),
        "country": pa.array(["DE", "a/b", None] * 2),
        "tags": pa.array([["x"], [], None] * 2),
        "price": pa.array([1.5, float("nan"), None] * 2),
    }
)


def sort(table):
    return table.sort_by("id").to_pylist()[0:1], table.sort_by("id").drop_columns("price").to_pylist()


@pytest.fixture
def files(tmp_path):
    return DataStore("files", "local", options={"root": str(tmp_path / "lake")})


@pytest.mark.parametrize("partition_by", [None, ["day"], ["country", "day"]])
def test_what_dao_wrote_as_files(dao, table, files, path, partition_by):
    written = TableObject("orders", files, format="parquet", partition_by=partition_by)
    dao.write(ROWS, written)
    before = set(os.listdir(path))
    result = dao.run("convert", table)
    assert (result.version_after, result.rows_inserted) == (0, 6)
    assert set(os.listdir(path)) == before | {"_delta_log"}
    assert sort(dao.read(table).select(ROWS.column_names)) == sort(ROWS)
    assert dao.count(table) == 6
    assert dao.read(table, where="day = DATE '2025-01-02' AND country = 'a/b'")["id"].to_pylist() == [1, 4]
    assert tuple(DeltaTable(path).metadata().partition_columns) == tuple(partition_by or ())
    dao.write(ROWS, table, mode="append")
    assert dao.count(table) == 12
    with pytest.raises(UnsupportedError, match="Delta"):
        dao.read(written)


def test_what_other_programs_wrote(dao, table, path):
    for number in range(3):
        os.makedirs(f"{path}/year=202{number}", exist_ok=True)
        pq.write_table(pa.table({"id": [number]}), f"{path}/year=202{number}/part.parquet")
    open(f"{path}/_SUCCESS", "w").close()
    dao.run("convert", table)
    assert dao.read(table, where="year > 2020").sort_by("id").to_pylist() == [
        {"id": 1, "year": 2021},
        {"id": 2, "year": 2022},
    ]


def test_what_is_no_table_of_parquet_files(dao, table, path):
    with pytest.raises(NotFoundError):
        dao.run("convert", table)
    os.makedirs(path)
    for name, content in (("a.parquet", b"no Parquet"), ("a.parquet", b"a\n1\n"), ("b.csv", b"a\n1\n")):
        with open(f"{path}/{name}", "wb") as file:
            file.write(content)
        with pytest.raises(StoreError):
            dao.run("convert", table)
        os.unlink(f"{path}/{name}")
    assert not os.path.exists(f"{path}/_delta_log")


def test_types_that_delta_keeps_in_another_way_are_refused(dao, table, path):
    os.makedirs(path)
    pq.write_table(pa.table({"id": pa.array([1], pa.uint32())}), f"{path}/a.parquet")
    with pytest.raises(UnsupportedError, match="copy the table into a new one"):
        dao.run("convert", table)
    assert not os.path.exists(f"{path}/_delta_log")


def test_a_delta_table_is_one_already(dao, table):
    dao.write(ROWS, table)
    with pytest.raises(AlreadyExistsError):
        dao.run("convert", table)


def test_files_of_different_types_are_told_what_works(dao, table, path):
    os.makedirs(path)
    pq.write_table(pa.table({"id": [1]}), f"{path}/a.parquet")
    pq.write_table(pa.table({"id": ["x"]}), f"{path}/b.parquet")
    with pytest.raises(DataError, match="int64 vs string; files stay as they are here: read them, with schema="):
        dao.run("convert", table)
