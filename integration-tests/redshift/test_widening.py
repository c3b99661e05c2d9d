"""Columns of text that schema_mode="evolve" widens, by each way to write."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataError, DataStore, StoreError, TableObject
from dao.connections import S3Connection
from dao_redshift.testing import Fault, RedshiftGateway
from redshift.stores import execute, staged_options, store_of

LONGER = pa.table({"id": [1, 2], "s": ["é" * 50, None], "t": ["c", "d"]})


@pytest.fixture(params=["statements", "few rows", "files"])
def table(
    request: pytest.FixtureRequest, gateway: RedshiftGateway, storage: S3Connection, bucket: str
) -> Iterator[TableObject]:
    """A table with narrow columns of text."""
    staged = {} if request.param == "statements" else staged_options(storage, bucket)
    store = store_of(gateway, **{**staged, "bulk_values": 0 if request.param == "files" else 50_000})
    found = TableObject("narrow", store, keys=["id"])
    DataAccessObject().write(pa.table({"id": [1], "s": ["abc"], "t": ["x"]}), found, lengths={"s": 3, "t": 3})
    gateway.forget_statements()
    yield found
    store.close()
    execute(gateway, f"DROP SCHEMA {store.interface.schema_name} CASCADE")


def lengths(gateway: RedshiftGateway, store: DataStore) -> dict[str, int]:
    asked = (
        "SELECT column_name, character_maximum_length FROM svv_columns WHERE character_maximum_length IS NOT NULL "
        f"AND table_schema = '{store.interface.schema_name}' AND table_name = 'narrow'"
    )
    return dict(execute(gateway, asked))


@pytest.mark.parametrize("action", ["write", "upsert"])
def test_a_column_becomes_as_long_as_the_longest_text(
    table: TableObject, gateway: RedshiftGateway, action: str
) -> None:
    dao = DataAccessObject()
    if action == "write":
        dao.write(LONGER, table, mode="append", schema_mode="evolve")
    else:
        dao.upsert(LONGER, table, schema_mode="evolve")
    kept = {"é" * 50, None} | ({"abc"} if action == "write" else set())
    assert set(dao.read(table)["s"].to_pylist()) == kept
    assert table.data_store is not None
    assert lengths(gateway, table.data_store) == {"s": 100, "t": 3}
    assert len([one for one in gateway.statements if "ALTER COLUMN" in one.text]) == 1


def test_without_evolve_no_column_is_widened(table: TableObject, gateway: RedshiftGateway) -> None:
    with pytest.raises(DataError):
        DataAccessObject().write(LONGER, table, mode="append")
    assert not [one for one in gateway.statements if "ALTER COLUMN" in one.text]
    assert DataAccessObject().count(table) == 1


def test_a_text_that_no_column_holds_widens_none(table: TableObject, gateway: RedshiftGateway) -> None:
    rows = pa.table({"id": [2], "s": ["x" * 65_536], "t": ["longer"]})
    with pytest.raises(DataError):
        DataAccessObject().write(rows, table, mode="append", schema_mode="evolve")
    assert not [one for one in gateway.statements if "ALTER COLUMN" in one.text]
    assert DataAccessObject().count(table) == 1


def test_a_write_that_fails_after_it_leaves_the_rows(table: TableObject, gateway: RedshiftGateway) -> None:
    dao = DataAccessObject()
    with gateway.failing("^COMMIT", Fault.FAILED) as rule, pytest.raises(StoreError):
        dao.write(LONGER, table, mode="append", schema_mode="evolve")
    assert rule.fired
    assert dao.read(table)["s"].to_pylist() == ["abc"]
    assert table.data_store is not None
    assert lengths(gateway, table.data_store) == {"s": 100, "t": 3}
    dao.write(LONGER, table, mode="append", schema_mode="evolve")
    assert dao.count(table) == 3
