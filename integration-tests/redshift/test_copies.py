"""Copies between the warehouse and tables of files, of each type: what arrives is what a read of the source gives."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore, TableObject
from dao.connections import S3Connection
from dao.testing._tables import same_table
from dao_redshift.testing import RedshiftGateway
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
