"""A table that moves within its store keeps all that its log has, and is at no moment half there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from dao import (
    AlreadyExistsError,
    DataAccessObject,
    DataError,
    NotFoundError,
    Position,
    StoreError,
    TableObject,
    UnsupportedError,
)

ROWS = pa.table({"id": [1], "p": ["a"]})


@pytest.fixture
def target(lake):
    return TableObject("moved", lake)


@pytest.fixture
def full(dao, table):
    """A table with all that a log has."""
    feed = {"delta.enableChangeDataFeed": "true", "delta.checkpointInterval": 3}
    dao.write(ROWS, table, partition_by="p", properties=feed)
    dao.run("add_constraint", table, name="positive", expression="id > 0")
    dao.write(ROWS, table, mode="append", idempotency_key="once", position=Position("other.table", 7))
    for number in range(3, 6):
        dao.write(pa.table({"id": [number], "p": ["b"]}), table, mode="append")
    dao.upsert(pa.table({"id": [3], "p": ["c"]}), table, keys="id")
    return table


def everything(dao, table):
    return {
        "rows": sorted(map(str, dao.read(table, into="pylist"))),
        "first": dao.read(table, version=0, into="pylist"),
        "history": [(one.version, one.timestamp, one.operation) for one in dao.history(table)],
        "changes": sorted(map(str, dao.read_changes(table, since=5).to_pylist())),
    }


def folder(tmp_path, name):
    return str(tmp_path / "lake" / name)


def names(tmp_path, name):
    return sorted(str(path.relative_to(folder(tmp_path, name))) for path in Path(folder(tmp_path, name)).rglob("*"))


def test_all_goes_along(dao, full, target, tmp_path):
    before, old = everything(dao, full), DeltaTable(folder(tmp_path, "orders"))
    assert dao.explain("move", full, target=target).steps[0].route.endswith("move")
    result = dao.move(full, target)
    assert result.version_after == 6
    assert not Path(folder(tmp_path, "orders")).exists()
    assert everything(dao, target) == before
    new = DeltaTable(folder(tmp_path, "moved"))
    assert new.metadata().configuration == old.metadata().configuration
    assert new.metadata().partition_columns == ["p"]
    again = dao.write(ROWS, target, mode="append", idempotency_key="once", position=Position("other.table", 7))
    assert (again.rows_inserted, again.version_after) == (0, 2)
    with pytest.raises(DataError, match="positive|constraint"):
        dao.write(pa.table({"id": [-1], "p": ["a"]}), target, mode="append")
    assert not list(Path(folder(tmp_path, "moved")).rglob("*.tmp"))
    assert not list(Path(folder(tmp_path, "moved")).rglob("_dao_deleting"))


def test_what_is_there_is_replaced_when_asked_for(dao, full, target, tmp_path):
    dao.write(pa.table({"other": ["x"]}), target)
    dao.write(pa.table({"other": ["x"]}), target, mode="append")
    with pytest.raises(AlreadyExistsError):
        dao.move(full, target)
    assert dao.move(full, target, mode="ignore").files == 0
    assert dao.count(target) == 2
    before, files = everything(dao, full), names(tmp_path, "orders")
    dao.move(full, target, mode="overwrite")
    assert everything(dao, target) == before
    assert not dao.exists(full)
    assert names(tmp_path, "moved") == files


def test_a_log_without_its_first_commits_moves(dao, full, target, tmp_path):
    for version in range(4):
        os.unlink(f"{folder(tmp_path, 'orders')}/_delta_log/{version:020d}.json")
    dao.move(full, target)
    assert dao.count(target) == 5
    assert dao.history(target)[0].version == 6


def test_files_with_names_of_others_move_and_others_files_stay(dao, table, target, tmp_path):
    here = folder(tmp_path, "orders")
    os.makedirs(here)
    pq.write_table(ROWS, f"{here}/mine.parquet")
    dao.run("convert", table)
    Path(here, "notes.md").write_text("x")
    dao.move(table, target)
    assert dao.read(target).equals(ROWS)
    assert os.listdir(here) == ["notes.md"]
    assert "mine.parquet" in os.listdir(folder(tmp_path, "moved"))


def test_an_append_only_table_moves_and_isnt_replaced(dao, table, target):
    dao.write(ROWS, table, properties={"delta.appendOnly": "true"})
    dao.move(table, target)
    dao.write(ROWS, table)
    with pytest.raises(UnsupportedError, match="append-only"):
        dao.move(table, target, mode="overwrite")
    assert dao.count(table) == dao.count(target) == 1


@pytest.mark.parametrize("key", ["orders/inside", "above"])
def test_no_table_moves_into_another(dao, lake, key):
    table = TableObject("one", lake, key="orders" if key != "above" else "above/orders")
    dao.write(ROWS, table)
    with pytest.raises(DataError, match="inside"):
        dao.move(table, TableObject("other", lake, key=key))
    assert dao.count(table) == 1


def test_rows_move_into_a_table_that_is_there(dao, full, target):
    dao.write(pa.table({"id": [9], "p": ["z"]}), target, partition_by="p")
    dao.move(full, target, mode="append")
    assert dao.count(target) == 6
    assert not dao.exists(full)


def failing(real, left):
    """A call of the operating system that fails after some."""

    def call(*given, **named):
        if left[0] == 0:
            raise OSError("killed")
        left[0] -= 1
        return real(*given, **named)

    return call


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("mode", ["error", "overwrite"])
def test_a_move_that_is_cut_off_can_be_made_again(full, target, tmp_path, monkeypatch, mode, step):
    """After each call of the operating system that fails, for good, as after a kill."""
    saved = tmp_path / "saved"
    maker = DataAccessObject()
    if mode == "overwrite":
        maker.write(pa.table({"other": ["x"]}), target)
    before = everything(maker, full)
    shutil.copytree(tmp_path / "lake", saved)
    calls = ("link", "replace", "unlink", "makedirs", "rmdir")
    reals = {name: getattr(os, name) for name in calls}
    for after in range(0, 400, step):
        shutil.rmtree(tmp_path / "lake")
        shutil.copytree(saved, tmp_path / "lake")
        dao, left = DataAccessObject(), [after]

        with monkeypatch.context() as patch:
            for name, real in reals.items():
                patch.setattr(os, name, failing(real, left))
            try:
                dao.move(full, target, mode=mode)
                return
            except StoreError:
                pass
        there = [one for one in (full, target) if dao.exists(one)]
        assert there
        for one in there:
            if one is full or mode == "error" or dao.schema(one).names == ["id", "p"]:
                assert everything(dao, one) == before
        if full in there:
            dao.move(full, target, mode="overwrite")
        assert everything(dao, target) == before
    pytest.fail("it never came to an end")


def test_nothing_is_moved_of_nothing(dao, table, target):
    with pytest.raises(NotFoundError):
        dao.move(table, target)
