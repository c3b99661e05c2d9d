"""``delete_when=`` of an upsert: what is rewritten, dropped, counted and remembered."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao.data_object import FileObject, TableObject
from dao.errors import DataError
from dao.tables import merge_tables
from dao_files import FilesInterface, MemoryInterface

T = TableObject("t")
BASE = pa.table({"id": [1, 2, 3], "day": ["mo", "tu", "mo"], "x": [0.5, None, 2.5]})
GONE = "op = 'D'"


def changes(*rows: tuple[int, str | None, float | None, str | None]) -> pa.Table:
    schema = pa.schema([("id", pa.int64()), ("day", pa.string()), ("x", pa.float64()), ("op", pa.string())])
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def found(store: FilesInterface, target: TableObject | FileObject = T) -> list[tuple[object, ...]]:
    return sorted(tuple(row.values()) for row in store.read(target, columns=["id", "day", "x"]).to_pylist())


@pytest.mark.parametrize("partition_by", [None, ["day"]])
@pytest.mark.parametrize("format", ["parquet", "csv", "ndjson", "avro"])
def test_rows_come_change_and_go_in_one_version(store: FilesInterface, format: str, partition_by: Any) -> None:
    store.write(BASE, T, format=format, partition_by=partition_by)
    source = changes((1, None, None, "D"), (2, "mo", 7.0, "U"), (4, "we", 4.0, None), (9, "we", 0.0, "D"))
    done = store.upsert(source, T, keys="id", delete_when=GONE)
    assert (done.rows_inserted, done.rows_updated, done.rows_deleted) == (1, 1, 1)
    assert (done.version_before, done.version_after) == (1, 2)
    assert found(store) == [(2, "mo", 7.0), (3, "mo", 2.5), (4, "we", 4.0)]
    assert store.count(T) == 3
    assert store.history(T)[0].details["rows_deleted"] == 1


def test_a_file_whose_rows_are_all_gone_goes_too(store: FilesInterface) -> None:
    store.write(BASE, T, format="parquet")
    kept = {info.key for info in store.list(T)}
    store.write(pa.table({"id": [7, 8], "day": ["fr", "fr"], "x": [1.0, 2.0]}), T, mode="append")
    done = store.upsert(changes((7, None, None, "D"), (8, None, None, "D")), T, keys="id", delete_when=GONE)
    assert ({info.key for info in store.list(T)}, done.files, done.rows_deleted) == (kept, 0, 2)


def test_a_table_whose_rows_are_all_gone_has_its_columns(store: FilesInterface) -> None:
    store.write(BASE, T, format="parquet")
    store.upsert(changes(*((n, None, None, "D") for n in (1, 2, 3))), T, keys="id", delete_when=GONE)
    assert (store.read(T).schema.names, store.count(T), len(store.list(T))) == (BASE.schema.names, 0, 1)


def test_deleting_what_is_not_there_is_no_version(store: FilesInterface) -> None:
    store.write(BASE, T, format="parquet")
    done = store.upsert(changes((7, None, None, "D")), T, keys="id", delete_when=GONE)
    assert (done.rows_deleted, done.version_before, done.version_after) == (0, 1, 1)


def test_a_single_file_loses_rows_too(store: FilesInterface) -> None:
    file = FileObject("t.parquet", key="t.parquet")
    store.write(BASE, file)
    done = store.upsert(changes((1, None, None, "D"), (3, "we", 1.0, "U")), file, keys="id", delete_when=GONE)
    assert (done.rows_inserted, done.rows_updated, done.rows_deleted) == (0, 1, 1)
    assert found(store, file) == [(2, "tu", None), (3, "we", 1.0)]


def test_columns_that_the_data_lacks_keep_their_values(store: FilesInterface) -> None:
    store.write(BASE, T, format="parquet")
    source = changes((1, None, None, "D"), (3, None, 9.0, "U")).drop_columns("day")
    store.upsert(source, T, keys="id", delete_when=GONE, schema_mode="evolve")
    assert found(store) == [(2, "tu", None), (3, "mo", 9.0)]


def test_a_declared_schema_is_that_of_the_stored_rows(store: FilesInterface) -> None:
    schema = pa.schema([("id", pa.int32()), ("day", pa.string()), ("x", pa.float32())])
    store.write(BASE, T, schema=schema, format="csv")
    source = changes((1, "mo", 1.5, "U"), (2, "tu", 1.5, "D"))
    store.upsert(source, T, keys="id", delete_when=GONE, schema=schema)
    assert (found(store), store.read(T).schema) == ([(1, "mo", 1.5), (3, "mo", 2.5)], schema)
    with pytest.raises(DataError, match="day"):
        store.upsert(source.drop_columns("day"), T, keys="id", delete_when=GONE, schema=schema)


def test_the_condition_is_part_of_the_call_that_is_done_once(store: FilesInterface) -> None:
    store.write(BASE, T, format="parquet")
    given = {"keys": "id", "idempotency_key": "k"}
    source = changes((1, None, None, "D"))
    store.upsert(source, T, delete_when=GONE, **given)
    assert store.upsert(source, T, delete_when="\"op\" = 'D'", **given).rows_deleted == 0
    with pytest.raises(DataError, match="idempotency_key"):
        store.upsert(source, T, delete_when="op = 'X'", **given)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_it_does_what_a_merge_in_memory_does(data: Any) -> None:
    store, state = MemoryInterface(), BASE.slice(0, 0)
    ids, days, xs = st.integers(0, 5), st.sampled_from(["mo", "tu"]), st.none() | st.floats(0, 3)
    partition_by = data.draw(st.sampled_from([None, ["day"]]))
    store.write(state, T, format="parquet", partition_by=partition_by)
    for _ in range(data.draw(st.integers(1, 4))):
        rows = data.draw(st.lists(st.tuples(ids, days, xs, st.sampled_from(["D", "U", None])), max_size=6))
        order = data.draw(st.sampled_from([["x"], ["x", "day"]]))
        source = changes(*rows)
        merged = merge_tables(state, source, ["id"], order, GONE)
        done = store.upsert(source, T, keys="id", order_by=order, delete_when=GONE)
        counted = (merged.updated, merged.gone.num_rows - merged.updated, merged.came.num_rows - merged.updated)
        assert (done.rows_updated, done.rows_deleted, done.rows_inserted) == counted
        state = merged.rows
        assert found(store) == sorted(tuple(row.values()) for row in state.to_pylist())
        assert store.count(T) == state.num_rows
