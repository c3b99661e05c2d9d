"""Columns of SUPER: with the note of an Arrow type, and without one."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from dao import DaoError, DataAccessObject, DataError, StoreError, TableObject, UnsupportedError
from dao_redshift.testing import RedshiftGateway
from redshift.stores import execute, store_of

POINT = pa.struct([("x", pa.int64()), ("label", pa.string())])
ROWS = pa.table({"id": [1, 2, 3], "at": pa.array([{"x": 1, "label": "a"}, {"x": None, "label": None}, None], POINT)})


@pytest.fixture
def table(gateway: RedshiftGateway) -> Iterator[TableObject]:
    """A table with a column of nested values."""
    store = store_of(gateway)
    found = TableObject("nested", store, keys=["id"])
    DataAccessObject().write(ROWS, found)
    yield found
    store.close()
    execute(gateway, f"DROP SCHEMA {store.interface.schema_name} CASCADE")


@pytest.fixture
def place(table: TableObject) -> str:
    """The table's name in SQL."""
    assert table.data_store is not None
    return f"{table.data_store.interface.schema_name}.nested"


def test_conditions_on_nested_values_are_not_the_warehouses(table: TableObject, gateway: RedshiftGateway) -> None:
    dao = DataAccessObject()
    gateway.forget_statements()
    assert dao.read(table, where="at.x = 1", columns=["id"])["id"].to_pylist() == [1]
    assert dao.count(table, where="at.x IS NULL") == 2
    assert not [one for one in gateway.statements if "WHERE" in one.text and '"at"' in one.text.partition("WHERE")[2]]
    assert dao.read(table, where="at IS NULL OR NOT at IS NOT NULL")["id"].to_pylist() == [3]
    with pytest.raises(UnsupportedError):
        dao.delete(table, where="at.x = 1")
    assert dao.delete(table, where="at IS NULL").rows_deleted == 1


def test_rows_are_added_where_they_are_of_the_type(table: TableObject) -> None:
    dao = DataAccessObject()
    narrower = pa.struct([("label", pa.large_string()), ("x", pa.int8())])
    dao.upsert(pa.table({"id": [3, 4], "at": pa.array([{"x": 3, "label": "c"}, None], narrower)}), table)
    assert dao.schema(table).field("at").type == POINT
    assert dao.read(table, where="id >= 3").sort_by("id")["at"].to_pylist() == [{"x": 3, "label": "c"}, None]


@pytest.mark.parametrize("mode", ["strict", "evolve"])
@pytest.mark.parametrize(
    "values",
    [
        pa.array([{"x": 1, "label": "a", "more": 1}]),
        pa.array([{"x": 1}]),
        pa.array([{"x": 0.5, "label": "a"}]),
        pa.array([[1]]),
        pa.array(['{"x": 1, "label": "a"}']),
        pa.array([1]),
    ],
    ids=str,
)
def test_rows_of_another_type_are_refused(table: TableObject, values: pa.Array, mode: str) -> None:
    dao = DataAccessObject()
    with pytest.raises((DataError, UnsupportedError)):
        dao.write(pa.table({"id": [4], "at": values}), table, mode="append", schema_mode=mode)
    assert dao.read(table).sort_by("id").equals(ROWS)


def test_a_type_inside_does_not_become_wider(table: TableObject) -> None:
    dao = DataAccessObject()
    dao.write(pa.table({"n": pa.array([[1]], pa.list_(pa.int32()))}), table, mode="overwrite")
    with pytest.raises(UnsupportedError, match="list<item: int32>"):
        dao.write(pa.table({"n": [[2]]}), table, mode="append", schema_mode="evolve")
    assert dao.read(table).to_pylist() == [{"n": [1]}]


def test_a_new_column_has_its_note(table: TableObject) -> None:
    dao = DataAccessObject()
    kind = pa.map_(pa.string(), pa.decimal128(9, 2))
    dao.upsert(pa.table({"id": [1], "prices": pa.array([[("a", 1)]], kind)}), table, schema_mode="evolve")
    assert dao.schema(table).field("prices").type == kind
    assert dao.read(table, where="id = 1").to_pylist()[0]["at"] == {"x": 1, "label": "a"}


def test_without_a_note_it_is_json_text(table: TableObject, gateway: RedshiftGateway, place: str) -> None:
    execute(gateway, f"COMMENT ON COLUMN {place}.at IS 'where it is'")
    dao = DataAccessObject()
    assert dao.schema(table).field("at").type == pa.string()
    dao.write(pa.table({"id": [4], "at": ['{"b": [1, 2.50]}']}), table, mode="append")
    with pytest.raises(DataError):
        dao.write(pa.table({"id": [5], "at": [{"x": 1}]}), table, mode="append")
    with pytest.raises(DaoError):
        dao.write(pa.table({"id": [5], "at": ["no JSON"]}), table, mode="append")
    found = dao.read(table).sort_by("id")["at"].to_pylist()
    assert found[2:] == [None, '{"b":[1,2.50]}']
    assert dao.count(table, where=f"at = '{found[3]}'") == 1


def test_a_document_that_is_not_of_the_type_is_an_error(
    table: TableObject, gateway: RedshiftGateway, place: str
) -> None:
    execute(gateway, f"INSERT INTO {place} SELECT 4, JSON_PARSE('[1, 2]')")
    with pytest.raises(StoreError, match="column 'at'"):
        DataAccessObject().read(table)
