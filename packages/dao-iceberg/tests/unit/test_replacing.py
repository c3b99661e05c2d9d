"""Writes that replace a part of a table: the rows of a predicate, or the partitions of the new rows."""

from __future__ import annotations

import datetime as dt
import uuid
from contextlib import suppress
from decimal import Decimal

import pyarrow as pa
import pytest

from dao import DataError, UnsupportedError

DAYS = pa.table({"id": [1, 2, 3, 4], "day": [1, 1, 2, 2]})


def rows(dao, table) -> list[tuple]:
    return sorted(tuple(row.values()) for row in dao.read(table).to_pylist())


def test_the_rows_of_a_predicate_are_replaced(dao, table):
    dao.write(DAYS, table)
    result = dao.write(pa.table({"id": [9], "day": [1]}), table, mode="overwrite", where="day = 1")
    assert (result.rows_inserted, result.rows_deleted) == (1, 2)
    assert rows(dao, table) == [(3, 2), (4, 2), (9, 1)]


def test_a_row_that_is_not_replaced_is_refused(dao, table, client):
    dao.write(DAYS, table)
    before = client.open("orders").version
    with pytest.raises(DataError, match="where: found a row with"):
        dao.write(pa.table({"id": [9, 8], "day": [1, 2]}), table, mode="overwrite", where="day = 1")
    assert client.open("orders").version == before
    assert rows(dao, table) == sorted(zip(*DAYS.to_pydict().values(), strict=True))


def test_stored_rows_for_which_it_is_null_stay(dao, table):
    dao.write(pa.table({"id": [1, 2], "day": pa.array([None, 1], pa.int64())}), table)
    dao.write(pa.table({"id": [9], "day": [1]}), table, mode="overwrite", where="day = 1")
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 9]


def test_a_partition_is_replaced_and_nothing_is_read(dao, table, client, monkeypatch):
    from dao_iceberg._snapshots.stored import StoredFiles

    dao.write(DAYS, table, partition_by="day")
    monkeypatch.setattr(StoredFiles, "read", None)
    result = dao.write(pa.table({"id": [9], "day": [2]}), table, mode="overwrite", where="day = 2")
    monkeypatch.undo()
    assert (result.rows_deleted, result.files) == (2, 1)
    assert rows(dao, table) == [(1, 1), (2, 1), (9, 2)]


def test_a_new_table_has_only_rows_that_fulfil_it(dao, table):
    with pytest.raises(DataError, match="where: found a row"):
        dao.write(DAYS, table, mode="overwrite", where="day = 1")
    dao.write(DAYS, table, mode="overwrite", where="day < 3", partition_by="day")
    assert dao.count(table) == 4


def test_a_predicate_of_a_column_that_comes(dao, table):
    dao.write(DAYS, table)
    new = pa.table({"id": [9], "day": [1], "kind": ["x"]})
    result = dao.write(new, table, mode="overwrite", where="kind = 'x'", schema_mode="evolve")
    assert (result.rows_inserted, result.rows_deleted) == (1, 0)
    assert rows(dao, table)[-1] == (9, 1, "x")


def test_no_rows_replace_some(dao, table):
    dao.write(DAYS, table)
    result = dao.write(DAYS.slice(0, 0), table, mode="overwrite", where="day = 1")
    assert (result.rows_inserted, result.rows_deleted) == (0, 2)
    assert rows(dao, table) == [(3, 2), (4, 2)]


def test_a_key_of_the_call(dao, table):
    dao.write(DAYS, table)
    new = pa.table({"id": [9], "day": [1]})
    first = dao.write(new, table, mode="overwrite", where="day = 1", idempotency_key="a")
    again = dao.write(new, table, mode="overwrite", where="day = 1", idempotency_key="a")
    assert first.version_after == again.version_after
    with pytest.raises(DataError):
        dao.write(new, table, mode="overwrite", where="day < 2", idempotency_key="a")


