"""mode="overwrite" with where: the rows for which it is true are replaced."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from dao import DataError, NoRouteError


@pytest.fixture
def stored(dao, table):
    dao.write(pa.table({"id": [1, 2, 3, 4], "day": [1, 1, 2, 2]}), table, partition_by="day")


def rows(ids, days):
    return pa.table({"id": pa.array(ids, pa.int64()), "day": pa.array(days, pa.int64())})


def content(dao, table):
    return sorted((row["day"], row["id"]) for row in dao.read(table, into="pylist"))


def test_rows_are_replaced(dao, table, stored, files_read):
    result = dao.write(rows([9], [1]), table, mode="overwrite", where="day = 1")
    assert (result.rows_inserted, result.rows_deleted, result.files) == (1, 2, 1)
    assert content(dao, table) == [(1, 9), (2, 3), (2, 4)]
    assert files_read == []


def test_a_part_of_a_file_is_replaced(dao, table, stored):
    result = dao.write(rows([30, 31], [2, 2]), table, mode="overwrite", where="day = 2 AND id <> 4")
    assert (result.rows_inserted, result.rows_deleted) == (2, 1)
    assert content(dao, table) == [(1, 1), (1, 2), (2, 4), (2, 30), (2, 31)]


def test_a_stream_replaces_too(dao, table, stored):
    dao.write_stream(rows([9], [1]).to_reader(), table, mode="overwrite", where="day = 1")
    assert content(dao, table) == [(1, 9), (2, 3), (2, 4)]


@pytest.mark.parametrize("day", [2, None])
def test_a_row_outside_is_refused(dao, table, path, stored, day):
    before = {file for file in Path(path).rglob("*") if file.is_file()}
    with pytest.raises(DataError, match=rf"found a row with {{'day': {day}}}"):
        dao.write(rows([8, 9], [1, day]), table, mode="overwrite", where="day = 1")
    assert {file for file in Path(path).rglob("*") if file.is_file()} == before


def test_no_rows_delete(dao, table, stored):
    assert dao.write(rows([], []), table, mode="overwrite", where="day = 1").rows_deleted == 2
    assert content(dao, table) == [(2, 3), (2, 4)]


def test_a_table_that_is_not_there_is_made(dao, table):
    with pytest.raises(DataError):
        dao.write(rows([1], [2]), table, mode="overwrite", where="day = 1")
    assert not dao.exists(table)
    dao.write(rows([1], [1]), table, mode="overwrite", where="day = 1", partition_by="day")
    assert content(dao, table) == [(1, 1)]


def test_a_new_column_may_come(dao, table, stored):
    new = rows([9], [1]).append_column("v", [["x"]])
    with pytest.raises(DataError):
        dao.write(new, table, mode="overwrite", where="day = 1")
    dao.write(new, table, mode="overwrite", where="day = 1", schema_mode="evolve")
    assert sorted(dao.read(table, columns=["id", "v"], into="pylist"), key=repr)[-1] == {"id": 9, "v": "x"}


@pytest.mark.parametrize("mode", ["append", "error", "ignore", "overwrite_partitions", None])
def test_it_goes_with_overwrite_alone(dao, table, stored, mode):
    given = {"where": "day = 1", **({} if mode is None else {"mode": mode})}
    for ask in (dao.write, partial(dao.explain, "write")):
        with pytest.raises(NoRouteError, match="where"):
            ask(rows([9], [1]), table, **given)
    assert content(dao, table) == [(1, 1), (1, 2), (2, 3), (2, 4)]
