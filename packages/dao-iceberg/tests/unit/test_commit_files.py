"""Files of commits: none stays of one that wasn't made, none goes of one that was, or may have been."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from sqlalchemy.exc import OperationalError

from dao.errors import ConflictError, PermissionDeniedError, TransientError

ROWS = pa.table({"id": [1, 2]})


def keys(client) -> set[str]:
    return {stat.key for stat in client.transport.list("orders/")}


def test_a_commit_that_came_to_nothing_is_planned_again(dao, table, client, asked):
    dao.write(ROWS, table)

    def another_first(commit):
        dao.write(pa.table({"id": [9]}), table, mode="append")
        raise CommitStateUnknownException("the question was lost")

    asked.append(another_first)
    before = keys(client)
    dao.write(pa.table({"id": [3]}), table, mode="append")
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 3, 9]
    assert len([key for key in keys(client) - before if key.endswith(".parquet")]) == 2


def test_files_stay_while_the_outcome_is_unknown(dao, table, client, asked, monkeypatch):
    dao.write(ROWS, table)
    before = keys(client)

    def gone(*_):
        raise OperationalError("select", {}, Exception("no connection"))

    def unknown(commit):
        commit()
        monkeypatch.setattr(client.catalogs.get(), "load_table", gone)
        raise CommitStateUnknownException("the answer was lost")

    asked.append(unknown)
    with pytest.raises(TransientError, match="may have been made"):
        dao.write(pa.table({"id": [3]}), table, mode="append")
    monkeypatch.undo()
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 3]
    assert len([key for key in keys(client) - before if key.endswith(".parquet")]) == 1


def test_a_file_whose_answer_was_lost_is_known_as_ours(dao, table, client, monkeypatch):
    put = client.transport.put

    def twice(key, data, **given):
        put(key, data, **given)
        if given.get("if_absent"):
            raise ConflictError("the request was sent again, and the first one had been done")

    dao.write(ROWS, table)
    monkeypatch.setattr(client.transport, "put", twice)
    dao.write(pa.table({"id": [3]}), table, mode="append")
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 3]


def test_a_file_of_another_writer_stays(client):
    place = client.locations.of("orders/metadata/a.json")
    client.io.new_output(place).create().close()
    with pytest.raises(FileExistsError), client.io.new_output(place).create() as file:
        file.write(b"other")
    assert client.transport.get("orders/metadata/a.json") == b""


def test_a_refusal_leaves_no_file(dao, table, client, asked):
    from pyiceberg.exceptions import ForbiddenError

    dao.write(ROWS, table)
    before = keys(client)

    def refuse(commit):
        raise ForbiddenError("you may not")

    asked.append(refuse)
    with pytest.raises(PermissionDeniedError, match="you may not"):
        dao.write(pa.table({"id": [3]}), table, mode="append")
    assert keys(client) == before


def test_a_conflict_without_time_leaves_no_file(dao, lake, table, client, asked):
    dao.write(ROWS, table)
    before = keys(client)
    lake.interface.conflict_timeout = 0.0

    def refuse(commit):
        raise CommitFailedException("another one was first")

    asked.append(refuse)
    with pytest.raises(ConflictError):
        dao.write(pa.table({"id": [3]}), table, mode="append")
    assert keys(client) == before


def test_losers_leave_no_files(dao, table, client):
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: dao.write(pa.table({"id": [number]}), table, mode="append"), range(6)))
    names = keys(client)
    assert len([key for key in names if key.endswith(".metadata.json")]) == 6
    assert len([key for key in names if "/snap-" in key]) == 6
    assert len([key for key in names if key.endswith(".parquet")]) == 6


def test_the_files_of_the_table_that_is_overwritten_stay_for_older_versions(dao, table):
    first = dao.write(ROWS, table).version_after
    dao.write(pa.table({"id": ["x"]}), table, mode="overwrite")
    assert dao.read(table, version=first).to_pylist() == ROWS.to_pylist()
    assert dao.read(table).to_pylist() == [{"id": "x"}]


SAID = "s3cr3t-canary"


def _fails(*given, **named):
    raise RuntimeError(f"the driver says {SAID}")


@pytest.mark.parametrize(
    "change",
    [
        lambda dao, table: dao.write(ROWS, table, mode="append").rows_inserted == 2,
        lambda dao, table: dao.run("create_tag", table, name="seen") is not None,
    ],
)
def test_old_metadata_that_stays_is_told_by_the_log_and_the_change_is_made(
    dao, table, client, monkeypatch, caplog, change
):
    dao.write(ROWS, table)
    monkeypatch.setattr(client.catalogs.get(), "_delete_old_metadata", _fails)
    assert change(dao, table)
    assert "'orders': old metadata could not be deleted: RuntimeError" in caplog.text
    assert SAID not in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        lambda dao, table: dao.write(ROWS, table, mode="append").rows_inserted == 2,
        lambda dao, table: dao.run("create_tag", table, name="seen") is not None,
    ],
)
def test_files_of_a_conflict_that_stay_are_told_by_the_log(dao, table, client, asked, monkeypatch, caplog, change):
    dao.write(ROWS, table)

    def refused(commit):
        monkeypatch.setattr(client.transport, "delete", _fails)
        raise CommitFailedException("another writer came first")

    asked.append(refused)
    assert change(dao, table)
    assert "not committed could not be deleted: RuntimeError" in caplog.text
    assert SAID not in caplog.text
