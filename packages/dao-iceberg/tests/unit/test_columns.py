"""Columns that Iceberg can't keep, and rows without any, are refused before anything is written."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from dao.errors import DataError, UnsupportedError

ROWS = pa.table({"id": [1], "place": [{"city": "Oulu"}]})


@pytest.mark.parametrize("mode", ["append", "overwrite", "overwrite_partitions"])
def test_rows_without_columns_are_not_dropped(dao, table, mode):
    dao.write(ROWS, table, partition_by=["id"])
    with pytest.raises(DataError, match="the data has no columns"):
        dao.write([{}, {}], table, mode=mode, schema_mode="evolve")
    assert dao.read(table).equals(ROWS)


def test_a_table_has_a_column_at_least(dao, table):
    with pytest.raises(DataError, match="the data has no columns"):
        dao.write([{}], table)
    assert not dao.exists(table)
    dao.write(ROWS, table)
    with pytest.raises(DataError, match="drop: found all columns"):
        dao.run("evolve", table, drop=["id", "place"])
    assert dao.read(table).equals(ROWS)


def test_a_column_with_the_name_of_a_field_is_refused(dao, table):
    both = pa.table({"place": [{"city": "Oulu"}], "place.city": ["Turku"]})
    with pytest.raises(DataError, match=r"would have one name in Iceberg, such as 'place\.city'"):
        dao.write(both, table)
    dao.write(ROWS, table)
    more = ROWS.append_column("place.city", pa.array(["Turku"]))
    for given in ({"mode": "append", "schema_mode": "evolve"}, {"mode": "overwrite"}):
        with pytest.raises(DataError, match="would have one name"):
            dao.write(more, table, **given)
    assert dao.read(table).equals(ROWS)


@pytest.mark.parametrize("value", ["1.12345678901", "1" * 30])
@pytest.mark.parametrize("schema_mode", ["strict", "evolve"])
def test_decimals_of_more_digits_than_iceberg_has(dao, table, value, schema_mode):
    dao.write(pa.table({"d": pa.array([Decimal("1.5")], pa.decimal128(38, 10))}), table)
    with pytest.raises((DataError, UnsupportedError), match="'d'|38 digits"):
        dao.write([{"d": Decimal(value)}], table, mode="append", schema_mode=schema_mode)
    assert dao.count(table) == 1
