"""Read by mypy, never run: what an editor knows of the public face. A wrong type here fails the session `types`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_type

import duckdb
import pandas
import polars

from dao import DataAccessObject, DataObject, DataStore, DataStoreRegistry, Position, WriteResult
from dao.increments import Increment


def reading(dao: DataAccessObject, users: DataObject) -> None:
    """`into=` decides what a read gives."""
    assert_type(dao.read(users, into="pandas"), pandas.DataFrame)
    assert_type(dao.read("bronze.users", into="polars"), polars.DataFrame)
    assert_type(dao.read(users, into="duckdb"), duckdb.DuckDBPyRelation)
    assert_type(dao.read(users, into="pylist"), list[dict[str, Any]])
    assert_type(dao.read(users, into="bytes"), bytes)
    frame = dao.read("silver.flights", columns=["carrier"], where="month = 1 AND dep_delay > 15", into="polars")
    assert_type(frame, polars.DataFrame)
    assert_type(dao.read(data_object=users, format="csv", into="pandas"), pandas.DataFrame)


def writing(dao: DataAccessObject, users: DataObject, frame: pandas.DataFrame) -> None:
    """Every write-like action says what it did."""
    assert_type(dao.write(frame, users), WriteResult)
    assert_type(dao.write(data=b"id\n1\n", data_object=users, path="users/2025-01-07/users.csv"), WriteResult)
    assert_type(dao.upsert(frame, "silver.users", keys=["id"]), WriteResult)
    assert_type(dao.exists(users), bool)
    assert_type(dao.count(users, where="id > 1"), int)


def incrementing(dao: DataAccessObject, source: DataObject) -> None:
    """An increment has its position, which goes into the write of what was made of it."""
    assert_type(dao.copy(source, "silver.orders", incremental=True, keys="id"), WriteResult)
    found = dao.read_increment(source, "silver.orders", keys=["id"], where="id > 5")
    assert_type(found, Increment)
    assert_type(found.position, Position)
    assert_type(found.since, int | None)
    dao.upsert(found.changes, "silver.orders", delete_when="_change_type = 'delete'", position=found.position)


def declaring() -> None:
    """Stores and objects are made in code as in a catalog."""
    store = DataStoreRegistry.get("bronze")
    assert_type(store, DataStore)
    users = DataObject("users_raw", store, format="csv")
    assert_type(users.identifier, str)
    assert_type(users.properties, Mapping[str, Any])
    with DataAccessObject("catalog.yaml") as dao:
        assert_type(dao, DataAccessObject)


def mistakes(dao: DataAccessObject) -> None:
    """What must be flagged: with --strict an unused ignore is an error too."""
    dao.read(3)  # type: ignore[call-overload]
    dao.read("a.b", into="pands")  # type: ignore[call-overload]
    dao.read("a.b", format="parqet")  # type: ignore[call-overload]
    dao.write([], "a.b", mode="apend")  # type: ignore[arg-type]
    dao.write([], "a.b", schema_mode="evolv")  # type: ignore[arg-type]
    dao.upsert([], "a.b", format="csvv")  # type: ignore[arg-type]
    dao.copy("a.b", "a.c", mode="replace")  # type: ignore[arg-type]
    dao.copy("a.b", "a.c", incremental="yes")  # type: ignore[arg-type]
    dao.write([], "a.b", position=3)  # type: ignore[arg-type]
    dao.no_such_action("a.b")  # type: ignore[attr-defined]
