"""By which way rows come: what the call asks for, else what the size of the result asks for."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore, TableObject
from dao_redshift.testing import LocalRedshift

FEW, MANY = 3, 4_000
"""Rows of one column; the store below takes a result of more than 1,000 values for a large one."""


def read(redshift: LocalRedshift, rows: int, how: str, via: str | None) -> set[str]:
    """The first words of the statements that bring so many rows."""
    dao, options = DataAccessObject(), {**redshift.options, "bulk_values": 1_000}
    store = DataStore("redshift", "redshift", options=options)
    table = TableObject("numbers", store)
    data = pa.table({"n": pa.array(range(rows), pa.int64())})
    dao.write(data, table)
    redshift.gateway.forget_statements()
    found = dao.read(table, via=via) if how == "read" else dao.read_stream(table, via=via).read_all()
    store.close()
    assert found.sort_by("n").equals(data)
    return {sent.text.split()[0] for sent in redshift.gateway.statements} & {"UNLOAD", "DECLARE"}


@pytest.mark.parametrize(
    ("rows", "how", "via", "expected"),
    [
        (FEW, "read", None, {"DECLARE"}),
        (FEW, "read", "unload", {"UNLOAD"}),
        (MANY, "read", None, {"DECLARE", "UNLOAD"}),
        (MANY, "read_stream", None, {"DECLARE", "UNLOAD"}),
        (MANY, "read", "cursor", {"DECLARE"}),
        (MANY, "read_stream", "unload", {"UNLOAD"}),
    ],
)
def test_the_way(redshift: LocalRedshift, rows: int, how: str, via: str | None, expected: set[str]) -> None:
    assert read(redshift, rows, how, via) == expected


@pytest.mark.parametrize("via", [None, "unload", "cursor"])
def test_a_limit_holds_by_each_way(redshift: LocalRedshift, via: str | None) -> None:
    dao, store = DataAccessObject(), DataStore("redshift", "redshift", options={**redshift.options, "bulk_values": 10})
    table = TableObject("numbers", store)
    dao.write(pa.table({"n": pa.array(range(MANY), pa.int64())}), table)
    for limit in (0, 1, MANY, MANY + 1):
        found = dao.read(table, limit=limit, via=via)
        assert found.num_rows == min(limit, MANY)
        assert found.schema == pa.schema({"n": pa.int64()})
    store.close()


@pytest.mark.parametrize(("rows", "via"), [(FEW, None), (MANY, None), (MANY, "unload")])
def test_a_stream_whose_rows_have_left_the_warehouse_holds_no_lock_and_no_connection(
    redshift: LocalRedshift, rows: int, via: str | None
) -> None:
    options = {**redshift.options, "bulk_values": 1_000, "conflict_timeout": 0.1}
    dao, store = DataAccessObject(), DataStore("redshift", "redshift", options=options)
    table = TableObject("numbers", store)
    dao.write(pa.table({"n": pa.array(range(rows), pa.int64())}), table)
    session = {"query": "SELECT pg_backend_pid() AS pid"}
    before = dao.run("sql", table, **session)
    stream = dao.read_stream(table, batch_size=1, via=via)
    first = stream.read_next_batch()
    assert dao.run("sql", table, **session).equals(before)
    dao.write([{"n": -1}], table, mode="overwrite")
    assert first.num_rows + stream.read_all().num_rows == rows
    store.close()


def test_a_result_that_is_expected_to_be_large_is_fetched_once(redshift: LocalRedshift) -> None:
    options = {**redshift.options, "bulk_values": 9_000}
    dao, store = DataAccessObject(), DataStore("redshift", "redshift", options=options)
    table = TableObject("numbers", store)
    dao.write(pa.table({"n": pa.array(range(20_000), pa.int64())}), table)
    dao.run("analyze", table)
    redshift.gateway.forget_statements()
    assert dao.read(table).num_rows == 20_000
    assert sum(sent.text.startswith("FETCH") for sent in redshift.gateway.statements) == 1
    store.close()
