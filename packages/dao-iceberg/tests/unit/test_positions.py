"""Positions in several sources are committed with the rows of one write."""

from __future__ import annotations

import pytest

from dao import ConflictError, DataError, DataStore, NoRouteError, Position, TableObject


def found(table, *sources: str) -> list[int | None]:
    positions = (table.data_store.interface.read_position(table, source=one) for one in sources)
    return [None if one is None else one.version for one in positions]


def test_a_write_keeps_all_of_its_positions(dao, table):
    dao.write([{"id": 1}], table, position=[Position("a", 1), Position("b", 2)])
    assert found(table, "a", "b") == [1, 2]
    dao.upsert([{"id": 2}], table, keys="id", position=(Position("a", 3, since=1), Position("c", 4)))
    assert found(table, "a", "b", "c") == [3, 2, 4]
    dao.run("restore", table, version=dao.history(table)[1].version)
    assert found(table, "a", "b", "c") == [1, 2, None]
    dao.write([{"id": 1}], table, mode="overwrite", position=[Position("b", 5)])
    assert found(table, "a", "b") == [None, 5]


def test_one_that_does_not_continue_refuses_all(dao, table):
    dao.write([{"id": 1}], table, position=[Position("a", 1), Position("b", 2)])
    with pytest.raises(ConflictError, match="'b'"):
        dao.upsert([{"id": 2}], table, keys="id", position=[Position("a", 3, since=1), Position("b", 3, since=1)])
    assert found(table, "a", "b") == [1, 2]
    assert dao.count(table) == 1


def test_two_of_one_source_are_refused(dao, table):
    with pytest.raises(DataError, match="two of the source 'a'"):
        dao.write([{"id": 1}], table, position=[Position("a", 1), Position("a", 2)])
    with pytest.raises(DataError, match="expected a dao.Position"):
        dao.write([{"id": 1}], table, position=[])


def test_a_call_with_a_key_is_another_one_with_other_positions(dao, table):
    dao.write([{"id": 1}], table, position=[Position("a", 1), Position("b", 2)], idempotency_key="k")
    with pytest.raises(DataError, match="idempotency_key"):
        dao.write([{"id": 1}], table, position=[Position("a", 1), Position("b", 3)], idempotency_key="k")


def test_a_store_that_keeps_one_refuses_several(dao, tmp_path):
    files = TableObject("t", DataStore("files", "local", options={"root": str(tmp_path / "files")}))
    with pytest.raises(NoRouteError, match="position"):
        dao.write([{"id": 1}], files, format="parquet", position=[Position("a", 1), Position("b", 2)])
    dao.write([{"id": 1}], files, format="parquet", position=[Position("a", 1)])
    assert found(files, "a") == [1]
