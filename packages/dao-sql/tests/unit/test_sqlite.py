"""What is SQLite's own: types that its driver guesses, tables of others, queries that only read."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dao import (
    DataAccessObject,
    DataError,
    DataStore,
    PermissionDeniedError,
    StoreError,
    TableObject,
    UnsupportedError,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "that is new" / "some.db"


@pytest.fixture
def store(file: Path) -> DataStore:
    return DataStore("some", "sqlite", options={"database": str(file)})


def test_values_after_many_nulls_keep_their_types(store: DataStore) -> None:
    dao, table, nulls = DataAccessObject(), TableObject("t", store), [None] * 3_000
    columns = {"i": [*nulls, 1], "f": [*nulls, 0.5], "s": [*nulls, "x"], "b": [*nulls, b"\0"]}
    given = pa.table(columns)
    dao.write(given, table)
    assert dao.read(table).equals(given)
    found = dao.run("sql", store, query="SELECT i, f, s, b FROM t")
    assert found.equals(given)


def test_a_query_of_ones_own_has_parameters_and_changes_nothing(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("t", store)
    dao.write(pa.table({"a": ["x", "'; DROP TABLE t; --"]}), table)
    found = dao.run("sql", store, query="SELECT a FROM t WHERE a = ?", parameters=["'; DROP TABLE t; --"])
    assert found.num_rows == 1
    with pytest.raises(PermissionDeniedError):
        dao.run("sql", store, query="DELETE FROM t")
    with pytest.raises(DataError, match="parameters"):
        dao.run("sql", store, query="SELECT ?", parameters="x")
    assert dao.count(table) == 2


def test_a_table_of_another_program_is_read(store: DataStore, file: Path) -> None:
    file.parent.mkdir(parents=True)
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE theirs (id INTEGER PRIMARY KEY, name VARCHAR(10), price NUMERIC, extra)")
        connection.execute("INSERT INTO theirs VALUES (1, 'a', 1.5, NULL), (2, NULL, 2, 'x')")
    connection.close()
    dao, table = DataAccessObject(), TableObject("theirs", store)
    assert dao.read(table, where="id > 0", into="pylist") == [
        {"id": 1, "name": "a", "price": "1.5", "extra": None},
        {"id": 2, "name": None, "price": "2", "extra": "x"},
    ]
    dao.upsert([{"id": 2, "name": "b", "price": "3", "extra": None}], table, keys="id")
    assert dao.read(table, where="id = 2", into="pylist")[0]["name"] == "b"


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("INTEGER", "abc"), ("INTEGER", 1.5), ("REAL", "abc"), ("TEXT", b"\xff"), ("JSON", b"\xff"),
        ("DATE", "yesterday"),
        ("TIME", "25:00:00"), ("TIMESTAMP", 1), ("BOOLEAN", 2), ("INT8", 300), ("FLOAT32", 0.1), ("FLOAT32", 1e300),
        ("DECIMAL_TEXT(5, 2)", "1.005"),
    ],
)  # fmt: skip
def test_what_is_not_of_its_columns_type_is_not_read(store: DataStore, file: Path, declared: str, value: Any) -> None:
    file.parent.mkdir(parents=True)
    with sqlite3.connect(file) as connection:
        connection.execute(f"CREATE TABLE theirs (id INTEGER, v {declared})")
        connection.execute("INSERT INTO theirs VALUES (1, ?)", (value,))
    connection.close()
    dao, table = DataAccessObject(), TableObject("theirs", store)
    with pytest.raises(StoreError, match="'v': a value isn't of its type"):
        dao.read(table)
    assert dao.read(table, columns=["id"]).num_rows == 1


def test_an_overwrite_with_the_same_columns_keeps_the_table(store: DataStore, file: Path) -> None:
    dao, table = DataAccessObject(), TableObject("t", store)
    dao.write(pa.table({"a": [1]}), table)
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE INDEX by_a ON t (a)")
    connection.close()
    dao.write(pa.table({"a": [2]}), table, mode="overwrite")
    assert dao.run("sql", store, query="SELECT name FROM sqlite_master WHERE name = 'by_a'").num_rows == 1


def test_changes_are_counted(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("t", store)
    dao.write([{"k": key, "v": "old"} for key in range(5)], table)
    rows = [{"k": key, "v": "gone" if key < 2 else "new"} for key in (1, 3, 4, 7)]
    done = dao.upsert(rows, table, keys="k", delete_when="v = 'gone'")
    assert (done.rows_updated, done.rows_inserted, done.rows_deleted) == (2, 1, 1)
    assert dao.delete(table, where="k > 3").rows_deleted == 2
    assert dao.write([{"k": 1, "v": "x"}], table, mode="overwrite").rows_deleted == 3


def test_what_sqlite_orders_otherwise_is_refused(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("t", store)
    rows = pa.table({"k": [1], "d": pa.array([1], pa.decimal128(5, 2))})
    dao.write(rows, table)
    with pytest.raises(UnsupportedError, match="order_by"):
        dao.upsert(rows, table, keys="k", order_by="d")


def test_a_type_that_cannot_be_widened_is_refused(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("t", store)
    dao.write(pa.table({"a": pa.array([1], pa.int32())}), table)
    with pytest.raises(UnsupportedError, match="overwrite the table"):
        dao.write(pa.table({"a": [2**40]}), table, mode="append", schema_mode="evolve")
    assert dao.count(table) == 1


@pytest.mark.parametrize(
    ("refused", "wanted"),
    [
        (pa.array([2**64 - 1], pa.uint64()), pa.decimal128(20, 0)),
        (pa.array([7], pa.duration("ms")), pa.int64()),
        (pa.array(["100"]).cast(pa.decimal128(5, 0)).cast(pa.decimal128(3, -2)), pa.decimal128(5, 0)),
        (pa.array(["0.0012"]).cast(pa.decimal128(2, 4)), pa.decimal128(4, 4)),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_what_a_refusal_says_works(store: DataStore, refused: pa.Array, wanted: pa.DataType) -> None:
    dao, table = DataAccessObject(), TableObject("t", store)
    with pytest.raises(DataError, match=f"'v' is .* has no type: cast it to {re.escape(str(wanted))}"):
        dao.write(pa.table({"v": refused}), table)
    given = pa.table({"v": refused.cast(wanted)})
    dao.write(given, table)
    assert dao.read(table).equals(given)


def test_nanoseconds_are_refused_with_what_to_give(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("t", store)
    whole = pa.table({"at": pa.array([1_000, None], pa.timestamp("ns"))})
    cut = pa.table({"at": pa.array([1_001], pa.timestamp("ns"))})
    wanted = pa.schema({"at": pa.timestamp("us")})
    with pytest.raises(DataError, match=r"'at' is timestamp\[ns\].*: cast it to timestamp\[us\], or give schema="):
        dao.write(whole, table)
    with pytest.raises(DataError, match=r"'at' is time64\[ns\].*: cast it to time64\[us\], or give schema="):
        dao.write(pa.table({"at": pa.array([1_000], pa.time64("ns"))}), table)
    with pytest.raises(DataError, match="'at'"):
        dao.write(cut, table, schema=wanted)
    dao.write(whole, table, schema=wanted)
    dao.write(whole, table, mode="append")
    with pytest.raises(DataError, match="'at'"):
        dao.write(cut, table, mode="append")
    assert dao.read(table).equals(pa.concat_tables([whole.cast(wanted)] * 2))


@pytest.mark.parametrize("stays_open", [False, True])
def test_another_copy_of_sqlite_in_the_process_loses_nothing(store: DataStore, file: Path, stays_open: bool) -> None:
    dao, table = DataAccessObject(), TableObject("t", store)
    dao.write({"id": [0]}, table)
    opened = sqlite3.connect(file)
    for number in range(1, 4):
        assert opened.execute("SELECT count(*) FROM t").fetchall() == [(number,)]
        if not stays_open:
            opened.close()
        dao.write({"id": [number]}, table, mode="append")
        if not stays_open:
            opened = sqlite3.connect(file)
        opened.execute("CREATE TABLE IF NOT EXISTS theirs (text)")
        opened.execute("INSERT INTO theirs VALUES (?)", ["long" * 5_000])
        opened.commit()
    if not stays_open:
        opened.close()
    found = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); q = lambda s: c.execute(s).fetchall(); "
    found += "print(q('SELECT count(*) FROM t'), q('SELECT count(*) FROM theirs'), q('PRAGMA integrity_check'))"
    done = subprocess.run([sys.executable, "-c", found, file], capture_output=True, text=True, check=True)
    assert done.stdout == "[(4,)] [(3,)] [('ok',)]\n"
    opened.close()


def test_what_a_stream_gives_can_be_written_into_the_same_file(store: DataStore) -> None:
    dao, table, other = DataAccessObject(), TableObject("t", store), TableObject("u", store)
    dao.write({"id": list(range(3_000))}, table)
    for batch in dao.read_stream(table, where="id >= 1000", batch_size=500):
        dao.write(batch, other, mode="append")
        dao.write(batch, table, mode="append")
    assert (dao.count(other), dao.count(table)) == (2_000, 5_000)


@pytest.mark.parametrize(
    "columns", ["id TEXT PRIMARY KEY, k TEXT) WITHOUT ROWID", "id TEXT, k TEXT, rowid TEXT, _rowid_ TEXT, oid TEXT)"]
)
def test_rows_without_a_number_are_not_deleted_by_it(store: DataStore, file: Path, columns: str) -> None:
    file.parent.mkdir(parents=True)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"CREATE TABLE theirs ({columns}")
        connection.execute("INSERT INTO theirs (id, k) VALUES ('1', 'a'), ('2', 'A')")
        connection.commit()
    dao, table = DataAccessObject(), TableObject("theirs", store)
    with pytest.raises(UnsupportedError, match="no rowid"):
        dao.delete(table, where="k ILIKE 'a'")
    assert dao.count(table) == 2
    assert dao.delete(table, where="k = 'a'").rows_deleted == 1


def test_a_column_that_is_called_rowid_deletes_no_other_rows(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("t", store)
    dao.write(pa.table({"RowId": [5, 5], "k": ["a", "b"]}), table)
    assert dao.delete(table, where="k ILIKE 'A'").rows_deleted == 1
    assert dao.read(table, into="pylist") == [{"RowId": 5, "k": "b"}]
