"""Data files that are older than the table's columns, or that other engines wrote: columns are found by their ids."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from pyiceberg.types import DecimalType, DoubleType, IntegerType, LongType, StringType

from dao import TableObject
from dao.errors import StoreError, UnsupportedError


def test_columns_that_changed_since(dao, table, foreign):
    old = pa.table(
        {
            "id": pa.array([1, 2], pa.int32()),
            "f": pa.array([0.5, None], pa.float32()),
            "d": pa.array([Decimal("1.50"), None], pa.decimal128(5, 2)),
            "gone": ["x", "y"],
            "s": [{"a": 1, "b": "p"}, None],
        }
    )
    dao.write(old, table)
    with foreign.evolve() as update:
        update.update_column("id", LongType())
        update.rename_column("id", "key")
        update.update_column("f", DoubleType())
        update.update_column("d", DecimalType(9, 2))
        update.delete_column("gone")
        update.add_column("gone", IntegerType())
        update.rename_column("s.a", "first")
        update.delete_column("s.b")
        update.add_column(("s", "b"), IntegerType())
        update.move_first("f")
    found = dao.read(table)
    assert found.schema.names[:2] == ["f", "key"]
    assert found.sort_by("key").to_pylist() == [
        {"f": 0.5, "key": 1, "d": Decimal("1.50"), "s": {"first": 1, "b": None}, "gone": None},
        {"f": None, "key": 2, "d": None, "s": None, "gone": None},
    ]
    assert dao.read(table, where="key > 1 AND gone IS NULL", columns=["key"]).to_pylist() == [{"key": 2}]
    assert dao.read(table, where="gone = 1").num_rows == 0


def test_names_that_were_exchanged(dao, table, foreign):
    dao.write(pa.table({"a": [1, 2], "b": [10, 20]}), table)
    with foreign.evolve() as update:
        update.rename_column("a", "c")
        update.rename_column("b", "a")
    with foreign.evolve() as update:
        update.rename_column("c", "b")
    dao.write(pa.table({"a": [30], "b": [3]}), table, mode="append")
    assert dao.read(table, where="a >= 20", columns=["a", "b"]).sort_by("a").to_pylist() == [
        {"a": 20, "b": 2},
        {"a": 30, "b": 3},
    ]


def test_an_older_snapshot_has_its_own_columns(dao, table, foreign):
    first = dao.write(pa.table({"id": [1]}), table).version_after
    with foreign.evolve() as update:
        update.rename_column("id", "key")
    assert dao.read(table, version=first).to_pylist() == [{"id": 1}]
    assert dao.read(table).to_pylist() == [{"key": 1}]


def test_partition_columns_that_files_lack(dao, lake, foreign):
    table = TableObject("orders", lake, partition_by=["day", "name"])
    dao.write(pa.table({"id": [1], "day": [date(2026, 1, 1)], "name": ["a"]}), table)
    ids = pa.schema([pa.field("id", pa.int64(), metadata={"PARQUET:field_id": "1"})])
    foreign.append(pa.table({"id": [2]}, schema=ids), partition=(20_455, None))
    found = dao.read(table, where="day >= DATE '2026-01-02'")
    assert found.to_pylist() == [{"id": 2, "day": date(2026, 1, 2), "name": None}]


def test_files_without_ids(dao, table, foreign):
    dao.write(pa.table({"id": [1], "name": ["a"]}), table)
    foreign.append(pa.table({"name": ["b"], "id": pa.array([2], pa.int64()), "other": [1.0]}))
    with pytest.raises(UnsupportedError, match="no field ids"):
        dao.read(table)
    foreign.set_name_mapping()
    assert dao.read(table).sort_by("id").to_pylist() == [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]


def test_fields_inside_of_columns_of_files_without_ids(dao, table, foreign):
    row = {"s": {"a": 1, "l": [{"b": 2}]}, "m": [("k", {"c": 3})]}
    kind = pa.struct({"a": pa.int64(), "l": pa.list_(pa.struct({"b": pa.int64()}))})
    schema = pa.schema({"s": kind, "m": pa.map_(pa.string(), pa.struct({"c": pa.int64()}))})
    dao.write(pa.Table.from_pylist([row], schema), table)
    foreign.append(pa.Table.from_pylist([row], schema))
    foreign.set_name_mapping()
    assert dao.read(table).to_pylist() == [row, row]


def test_a_type_that_is_another(dao, table, foreign):
    dao.write(pa.table({"id": [1]}), table)
    texts = pa.schema([pa.field("id", pa.string(), metadata={"PARQUET:field_id": "1"})])
    foreign.append(pa.table({"id": ["2"]}, schema=texts))
    with pytest.raises(UnsupportedError, match="'id'"):
        dao.read(table)


def test_a_file_that_is_gone(dao, table, foreign, client):
    first = dao.write(pa.table({"id": [1]}), table).version_after
    client.transport.delete([client.locations.key_of(foreign.data_files[0].path)])
    with pytest.raises(StoreError, match="is not there"):
        dao.read_stream(table)
    with pytest.raises(FileNotFoundError, match="isn't kept any more"):
        dao.read(table, version=first)


def test_a_required_column_that_a_file_lacks(dao, table, foreign):
    dao.write(pa.table({"id": [1]}), table)
    with foreign.evolve() as update:
        update.add_column("name", StringType(), required=True)
    with pytest.raises(StoreError, match="may not be null"):
        dao.read(table)


def test_a_snapshot_that_has_a_file_twice(dao, table, foreign):
    dao.write(pa.table({"id": [1]}), table)
    foreign._commit([foreign.data_files[0].file], 0)
    with pytest.raises(StoreError, match="has a file twice"):
        dao.read(table)


def test_fields_of_structs_of_lists(dao, table, foreign):
    dao.write(pa.table({"id": [1], "l": [[{"x": 1, "y": "a"}, None]]}), table)
    with foreign.evolve() as update:
        update.rename_column("l.element.x", "z")
        update.delete_column("l.element.y")
    assert dao.read(table).to_pylist() == [{"id": 1, "l": [{"z": 1}, None]}]
