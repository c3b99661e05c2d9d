"""Deletes by a predicate, and of whole tables."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from dao import DataError, NotFoundError, StoreError, UnsupportedError
from dao_files.lake import _rewriting


@pytest.fixture
def days(dao, table):
    """Three partitions, ids 0 to 8."""
    dao.write(pa.table({"id": range(9), "day": [n // 3 for n in range(9)]}), table, partition_by="day")


def ids_of(dao, table):
    return sorted(dao.read(table)["id"].to_pylist())


def test_partitions_go_without_a_look(dao, table, days, files_read):
    result = dao.delete(table, where="day = 1 OR day > 1")
    assert (result.rows_deleted, result.files, files_read) == (6, 0, [])
    assert ids_of(dao, table) == [0, 1, 2]


def test_files_that_statistics_rule_out_are_not_read(dao, table, days, files_read):
    result = dao.delete(table, where="id = 4")
    assert (result.rows_deleted, result.files) == (1, 1)
    assert len({key for key, _ in files_read}) == 1
    assert ids_of(dao, table) == [0, 1, 2, 3, 5, 6, 7, 8]


def test_a_file_of_matching_rows_goes(dao, table, days, files_read):
    result = dao.delete(table, where="id <= 2")
    assert (result.rows_deleted, result.files) == (3, 0)
    assert [names for _, names in files_read] == [("id",)]


def test_small_files_of_a_partition_become_one(dao, table, path):
    for number in range(6):
        rows = pa.table({"id": [2 * number, 2 * number + 1], "day": [number % 2] * 2})
        dao.write(rows, table, mode="append" if number else "error", partition_by="day")
    result = dao.delete(table, where="id IN (0, 2, 4, 6, 8)")
    assert (result.rows_deleted, result.files) == (5, 2)
    assert len(DeltaTable(path).file_uris()) == 3  # and the one that nothing went from
    assert ids_of(dao, table) == [1, 3, 5, 7, 9, 10, 11]


def test_files_that_are_large_together_stay_apart(dao, table, path, monkeypatch):
    for number in range(4):
        dao.write(pa.table({"id": [2 * number, 2 * number + 1]}), table, mode="append" if number else "error")
    monkeypatch.setattr(_rewriting, "_TOGETHER", 2 * max(DeltaTable(path).get_add_actions()["size_bytes"].to_pylist()))
    dao.delete(table, where="id IN (0, 2, 4, 6)")
    assert len(DeltaTable(path).file_uris()) == 2
    assert ids_of(dao, table) == [1, 3, 5, 7]


def test_no_row_makes_no_version(dao, table, days):
    result = dao.delete(table, where="id = 100")
    assert (result.rows_deleted, result.version_after) == (0, result.version_before)


def test_null_is_not_true(dao, table):
    dao.write(pa.table({"id": [1, 2, None]}), table)
    assert dao.delete(table, where="id <> 1").rows_deleted == 1
    assert dao.count(table) == 2


@pytest.mark.parametrize("foreign", [False, True])
def test_statistics_without_nan_hide_none(dao, table, path, foreign):
    rows = pa.table({"x": [1.0, float("nan")]})
    if foreign:
        write_deltalake(path, rows)
    else:
        dao.write(rows, table)
    assert dao.delete(table, where="x > 5").rows_deleted == 1


def test_statistics_in_milliseconds_hide_no_moment(dao, table, path):
    write_deltalake(path, pa.table({"at": pa.array([1_999], pa.timestamp("us", "UTC"))}))
    assert dao.delete(table, where="at > TIMESTAMPTZ '1970-01-01 00:00:00.001998+00'").rows_deleted == 1


def test_an_unknown_column_is_refused_first(dao, table, days):
    with pytest.raises(DataError, match="wrong"):
        dao.delete(table, where="wrong = 1")
    assert len(dao.history(table)) == 1


def test_an_append_only_table_refuses(dao, table):
    dao.write(pa.table({"id": [1]}), table, properties={"delta.appendOnly": "true"})
    for where in ("id = 1", None):
        with pytest.raises(UnsupportedError, match="append-only"):
            dao.delete(table, where=where)
    assert dao.count(table) == 1


def test_a_table_goes_with_everything_below_it(dao, table, path, days):
    dao.write(pa.table({"id": [9], "day": [9]}), table, mode="append")
    dao.run("checkpoint", table)
    result = dao.delete(table)
    assert (result.rows_deleted, result.version_before) == (10, 1)
    assert not Path(path).exists()
    with pytest.raises(NotFoundError):
        dao.delete(table)


def _cut(monkeypatch, after):
    """Let deletions fail after some."""
    import os

    real, left = os.unlink, [after]

    def unlink(path, **given):
        if left[0] == 0:
            raise OSError("cut off")
        left[0] -= 1
        real(path, **given)

    monkeypatch.setattr(os, "unlink", unlink)


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("after", [2, 3, 4, 5, 8, 11])
def test_a_deletion_that_is_cut_off(dao, table, path, monkeypatch, after, checkpoint):
    """There is the newest version or none; a new table has nothing of the old one; and it can be repeated."""
    for n in range(4):
        dao.write(pa.table({"id": [n]}), table, mode="append")
    if checkpoint:
        dao.run("checkpoint", table)
    with monkeypatch.context() as patch:
        _cut(patch, after)
        with suppress(StoreError):
            dao.delete(table)
    there = dao.exists(table)
    if there:
        assert ids_of(dao, table) == [0, 1, 2, 3]
    else:
        with pytest.raises(NotFoundError):
            dao.read(table)
    if after % 2 or there:
        if Path(path).exists():
            dao.delete(table)
        assert not Path(path).exists()
        return
    dao.write(pa.table({"other": ["new"]}), table)
    assert dao.read(table, into="pylist") == [{"other": "new"}]
    assert len(dao.history(table)) == 1
