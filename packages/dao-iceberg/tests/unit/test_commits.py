"""Commits: conflicts, answers that are lost, catalogs that fail; nothing is lost, nothing is there twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dao import TableObject
from dao.errors import NotFoundError, TransientError, UnsupportedError
from dao.increments import Position
from dao_iceberg._tables.client import refuse_code

ROWS = pa.table({"id": [1, 2]})


def lost(commit):
    commit()
    raise CommitStateUnknownException("the answer was lost")


def never_came(commit):
    raise CommitStateUnknownException("the question was lost")


def refused_though_made(commit):
    commit()
    raise CommitFailedException("what a proxy says that asked twice")


@pytest.mark.parametrize("answer", [lost, never_came, refused_though_made])
def test_an_answer_that_is_lost(dao, table, client, asked, answer):
    first = dao.write(ROWS, table)
    asked.append(answer)
    done = dao.write(pa.table({"id": [3]}), table, mode="append")
    assert (done.rows_inserted, done.version_before) == (1, first.version_after)
    assert [one.version for one in dao.history(table)] == [done.version_after, first.version_after]
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 3]


@pytest.mark.parametrize("answer", [lost, never_came])
def test_an_answer_that_is_lost_for_a_new_table(dao, table, asked, answer):
    asked.append(answer)
    done = dao.write(ROWS, table)
    assert [one.version for one in dao.history(table)] == [done.version_after]
    assert dao.count(table) == 2


def test_an_answer_that_is_lost_before_another_writer_comes(dao, table, client, asked):
    dao.write(ROWS, table)

    def then_another(commit):
        commit()
        dao.write(pa.table({"id": [9]}), table, mode="append")
        raise CommitStateUnknownException("the answer was lost")

    asked.append(then_another)
    dao.write(pa.table({"id": [3]}), table, mode="append")
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 3, 9]


def keeping_one(client, monkeypatch):
    """Let the catalog keep the newest snapshot alone, as Nessie does."""
    load = client.catalogs.get().load_table

    def loaded(name):
        table = load(name)
        newest = [one for one in table.metadata.snapshots if one.snapshot_id == table.metadata.current_snapshot_id]
        table.metadata = table.metadata.model_copy(update={"snapshots": newest})
        return table

    monkeypatch.setattr(client.catalogs.get(), "load_table", loaded)


@pytest.mark.parametrize("others", [1, 2])
def test_a_catalog_that_keeps_one_snapshot(dao, table, client, asked, monkeypatch, others):
    dao.write(ROWS, table)
    keeping_one(client, monkeypatch)

    def then_others(commit):
        commit()
        for number in range(others):
            dao.write(pa.table({"id": [9 + number]}), table, mode="append")
        raise CommitStateUnknownException("the answer was lost")

    asked.append(then_others)
    if others == 1:
        dao.write(pa.table({"id": [3]}), table, mode="append")
    else:
        with pytest.raises(TransientError, match="may have been made"):
            dao.write(pa.table({"id": [3]}), table, mode="append")
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 3, 9, 10][: 3 + others]


def test_a_new_table_of_a_catalog_that_keeps_one_snapshot(dao, table, client, asked, monkeypatch):
    keeping_one(client, monkeypatch)

    def then_others(commit):
        commit()
        for number in range(2):
            dao.write(pa.table({"id": [9 + number]}), table, mode="append")
        raise CommitStateUnknownException("the answer was lost")

    asked.append(then_others)
    dao.write(ROWS, table)
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 9, 10]


def test_the_database_fails_as_it_commits(dao, table, client, monkeypatch):
    dao.write(ROWS, table)
    commit, left = Session.commit, [1]

    def fail(self):
        if left and left.pop():
            commit(self)
            raise OperationalError("commit", {}, Exception("server closed the connection"))
        return commit(self)

    monkeypatch.setattr(Session, "commit", fail)
    dao.write(pa.table({"id": [3]}), table, mode="append")
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 3]
    assert len(dao.history(table)) == 2


def test_many_writers(dao, table):
    def write(number):
        return [dao.write(pa.table({"id": [number]}), table, mode="append") for _ in range(3)]

    with ThreadPoolExecutor(8) as pool:
        done = [one for many in pool.map(write, range(8)) for one in many]
    assert len({one.version_after for one in done}) == 24
    assert sorted(dao.read(table)["id"].to_pylist()) == sorted([*range(8)] * 3)


def test_writers_of_one_process_that_met_a_conflict_wait_for_one_another(dao, table, asked, monkeypatch):
    monkeypatch.setattr("random.uniform", lambda least, most: least)  # no backoff parts them
    dao.write(ROWS, table)
    writers, attempts = 6, []
    ready = Barrier(writers)

    def first(commit):
        ready.wait()
        return attempt(commit)

    def attempt(commit):
        attempts.append(1)
        return commit()

    asked += [first] * writers + [attempt] * 100
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(lambda number: dao.write([{"id": number}], table, mode="append"), range(writers)))
    assert len(attempts) == writers + (writers - 1)
    assert dao.count(table) == 2 + writers


@pytest.mark.parametrize("change", ["append", "upsert", "delete", "overwrite"])
def test_a_version_that_is_expired_while_a_change_is_planned_on_it(dao, table, client, monkeypatch, change):
    dao.write(ROWS, table)
    found, opened = client.find_to_write, []

    def find(*given):
        snapshot = found(*given)
        if not opened:
            opened.append(snapshot)
            dao.write(pa.table({"id": [3, 9]}), table, mode="overwrite")
            dao.run("expire", table, older_than=0, dry_run=False)
        return snapshot

    monkeypatch.setattr(client, "find_to_write", find)
    rows = pa.Table.from_batches(pa.table({"id": [4]}).to_batches()).to_reader()
    if change == "delete":
        dao.delete(table, where="id = 3")
    elif change == "upsert":
        dao.upsert(rows, table, keys="id")
    else:
        dao.write(rows, table, mode=change)
    expected = {"append": [3, 4, 9], "upsert": [3, 4, 9], "delete": [9], "overwrite": [4]}
    assert sorted(dao.read(table)["id"].to_pylist()) == expected[change]


def test_a_stream_that_breaks_as_another_writer_comes_is_not_half_written(dao, table):
    dao.write(ROWS, table)

    def batches():
        yield pa.record_batch({"id": [4]})
        dao.write(pa.table({"id": [9]}), table, mode="append")
        raise NotFoundError("a file of the source is gone")

    rows = pa.RecordBatchReader.from_batches(ROWS.schema, batches())
    with pytest.raises(NotFoundError, match="a file of the source is gone"):
        dao.write(rows, table, mode="append")
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 9]


def test_a_rollback_by_another_engine_makes_a_position_void(dao, table, client):
    first = dao.write(ROWS, table, position=Position("bronze", 4)).version_after
    dao.write(ROWS, table, mode="append", position=Position("bronze", 7, since=4))
    assert table.data_store.interface.read_position(table, source="bronze") == Position("bronze", 7)
    with client.open("orders").table.manage_snapshots() as manage:
        manage.rollback_to_snapshot(first)
    assert table.data_store.interface.read_position(table, source="bronze") is None


def test_properties_that_name_code_run_none(dao, lake, table):
    dao.write(ROWS, table, properties={"py-io-impl": "os.path.X"})
    dao.write(ROWS, table, mode="append")
    assert dao.count(table) == 4
    with pytest.raises(UnsupportedError, match="names code"):
        refuse_code({"write.py-location-provider.impl": "os.path.X"})
    with pytest.raises(UnsupportedError, match="names code"):
        dao.write(ROWS, TableObject("t", lake), properties={"write.py-location-provider.impl": "os.path.X"})


def test_a_folder_that_may_not_be_made(dao, tmp_path):
    from dao import DataStore

    store = DataStore("lake", "iceberg", options={"root": str(tmp_path / "none"), "create": False})
    for data in (ROWS, ROWS.slice(0, 0)):
        with pytest.raises(FileNotFoundError):
            dao.write(data, TableObject("orders", store))
    assert not (tmp_path / "none").exists()
