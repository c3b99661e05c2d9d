"""New tables: what Redshift can't have is refused before it is sent, by each way alike."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import DataError, UnsupportedError


def test_decimals_of_256_bits_that_fit_go_as_those_of_128(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("wide", store)
    values = [Decimal(10**38 - 1), Decimal(-1), None]
    dao.write(pa.table({"d": pa.array(values, pa.decimal256(38, 0))}), table, mode="overwrite")
    found = dao.read(table)
    assert found["d"].type == pa.decimal128(38, 0)
    assert found["d"].to_pylist() == values


def test_decimals_with_too_many_digits_behind_the_point_are_refused(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("fraction", store)
    for kind in (pa.decimal128(38, 38), pa.decimal256(38, 38)):
        with pytest.raises(UnsupportedError, match="column 'd' .* up to 37 digits"):
            dao.write(pa.table({"d": pa.array([None], kind)}), table)


def test_a_table_without_columns_is_refused(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("empty", store)
    with pytest.raises(DataError, match="without columns, and a table of Redshift has one at least"):
        dao.write(pa.table({}), table)


@pytest.mark.parametrize("name", ["oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"])
def test_names_of_columns_that_every_table_has_are_refused(store: DataStore, name: str) -> None:
    dao, table = DataAccessObject(), TableObject("own", store)
    with pytest.raises(DataError, match=f"column '{name}': every table of Redshift has columns oid"):
        dao.write(pa.table({name: [1]}), table, mode="overwrite")
    dao.write(pa.table({"id": [1]}), table, mode="overwrite")
    with pytest.raises(DataError, match=f"column '{name}': every table of Redshift"):
        dao.write(pa.table({"id": [1], name: [1]}), table, mode="append", schema_mode="evolve")
    dao.write(pa.table({"id": [1], name.upper(): [1]}), table, mode="append", schema_mode="evolve")


@pytest.mark.parametrize("argument", ["sortkey", "primary_key"])
def test_keys_that_name_a_column_twice_are_refused(store: DataStore, argument: str) -> None:
    dao, table = DataAccessObject(), TableObject("twice", store)
    keys: dict[str, Any] = {argument: ["a", "b", "a"]}
    with pytest.raises(DataError, match=f"{argument}: found 'a' more than once"):
        dao.write(pa.table({"a": [1], "b": [2]}), table, **keys)


@pytest.mark.parametrize("key", ["distkey", "sortkey"])
def test_nested_values_neither_distribute_nor_sort(store: DataStore, key: str) -> None:
    with pytest.raises(DataError, match="'d'"):
        DataAccessObject().write(pa.table({"d": [[1]]}), TableObject("keyed", store), properties={key: "d"})
