"""Copies between the warehouse and tables of files, of each type: what arrives is what a read of the source gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataError, DataStore, TableObject
from dao.connections import S3Connection
from dao.testing._tables import same_table
from dao_redshift import RedshiftInterface
from dao_redshift.testing import RedshiftGateway
from dao_redshift.testing._bulk import _unload_types
from redshift.stores import execute, staged_options, store_of

COLUMNS = {
    "BOOLEAN": "true",
    "SMALLINT": "-32768",
    "INTEGER": "2147483647",
    "BIGINT": "-9223372036854775808",
    "BIGINT NOT NULL": "1",
    "REAL": "0.1",
    "DOUBLE PRECISION": "'-Infinity'",
    "NUMERIC(5, 2)": "-1.50",
    "NUMERIC(38, 37)": "1",
    "CHAR(3)": "'a'",
    "VARCHAR(3)": "'a '",
    "VARBYTE(5)": "FROM_HEX('00ff')",
    "DATE": "'1582-10-04'",
    "TIME": "'23:59:59.999999'",
    "TIMETZ": "'12:00:00+01'",
    "TIMESTAMP": "'1969-12-31 23:59:59.999999'",
    "TIMESTAMPTZ": "'2026-03-29 01:30:00+00'",
    "INTERVAL DAY TO SECOND": "'1 day'",
    "SUPER": "JSON_PARSE('{\"a\": [1, null]}')",
}
"""What columns may be declared as, each with a value."""

BY_FILES = {
    "BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "REAL", "DOUBLE PRECISION", "NUMERIC(5, 2)", "NUMERIC(38, 37)",
    "VARCHAR(3)", "DATE", "TIMESTAMP",
}  # fmt: skip
"""Those which the files of UNLOAD have as they are."""

MOMENT = datetime(2026, 3, 29, 1, 30)


@pytest.fixture
def store(gateway: RedshiftGateway, storage: S3Connection, bucket: str) -> Iterator[DataStore]:
    """A store whose rows go by COPY and come by UNLOAD."""
    found = store_of(gateway, **staged_options(storage, bucket))
    yield found
    found.close()
    execute(gateway, f"DROP SCHEMA {found.interface.schema_name} CASCADE")


@pytest.fixture(params=COLUMNS)
def column(request: pytest.FixtureRequest) -> str:
    """The declaration of a column."""
    return str(request.param)


@pytest.fixture
def declared(store: DataStore, gateway: RedshiftGateway, column: str) -> TableObject:
    """A table that others made, of two rows."""
    name = f"{store.interface.schema_name}.declared"
    execute(gateway, f"CREATE TABLE {name} (id INTEGER, v {column})")
    other = "NULL" if "NOT NULL" not in column else COLUMNS[column]
    for number, value in enumerate((COLUMNS[column], other)):
        execute(gateway, f"INSERT INTO {name} SELECT {number}, {value}")
    return TableObject("declared", store)


def test_files_have_the_columns_and_the_rows_of_the_table(
    declared: TableObject, lake: DataStore, gateway: RedshiftGateway, column: str
) -> None:
    dao, files = DataAccessObject(), TableObject("files", lake, format="parquet")
    expected = dao.read(declared)
    dao.write(pa.table({"other": [1]}), files)
    gateway.forget_statements()
    dao.copy(declared, files, mode="overwrite")
    assert any(one.text.startswith("UNLOAD") for one in gateway.statements) == (column in BY_FILES)
    assert "NOT NULL" in dao.explain("copy", declared, files).steps[0].details["as_rows_if"]
    same_table(dao.read(files), expected, ordered=False)
    dao.copy(declared, files, mode="append")
    same_table(dao.read(files), pa.concat_tables([expected, expected]), ordered=False)
    dao.delete(files)
    dao.move(declared, files)
    same_table(dao.read(files), expected, ordered=False)
    assert not dao.exists(declared)


def test_files_that_have_not_the_columns_are_not_published(
    store: DataStore, lake: DataStore, gateway: RedshiftGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    dao, table, files = DataAccessObject(), TableObject("t", store), TableObject("files", lake, format="parquet")
    rows = pa.table({"v": pa.array([MOMENT], pa.timestamp("us"))})
    dao.write(rows, table)
    monkeypatch.setitem(_unload_types._TYPES, "timestamp", pa.timestamp("ms"))  # a warehouse that has another type
    gateway.forget_statements()
    dao.copy(table, files)
    assert any(one.text.startswith("UNLOAD") for one in gateway.statements)
    same_table(dao.read(files), rows)
    dao.write(rows.slice(0, 0), table, mode="overwrite")
    dao.copy(table, files, mode="overwrite")
    same_table(dao.read(files), rows.slice(0, 0))


FILES = {
    "loaded": {
        "bool": pa.array([True, None]),
        "int16": pa.array([1, None], pa.int16()),
        "int32": pa.array([1, None], pa.int32()),
        "float32": pa.array([0.1, None], pa.float32()),
        "decimal": pa.array([Decimal("1.50"), None], pa.decimal128(5, 2)),
        "string": pa.array(["a ", None]),
        "binary": pa.array([b"\0", None]),
        "date": pa.array([date.min, None]),
        "ms": pa.array([MOMENT, None], pa.timestamp("ms")),
        "UTC": pa.array([MOMENT.replace(tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        "Berlin": pa.array([MOMENT.replace(tzinfo=UTC), None], pa.timestamp("ms", "Europe/Berlin")),
    },
    "nested": {"v": pa.array([{"a": [1, None]}, None])},
    "unsigned": {"v": pa.array([2**32 - 1, None], pa.uint32())},
    "time": {"v": pa.array([time(12, 30), None], pa.time64("us"))},
}
"""Columns of files: those that COPY loads, and others."""


@pytest.mark.parametrize("name", FILES)
def test_a_table_has_the_columns_and_the_rows_of_the_files(store: DataStore, lake: DataStore, name: str) -> None:
    dao, source, table = DataAccessObject(), TableObject("files", lake, format="parquet"), TableObject("new", store)
    relax, rows = RedshiftInterface.capabilities.relaxes, pa.table(FILES[name])
    dao.write(rows, source)
    dao.copy(source, table)
    same_table(dao.read(table), rows, ordered=False, relax=relax)
    dao.copy(source, table, mode="append")
    same_table(dao.read(table), pa.concat_tables([rows, rows]), ordered=False, relax=relax)
    dao.copy(source, table, mode="overwrite")
    same_table(dao.read(table), rows, ordered=False, relax=relax)


def test_files_are_appended_to_columns_of_other_types_as_rows(
    store: DataStore, lake: DataStore, gateway: RedshiftGateway
) -> None:
    dao, source, table = DataAccessObject(), TableObject("files", lake, format="parquet"), TableObject("old", store)
    execute(gateway, f"CREATE TABLE {store.interface.schema_name}.old (n BIGINT, s CHAR(3))")
    dao.write(pa.table({"n": pa.array([1], pa.int32()), "s": ["a"]}), source)
    dao.copy(source, table, mode="append")
    assert dao.read(table).to_pylist() == [{"n": 1, "s": "a"}]
    dao.write(pa.table({"n": [1], "s": ["a "]}), source, mode="overwrite")
    with pytest.raises(DataError, match="ends with a blank"):
        dao.copy(source, table, mode="append")
