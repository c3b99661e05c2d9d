"""What `history` says: each change that was committed, and what the warehouse's log says of its load."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataError, DataStore, StoreError, TableObject
from dao_redshift.testing import Fault, LocalRedshift

MANY = pa.table({"id": pa.array(range(40), pa.int64()), "name": ["a"] * 40})
"""More values than go by INSERT to the store below."""


@pytest.fixture
def orders(redshift: LocalRedshift) -> Iterator[TableObject]:
    store = DataStore("gold", "redshift", options={**redshift.options, "bulk_values": 10})
    yield TableObject("orders", store)
    store.close()


def test_a_load_is_told_with_what_the_warehouse_logged(orders: TableObject, redshift: LocalRedshift) -> None:
    dao = DataAccessObject()
    dao.write(MANY, orders, lengths={"name": 5})
    dao.write(MANY.slice(0, 1), orders, mode="append")
    with pytest.raises(DataError):
        dao.write(MANY.set_column(1, "name", [["too long"] * 40]), orders, mode="append")
    dao.upsert(MANY.slice(1), orders, keys=["id"])
    upsert, append, create = dao.history(orders)
    assert (create.operation, create.details["rows_inserted"]) == ("create", 40)
    assert (append.operation, append.details["rows_inserted"]) == ("append", 1)
    assert (upsert.operation, upsert.details["rows_updated"]) == ("upsert", 39)
    assert {one.details["made_by"] for one in (upsert, append, create)} == {redshift.gateway.user}
    assert "query_id" not in append.details, "it came by INSERT"
    for load in (upsert, create):
        assert load.details["source_file_count"] == 1
        assert load.details["loaded_bytes"] > 0
        assert load.details["data_source"].startswith(redshift.location)
    with redshift.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT query_id FROM sys_load_history WHERE status = 'completed'")
        assert {load.details["query_id"] for load in (upsert, create)} <= {number for (number,) in cursor.fetchall()}


def test_what_changed_nothing_is_not_told(orders: TableObject, redshift: LocalRedshift) -> None:
    dao = DataAccessObject()
    dao.write(MANY, orders)
    dao.write(MANY, orders, mode="ignore")
    for _ in range(2):
        dao.delete(orders, where="id = 1", idempotency_key="again")
    with redshift.gateway.failing("^commit", Fault.LOST_AFTER):
        dao.delete(orders, where="id = 2")
    with redshift.gateway.failing("^commit", Fault.FAILED), pytest.raises(StoreError, match="injected fault"):
        dao.delete(orders, where="id = 3")
    told = [(one.operation, one.details.get("rows_deleted")) for one in dao.history(orders)]
    assert told == [("delete", 1), ("delete", 1), ("create", 0)]


def test_a_history_is_of_the_table_that_is_there(orders: TableObject) -> None:
    dao, archive = DataAccessObject(), TableObject("archive", orders.data_store)
    dao.write(MANY, orders)
    dao.move(orders, archive)
    [move] = dao.history(archive)
    assert (move.operation, move.details["former_name"]) == ("move", "orders")
    dao.write(MANY, orders)
    dao.write(MANY, orders, mode="overwrite")
    assert [one.operation for one in dao.history(orders)] == ["overwrite", "create"]
    dao.delete(orders)
    dao.write(MANY.slice(0, 0), orders)
    assert [one.operation for one in dao.history(orders)] == ["create"]
