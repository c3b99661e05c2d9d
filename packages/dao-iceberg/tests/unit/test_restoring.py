"""``restore``: an older version is the newest again, with its rows, columns and positions; nothing is lost by it."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest
from pyiceberg.table.update import RemoveSnapshotsUpdate

from dao import TableObject
from dao.errors import DataError, NotFoundError, UnsupportedError
from dao.increments import Position

ROWS = pa.table({"id": pa.array(range(4), pa.int64()), "name": ["a", "b", None, "d"]})


@pytest.mark.parametrize("name", ["restore", "rollback"])
def test_the_rows_are_those_of_then(dao, table, foreign, name):
    first = dao.write(ROWS, table).version_after
    foreign.delete_positions(foreign.data_files[0].path, [0])
    foreign.delete_equal(pa.table({"id": [1]}), {"id": 1})
    deleted = foreign.now.version
    last = dao.write(pa.table({"id": [9], "name": ["x"]}), table, mode="overwrite").version_after
    result = dao.run(name, table, version=deleted)
    assert (result.version_before, result.version_after) == (last, foreign.now.version)
    assert sorted(dao.read(table)["id"].to_pylist()) == [2, 3]
    assert [one.version for one in dao.history(table)][-5:] == [
        result.version_after,
        last,
        deleted,
        *_between(dao, table),
    ]
    changes = dao.read_changes(table, since=last).to_pylist()
    assert [(one["_change_type"], one["id"]) for one in changes] == [("delete", 9), ("insert", 2), ("insert", 3)]
    dao.run(name, table, version=first)
    assert sorted(dao.read(table)["id"].to_pylist()) == [0, 1, 2, 3]
    dao.write(pa.table({"id": [1], "name": ["more"]}), table, mode="append")
    assert sorted(dao.read(table)["id"].to_pylist()) == [0, 1, 1, 2, 3]


def _between(dao, table) -> list[int]:
    return [one.version for one in dao.history(table)][-2:]


def test_the_totals_are_those_of_then(dao, table):
    first = dao.write(ROWS, table).version_after
    dao.write(pa.table({"id": [9], "name": ["x"]}), table, mode="append")
    dao.run("restore", table, version=first)
    assert dao.history(table)[0].details["total-records"] == "4"


def test_by_a_moment(dao, table):
    dao.write(ROWS, table)
    moment = dao.history(table)[0].timestamp
    dao.write(pa.table({"id": [9], "name": ["x"]}), table, mode="append")
    dao.run("restore", table, as_of=moment)
    assert dao.count(table) == 4
    for given in ({}, {"version": 1, "as_of": moment}):
        with pytest.raises(DataError, match="version= or as_of="):
            dao.run("restore", table, **given)
    with pytest.raises(NotFoundError):
        dao.run("restore", table, as_of=moment - timedelta(days=1))


def test_the_newest_one_needs_no_commit(dao, table):
    first = dao.write(ROWS, table).version_after
    assert dao.run("restore", table, version=first).version_after == first


def test_the_newest_one_brings_back_columns_that_changed_since(dao, table):
    first = dao.write(ROWS, table).version_after
    dao.run("evolve", table, drop="name", add={"more": "int"})
    result = dao.run("restore", table, version=first)
    assert result.version_after != first
    assert dao.read(table).equals(ROWS)
    assert dao.read_changes(table, since=first).num_rows == 0


def test_the_columns_are_those_of_then(dao, lake, foreign):
    table = TableObject("orders", lake, partition_by=["name"], sort_by=["id"])
    first = dao.write(ROWS, table).version_after
    other = TableObject("orders", lake)
    dao.write(pa.table({"n": [1.5]}), other, mode="overwrite")
    assert foreign.now.table.sort_order().is_unsorted
    dao.run("restore", other, version=first)
    assert dao.read(table).sort_by("id").equals(ROWS)
    dao.write(pa.table({"id": [9], "name": ["z"]}), other, mode="append")
    assert dao.count(table, where="name = 'z'") == 1


def test_partitions_that_do_not_fit(dao, table, foreign):
    first = dao.write(pa.table({"id": [1]}), table).version_after
    dao.write(ROWS, table, mode="overwrite", partition_by=["name"])
    dao.run("restore", table, version=first)
    assert (dao.read(table).to_pylist(), foreign.now.spec.fields) == ([{"id": 1}], ())
    dao.write(pa.table({"id": [2]}), table, mode="append")
    assert dao.count(table) == 2


def test_the_positions_are_those_of_then(dao, table, lake):
    read = lake.interface.read_position
    first = dao.write(ROWS, table, position=Position("source", 4)).version_after
    second = dao.write(ROWS, table, mode="append", position=Position("source", 5, since=4)).version_after
    dao.write(ROWS, table, mode="overwrite")
    assert read(table, source="source") is None
    dao.run("restore", table, version=first)
    assert read(table, source="source").version == 4
    dao.run("restore", table, version=second)
    assert read(table, source="source").version == 5
    dao.write(ROWS, table, mode="append", position=Position("source", 6, since=5))


def test_what_is_gone_is_an_error(dao, table, client):
    first = dao.write(ROWS, table).version_after
    [key] = [stat.key for stat in client.transport.list("orders/data/")]
    dao.write(ROWS, table, mode="overwrite")
    with pytest.raises(NotFoundError):
        dao.run("restore", table, version=987654321)
    client.transport.delete([key])
    with pytest.raises(NotFoundError, match="isn't kept any more"):
        dao.run("restore", table, version=first)
    assert dao.count(table) == 4


def test_a_version_that_is_expired_meanwhile_is_not_restored(dao, table, client, monkeypatch):
    first = dao.write(ROWS, table).version_after
    last = dao.write(ROWS, table, mode="overwrite").version_after
    catalog = client.catalogs.get()
    commit = catalog.commit_table

    def expire_first(*given):
        monkeypatch.undo()
        commit(client.open("orders").table, (), (RemoveSnapshotsUpdate(snapshot_ids=[first]),))
        return commit(*given)

    monkeypatch.setattr(catalog, "commit_table", expire_first)
    with pytest.raises(NotFoundError, match="was expired meanwhile"):
        dao.run("restore", table, version=first)
    assert dao.history(table)[0].version == last


def test_a_branch_is_restored_alone(dao, table):
    first = dao.write(ROWS, table).version_after
    dao.write(pa.table({"id": [9], "name": ["x"]}), table, mode="append", branch="audit")
    dao.write(pa.table({"id": [8], "name": ["x"]}), table, mode="append")
    dao.run("restore", table, version=first, branch="audit")
    assert (dao.count(table), dao.count(table, branch="audit")) == (5, 4)
    with pytest.raises(NotFoundError):
        dao.run("restore", table, version=first, branch="nowhere")


def test_a_version_with_other_columns_is_not_restored_on_a_branch(dao, table):
    first = dao.write(ROWS, table).version_after
    dao.run("create_branch", table, name="audit")
    dao.run("evolve", table, add={"more": "int"})
    dao.write(ROWS, table, mode="append", schema_mode="evolve", branch="audit")
    dao.run("restore", table, version=first, branch="audit")
    assert dao.read(table, branch="audit")["more"].to_pylist() == [None] * 4
    dao.run("evolve", table, drop="name")
    with pytest.raises(UnsupportedError, match="lacks 'name', and the branch 'audit' has those of the table"):
        dao.run("restore", table, version=first, branch="audit")
    strict = pa.schema([("id", pa.int64()), pa.field("name", pa.string()), pa.field("n", pa.int64(), False)])
    dao.run("restore", table, version=first)
    dao.write([{"id": 1, "name": "a", "n": 1}], table, mode="overwrite", schema=strict)
    with pytest.raises(UnsupportedError, match="has 'n' without nulls"):
        dao.run("restore", table, version=first, branch="audit")


def test_the_log_of_the_table_names_no_snapshot_that_is_unknown(dao, table, foreign):
    first = dao.write(ROWS, table).version_after
    dao.write(ROWS, table, mode="append")
    last = dao.run("restore", table, version=first).version_after
    assert [one.snapshot_id for one in foreign.now.metadata.snapshot_log][-1] == last
    assert foreign.now.metadata.refs["main"].snapshot_id == last
