"""Rows that other engines deleted: by number, by deletion vector, by value; never more and never fewer of them."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.transforms import VoidTransform

from dao.errors import StoreError

ROWS = pa.table({"id": pa.array(range(6), pa.int64()), "name": ["a", "b", None, "d", "e", "f"]})


def ids(dao, table, **more):
    return sorted(dao.read(table, **more)["id"].to_pylist())


@pytest.mark.parametrize("bounds", [True, False])
def test_rows_deleted_by_number(dao, table, foreign, bounds):
    dao.write(ROWS, table)
    foreign.delete_positions(foreign.data_files[0].path, [1, 4], bounds=bounds)
    assert ids(dao, table) == [0, 2, 3, 5]
    assert dao.count(table) == 4
    assert ids(dao, table, where="id >= 4") == [5]
    assert [batch.num_rows for batch in dao.read_stream(table)] == [4]


def test_numbers_are_of_one_file_and_of_older_rows(dao, table, foreign):
    dao.write(ROWS, table)
    path = foreign.data_files[0].path
    foreign.delete_positions(path, [0])
    dao.write(ROWS, table, mode="append")
    assert ids(dao, table) == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_a_number_that_is_deleted_twice_counts_once(dao, table, foreign):
    dao.write(ROWS, table)
    path = foreign.data_files[0].path
    foreign.delete_positions(path, [1, 1])
    foreign.delete_positions(path, [1, 2])
    assert (ids(dao, table), dao.count(table)) == ([0, 3, 4, 5], 4)


def test_rows_deleted_by_a_vector(dao, table, foreign):
    dao.write(ROWS, table)
    path = foreign.data_files[0].path
    foreign.delete_positions(path, [0])
    foreign.delete_by_vector(path, [0, 5])
    assert (ids(dao, table), dao.count(table)) == ([1, 2, 3, 4], 4)


def test_a_damaged_vector_is_an_error(dao, table, foreign, client):
    dao.write(ROWS, table)
    foreign.delete_by_vector(foreign.data_files[0].path, [0, 5])
    [key] = [stat.key for stat in client.transport.list("orders/data/") if stat.key.endswith(".puffin")]
    content = bytearray(client.transport.get(key))
    content[-10] ^= 1
    client.transport.put(key, bytes(content))
    with pytest.raises(StoreError, match="its checksum differs"):
        dao.read(table)


def test_rows_deleted_by_value(dao, table, foreign):
    dao.write(ROWS, table)
    foreign.delete_equal(pa.table({"id": [1, 3]}), {"id": 1})
    assert (ids(dao, table), dao.count(table)) == ([0, 2, 4, 5], 4)
    assert ids(dao, table, columns=["id"], where="name = 'e' OR name = 'd'") == [4]
    dao.write(ROWS, table, mode="append")
    assert ids(dao, table) == [0, 0, 1, 2, 2, 3, 4, 4, 5, 5]


def test_null_is_deleted_by_null(dao, table, foreign):
    dao.write(ROWS, table)
    foreign.delete_equal(pa.table({"name": pa.array([None, "f"], pa.string())}), {"name": 2})
    assert ids(dao, table) == [0, 1, 3, 4]


def test_all_of_several_values_must_be_equal(dao, table, foreign):
    dao.write(ROWS, table)
    foreign.delete_equal(pa.table({"id": [0, 1, 2], "name": ["a", "a", None]}), {"id": 1, "name": 2})
    assert ids(dao, table) == [1, 3, 4, 5]


def test_the_column_may_be_dropped_since(dao, table, foreign):
    dao.write(ROWS, table)
    foreign.delete_equal(pa.table({"name": ["a"]}), {"name": 2})
    with foreign.evolve() as update:
        update.delete_column("name")
    assert dao.read(table).to_pylist() == [{"id": one} for one in range(1, 6)]


def test_deletes_of_a_partition_are_of_no_other(dao, lake, foreign):
    from dao import TableObject

    table = TableObject("orders", lake, partition_by=["name"])
    dao.write(pa.table({"id": [1, 1, 2], "name": ["a", "b", "a"]}), table)
    foreign.delete_equal(pa.table({"id": [1]}), {"id": 1}, partition=("a",))
    assert sorted(dao.read(table)["name"].to_pylist()) == ["a", "b"]
    assert dao.count(table) == 2


def test_deletes_of_the_partition_of_nan(dao, table, foreign):
    dao.write(pa.table({"id": pa.array([], pa.int64()), "ratio": pa.array([], pa.float64())}), table)
    with foreign.now.table.update_spec() as update:
        update.add_identity("ratio")
    field = [pa.field("id", pa.int64(), metadata={"PARQUET:field_id": "1"})]
    foreign.append(pa.table([pa.array([1, 2, 3])], schema=pa.schema(field)), partition=(math.nan,))
    path = foreign.data_files[0].path
    foreign.delete_positions(path, [0], bounds=False, partition=(math.nan,))
    foreign.delete_equal(pa.table({"id": [2]}), {"id": 1}, spec_id=1, partition=(math.nan,))
    assert ids(dao, table) == [3]
    [ratio] = dao.read(table)["ratio"].to_pylist()
    assert math.isnan(ratio)


def test_deletes_of_no_partition_are_of_all_files_where_dropped_fields_are_void(dao, table, foreign):
    dao.write(ROWS, table)
    foreign.set_spec(PartitionSpec(PartitionField(2, 1000, VoidTransform(), "name"), spec_id=1))
    foreign.delete_equal(pa.table({"id": [1, 3]}), {"id": 1}, spec_id=1, partition=(None,))
    assert ids(dao, table) == [0, 2, 4, 5]