def test_rows_that_were_deleted_stay_so(dao, table, foreign):
    dao.write(DAYS, table)
    foreign.delete_positions(foreign.data_files[0].path, [0, 3])
    result = dao.write(pa.table({"id": [9], "day": [1]}), table, mode="overwrite", where="day = 1")
    assert result.rows_deleted == 1
    assert rows(dao, table) == [(3, 2), (9, 1)]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([True, False]),
        pa.array([1, -1], pa.int32()),
        pa.array(["a/b=%", ""]),
        pa.array([dt.date(1969, 12, 31), dt.date(2024, 2, 29)]),
        pa.array([dt.time(1, 2, 3, 4), dt.time(0)]),
        pa.array([dt.datetime(1969, 12, 31, 23, 59, 59, 999999), dt.datetime(2024, 1, 1)], pa.timestamp("us")),
        pa.array([dt.datetime(1969, 12, 31), dt.datetime(2024, 1, 1)], pa.timestamp("us", "UTC")),
        pa.array([Decimal("-0.01"), Decimal("123.45")], pa.decimal128(9, 2)),
        pa.array([b"\x00\xff", b""], pa.binary()),
        pa.array([b"\x00" * 4, b"abcd"], pa.binary(4)),
        pa.array([uuid.UUID(int=5).bytes, uuid.UUID(int=7).bytes], pa.uuid()),
        pa.array(["x", None]),
    ],
    ids=lambda values: str(values.type),
)
@pytest.mark.parametrize("term", ["p", "bucket(3, p)", "truncate(2, p)", "day(p)", "year(p)"])
def test_partitions_of_any_type_are_replaced(dao, table, client, values, term):
    with suppress(DataError):  # there is no such transform of the type
        dao.write(pa.table({"id": [1, 2], "p": values}), table, partition_by=term)
    if not client.exists("orders"):
        return
    gone = 2 if len(list(client.reader.live(client.open("orders").manifests))) == 1 else 1
    result = dao.write(pa.table({"id": [3], "p": values.slice(1)}), table, mode="overwrite_partitions")
    assert (result.rows_inserted, result.rows_deleted) == (1, gone)
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 3][gone - 1 :]
    assert dao.read(table, where="id = 3")["p"].to_pylist() == values.slice(1).to_pylist()


@pytest.mark.parametrize("value", [uuid.UUID(int=5), None])
def test_rows_of_a_partition_by_uuid_are_found(dao, table, value):
    values = [value, uuid.UUID(int=7)]
    dao.write(pa.table({"id": [1, 2], "p": pa.array(values, pa.uuid())}), table, partition_by="p")
    assert dao.read(table).sort_by("id")["p"].to_pylist() == values
    dao.upsert(pa.table({"id": [1], "p": pa.array([uuid.UUID(int=9)], pa.uuid())}), table, keys="id")
    dao.delete(table, where="id = 2")
    assert dao.read(table).to_pylist() == [{"id": 1, "p": uuid.UUID(int=9)}]


@pytest.fixture
def two_specs(dao, table, client):
    """A table with a file of an older spec, which has rows of both days, and files of the newer one."""
    dao.write(DAYS, table)
    with client.open("orders").table.update_spec() as spec:
        spec.add_identity("day")
    dao.write(pa.table({"id": [5, 6], "day": [1, 2]}), table, mode="append")
    return table


def test_rows_in_files_of_older_partitions_are_replaced(dao, two_specs):
    result = dao.write(pa.table({"id": [9], "day": [1]}), two_specs, mode="overwrite_partitions")
    assert (result.rows_inserted, result.rows_deleted) == (1, 3)
    assert rows(dao, two_specs) == [(3, 2), (4, 2), (6, 2), (9, 1)]


def test_files_of_older_partitions_without_such_rows_stay(dao, two_specs, client):
    before = {one.path for one in client.reader.live(client.open("orders").manifests)}
    result = dao.write(pa.table({"id": [9], "day": [3]}), two_specs, mode="overwrite_partitions")
    assert (result.rows_inserted, result.rows_deleted, result.files) == (1, 0, 1)
    assert before < {one.path for one in client.reader.live(client.open("orders").manifests)}


def test_no_rows_replace_no_partition(dao, two_specs):
    result = dao.write(DAYS.slice(0, 0), two_specs, mode="overwrite_partitions")
    assert (result.rows_inserted, result.rows_deleted, result.files) == (0, 0, 0)
    assert dao.count(two_specs) == 6


def test_partitions_of_floats_cannot_be_replaced(dao, table, client):
    dao.write(pa.table({"id": [1], "x": [1.0]}), table)
    with client.open("orders").table.update_spec() as spec:
        spec.add_identity("x")
    with pytest.raises(UnsupportedError, match="NaN"):
        dao.write(pa.table({"id": [1], "x": [1.0]}), table, mode="overwrite_partitions")
