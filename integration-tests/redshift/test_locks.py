"""Tables that other transactions hold: a change waits for a while, and leaves no lock and no setting behind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from threading import Event
from typing import Any

import pyarrow as pa
import pytest

from dao import ConflictError, DataAccessObject, DataStore, TableObject
from dao_redshift.testing import RedshiftGateway
from redshift.stores import execute, new_schema, options_of, store_of

ROWS = pa.table({"id": pa.array(range(4_000), pa.int64()), "text": ["x" * 2_000] * 4_000})  # several batches
ROW = [{"id": 1, "text": "y"}]
WAITING = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"
WRITER = """
import json, sys
from dao import DataAccessObject, DataStore, TableObject
store = DataStore("dwh", "redshift", options=json.load(sys.stdin))
DataAccessObject().delete(TableObject("held", store), where="id = 1")
"""
CHANGES: dict[str, Callable[[DataAccessObject, TableObject], Any]] = {
    "overwrite": lambda dao, table: dao.write(ROW, table, mode="overwrite"),
    "other columns": lambda dao, table: dao.write([{"name": "a"}], table, mode="overwrite"),
    "upsert": lambda dao, table: dao.upsert(ROW, table, keys=["id"]),
    "delete of rows": lambda dao, table: dao.delete(table, where="id = 1"),
    "delete": lambda dao, table: dao.delete(table),
    "move": lambda dao, table: dao.move(table, TableObject("other", table.data_store)),
}


def timeouts(gateway: RedshiftGateway) -> list[str]:
    return [sent.text for sent in gateway.statements if "statement_timeout" in sent.text]


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_change_ends_that_waits_for_a_stream(gateway: RedshiftGateway, change: str) -> None:
    table = TableObject("held", store_of(gateway, conflict_timeout=0.1))
    with DataAccessObject() as dao, closing(table.data_store):
        dao.write(ROWS, table)
        rows = dao.read_stream(table, batch_size=10, via="cursor")
        rows.read_next_batch()
        with pytest.raises(ConflictError, match=r"another transaction holds the table 'held'.*Read the stream"):
            CHANGES[change](dao, table)
        assert execute(gateway, WAITING) == [[0]]
        assert dao.count(table) == ROWS.num_rows
        del rows
        CHANGES[change](dao, table)


@pytest.mark.parametrize(("option", "after"), [(None, "0"), (7.0, "7s"), (0.9, "900ms")])
def test_the_time_for_statements_is_as_before(gateway: RedshiftGateway, option: float | None, after: str) -> None:
    table = TableObject("held", store_of(gateway, conflict_timeout=0.1, statement_timeout=option))
    asked = {"query": "SELECT current_setting('statement_timeout') AS found"}
    with DataAccessObject() as dao, closing(table.data_store):
        dao.write(ROWS, table)
        dao.delete(table, where="id = 1")
        assert dao.run("sql", table, **asked).to_pylist() == [{"found": after}]
        rows = dao.read_stream(table, batch_size=10, via="cursor")
        rows.read_next_batch()
        with pytest.raises(ConflictError, match="another transaction holds"):
            dao.delete(table, where="id = 2")
        del rows
        assert dao.run("sql", table, **asked).to_pylist() == [{"found": after}]


def test_the_lock_alone_has_little_time(gateway: RedshiftGateway) -> None:
    table = TableObject("free", store_of(gateway, conflict_timeout=2, statement_timeout=30))
    with DataAccessObject() as dao, closing(table.data_store):
        dao.write(ROW, table)
        gateway.forget_statements()
        dao.write(ROW, table, mode="append")
        assert timeouts(gateway) == []
        dao.delete(table, where="id = 1")
        assert timeouts(gateway) == ["SET LOCAL statement_timeout TO 2000", "SET LOCAL statement_timeout TO 30000"]


def test_a_killed_writer_leaves_no_lock_in_the_queue(gateway: RedshiftGateway) -> None:
    """The warehouse doesn't see that who waits for a lock is gone, but ends the wait all the same."""
    options = options_of(gateway, new_schema(gateway), conflict_timeout=3)
    table = TableObject("held", DataStore("dwh", "redshift", options=options))
    with DataAccessObject() as dao, closing(table.data_store):
        dao.write(ROWS, table)
        rows = dao.read_stream(table, batch_size=10, via="cursor")
        rows.read_next_batch()
        writer = subprocess.Popen([sys.executable, "-c", WRITER], stdin=subprocess.PIPE, text=True)
        assert writer.stdin is not None
        with writer.stdin as given:
            json.dump(options, given)
        assert waiting_becomes(gateway, 1)
        writer.kill()
        writer.wait()
        assert waiting_becomes(gateway, 0)
        assert dao.count(table) == ROWS.num_rows
        del rows


def waiting_becomes(gateway: RedshiftGateway, number: int) -> bool:
    """Whether so many transactions wait for a lock, now or soon."""
    pause = Event()
    for _ in range(600):
        if execute(gateway, WAITING) == [[number]]:
            return True
        pause.wait(0.05)
    return False
