"""Deletes by a predicate, and of whole tables: right rows, and only the files that must be are written again."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao import TableObject
from dao.errors import DataError, NotFoundError

ROWS = pa.table({"id": pa.array(range(6), pa.int64()), "day": ["a", "a", "b", "b", None, None]})


@pytest.fixture
def parted(lake):
    return TableObject("orders", lake, partition_by=["day"])


def test_rows_go_and_older_versions_stay(dao, table):
    first = dao.write(ROWS, table).version_after
    done = dao.delete(table, where="id >= 4 OR id = 0")
    assert (done.rows_deleted, done.files, done.version_before) == (3, 1, first)
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 3]
    assert dao.count(table, version=first) == 6


def test_whole_partitions_go_without_a_new_file(dao, parted):
    dao.write(ROWS, parted)
    done = dao.delete(parted, where="day = 'a'")
    assert (done.rows_deleted, done.files) == (2, 0)
    assert dao.history(parted)[0].operation == "delete"
    assert dao.delete(parted, where="day IS NULL").rows_deleted == 2
    assert sorted(dao.read(parted)["id"].to_pylist()) == [2, 3]


def test_files_without_such_rows_stay(dao, parted, foreign):
    dao.write(ROWS, parted)
    before = {one.path for one in foreign.data_files}
    done = dao.delete(parted, where="id = 3")
    assert (done.rows_deleted, done.files) == (1, 1)
    assert len(before & {one.path for one in foreign.data_files}) == 2


def test_no_such_row_makes_no_version(dao, table):
    first = dao.write(ROWS, table).version_after
    done = dao.delete(table, where="id = 77")
    assert (done.rows_deleted, done.version_after) == (0, first)


def test_rows_that_others_deleted_stay_deleted(dao, table, foreign):
    dao.write(ROWS, table)
    foreign.delete_positions(foreign.data_files[0].path, [1])
    foreign.delete_equal(pa.table({"id": [2]}), {"id": 1})
    assert dao.delete(table, where="id <= 2").rows_deleted == 1
    assert sorted(dao.read(table)["id"].to_pylist()) == [3, 4, 5]
    assert dao.count(table) == 3


def test_a_table_goes_with_its_files(dao, table, client):
    dao.write(ROWS, table)
    assert dao.delete(table).rows_deleted == 6
    assert not dao.exists(table)
    assert list(client.transport.list("orders/")) == []
    with pytest.raises(NotFoundError):
        dao.delete(table)
    dao.write(ROWS.slice(0, 1), table)
    assert dao.count(table) == 1


def test_a_branch_alone_does_not_go(dao, table):
    dao.write(ROWS, table)
    with pytest.raises(DataError, match="branch"):
        dao.delete(table, branch="audit")
