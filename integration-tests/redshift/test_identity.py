"""Tables with columns that the warehouse numbers: rows come without them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from dao import DaoError, DataAccessObject, DataError, TableObject
from dao.connections import S3Connection
from dao_redshift.testing import RedshiftGateway
from redshift.stores import execute, staged_options, store_of


@pytest.fixture(params=["statements", "few rows", "files"])
def table(
    request: pytest.FixtureRequest, gateway: RedshiftGateway, storage: S3Connection, bucket: str
) -> Iterator[TableObject]:
    """A table whose rows are numbered."""
    staged = {} if request.param == "statements" else staged_options(storage, bucket)
    store = store_of(gateway, **{**staged, "bulk_values": 0 if request.param == "files" else 50_000})
    found = TableObject("numbered", store, keys=["name"])
    DataAccessObject().write(pa.table({"name": ["a"]}), found, identity={"nr": (1, 1)})
    yield found
    store.close()
    execute(gateway, f"DROP SCHEMA {store.interface.schema_name} CASCADE")


def numbers(table: TableObject) -> dict[str, int]:
    rows = DataAccessObject().read(table).to_pylist()
    return {one["name"]: one["nr"] for one in rows}


@pytest.mark.parametrize("schema_mode", ["strict", "evolve"])
def test_rows_are_appended_without_the_number(table: TableObject, schema_mode: str) -> None:
    dao = DataAccessObject()
    dao.write(pa.table({"name": ["b", "c"]}), table, mode="append", schema_mode=schema_mode)
    found = numbers(table)
    assert set(found) == {"a", "b", "c"}
    assert len(set(found.values())) == 3


def test_rows_are_upserted_without_the_number(table: TableObject) -> None:
    before = numbers(table)["a"]
    DataAccessObject().upsert(pa.table({"name": ["a", "b"], "price": [1, 2]}), table, schema_mode="evolve")
    found = numbers(table)
    assert set(found) == {"a", "b"}
    assert found["a"] == before != found["b"]


def test_numbers_of_your_own_are_refused(table: TableObject) -> None:
    with pytest.raises(DaoError):
        DataAccessObject().write(pa.table({"name": ["b"], "nr": [7]}), table, mode="append")
    assert set(numbers(table)) == {"a"}


def test_another_column_may_not_be_left_out(table: TableObject) -> None:
    with pytest.raises(DataError, match="name"):
        DataAccessObject().write(pa.table({"nr": [7]}), table, mode="append")
    with pytest.raises(DataError, match="name"):
        DataAccessObject().write(pa.table({"other": [7]}), table, mode="append")
