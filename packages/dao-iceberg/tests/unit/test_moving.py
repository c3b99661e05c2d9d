"""Tables that are moved, and what stays when one beside them is deleted."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao import AlreadyExistsError, NotFoundError, StoreError, TableObject
from dao.increments import Position

ROWS = pa.table({"id": [1, 2]})


@pytest.fixture
def other(lake):
    return TableObject("sales/other", lake)


def test_a_table_moves_with_all_that_it_has(dao, table, other):
    first = dao.write(ROWS, table, partition_by="id", position=Position("bronze", 4)).version_after
    dao.write(ROWS, table, mode="append", idempotency_key="a")
    dao.move(table, other)
    assert not dao.exists(table)
    dao.write(ROWS, other, mode="append", idempotency_key="a")
    assert dao.count(other) == 4
    assert dao.count(other, version=first) == 2
    assert other.data_store.interface.read_position(other, source="bronze") == Position("bronze", 4)


def test_a_table_that_is_there(dao, table, other):
    dao.write(ROWS, table)
    dao.write(ROWS.slice(1), other)
    with pytest.raises(AlreadyExistsError):
        dao.move(table, other)
    dao.move(table, other, mode="ignore")
    assert (dao.count(table), dao.count(other)) == (2, 1)
    dao.move(table, other, mode="overwrite")
    assert (dao.exists(table), dao.count(other)) == (False, 2)
    with pytest.raises(NotFoundError):
        dao.move(table, other, mode="overwrite")
    assert dao.count(other) == 2


def test_rows_alone_go_into_another_table(dao, table, other):
    dao.write(ROWS, table)
    dao.write(ROWS, other)
    dao.move(table, other, mode="append")
    assert (dao.exists(table), dao.count(other)) == (False, 4)


def test_an_answer_that_is_lost(dao, table, other, client, monkeypatch):
    dao.write(ROWS, table)
    catalog = client.catalogs.get()
    rename = catalog.rename_table

    def lost(*names):
        rename(*names)
        raise OSError("the connection broke")

    monkeypatch.setattr(catalog, "rename_table", lost)
    dao.move(table, other)
    assert dao.count(other) == 2


def test_the_files_of_a_table_that_was_moved_stay_with_it(dao, table, other):
    dao.write(ROWS, table)
    dao.move(table, other)
    dao.write(ROWS, table)
    dao.delete(table)
    assert dao.count(other) == 2


def test_a_table_below_another_one_stays(dao, lake, table):
    below = [TableObject(f"orders/{name}", lake) for name in ("data", "metadata", "x")]
    dao.write(ROWS, table)
    for one in below:
        dao.write(ROWS, one)
    dao.delete(table)
    assert [dao.count(one) for one in below] == [2, 2, 2]


def test_older_metadata_that_the_table_names_no_more_goes_too(dao, table, client):
    dao.write(ROWS, table, properties={"write.metadata.previous-versions-max": "1"})
    for _ in range(3):
        dao.write(ROWS, table, mode="append")
    dao.delete(table)
    assert list(client.transport.list("orders/")) == []


def test_damaged_lists_of_files_are_errors_and_keep_no_table(dao, table, client):
    first = dao.write(ROWS, table).version_after
    for _ in range(2):
        dao.write(ROWS, table, mode="append")
    snapshot = client.open("orders").metadata.snapshot_by_id(first)
    client.transport.put(client.locations.key_of(snapshot.manifest_list), b"Obj")
    with pytest.raises(StoreError, match="damaged"):
        dao.read(table, version=first)
    assert dao.count(table) == 6
    dao.delete(table)
    assert [stat.key for stat in client.transport.list("orders/")] == []
