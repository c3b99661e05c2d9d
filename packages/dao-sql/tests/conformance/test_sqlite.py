"""The conformance kit over SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve
from losing import backend_in

from dao import DataObject
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite
from dao_sql import SqliteInterface

TYPES = {
    "VARCHAR(3)": ["a"], "CHAR(3)": ["a"], "TEXT COLLATE NOCASE": ["a", "A"], "TEXT COLLATE RTRIM": ["a ", "a"],
    "NUMERIC(5, 2)": ["1.5", "a"], "DOUBLE PRECISION": [0.5], "FLOAT32": [0.5], "SMALLINT": [2], "UINT8": [255],
    "UUID": ["00000000-0000-0000-0000-000000000001"], "JSON": ['{"a": 1}'], "DATETIME": ["2026-01-01 00:00:00"],
    "": ["1.50", "a"], "UNSIGNED BIG INT": ["1"], "DECIMAL_TEXT(5, 2)": [Decimal("1.50")], "XREAL": ["0.5"],
}  # fmt: skip
"""Types of tables of others, each with values that it keeps."""
MISFITS = [
    ("INTEGER", "'abc'"), ("INTEGER", "1.5"), ("INTEGER", "x'00'"), ("INT8", "300"), ("REAL", "'abc'"),
    ("DATE", "'20200101'"), ("DATE", "x'00'"), ("DATE", "'0000-01-01'"), ("TIMESTAMP", "'2020-01-01T00:00:00Z'"),
    ("TIMESTAMPTZ", "'2020-01-01 00:00:00'"), ("TIME", "'24:00'"), ("BOOLEAN", "'abc'"), ("TEXT", "x'ff'"),
    ("DECIMAL_TEXT(5, 2)", "'1.234'"), ("BLOB", "5"), ("BLOB", "0.5"), ("BOOLEAN", "2"),
]  # fmt: skip
"""Types of tables of others, and what SQLite keeps there that they haven't."""


class TestSqlite(ConformanceSuite):
    capabilities = capabilities_of(SqliteInterface)

    @pytest.fixture
    def backend(self, tmp_path: Path) -> Backend:
        def declare(table: DataObject, declared: str) -> None:
            with closing(sqlite3.connect(tmp_path / "kit.db")) as connection:
                connection.execute(f"CREATE TABLE {table.key} (value {declared})")

        backend = backend_in(tmp_path)

        def misfits() -> dict[str, DataObject]:
            made = {f"{declared} {value}": backend.table(f"misfit_{n}") for n, (declared, value) in enumerate(MISFITS)}
            with closing(sqlite3.connect(tmp_path / "kit.db")) as connection:
                for (declared, value), table in zip(MISFITS, made.values(), strict=True):
                    connection.execute(f"CREATE TABLE {table.key} (value {declared})")
                    connection.execute(f"INSERT INTO {table.key} VALUES ({value})")
                connection.commit()
            return made

        return evolve(backend, declare=declare, declared_types=TYPES, misfits=misfits)
