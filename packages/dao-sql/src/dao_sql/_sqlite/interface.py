"""SQLite: its dialect, and the interface ``sqlite``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field
from attrs.validators import optional

from dao.arrow.predicates import Predicate
from dao.data_object import DataObject
from dao.display import even_half_made
from dao.errors import (
    ConflictError,
    DaoError,
    DataError,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    UnsupportedError,
)
from dao.options import number, one_of
from dao_sql._capabilities import sql_capabilities
from dao_sql._connections.connection import Statement
from dao_sql._dialects.dialect import Dialect
from dao_sql._dialects.match import Match
from dao_sql._dialects.statements import Value
from dao_sql._interface import SqlInterface
from dao_sql._sqlite.connection import SqliteConnection
from dao_sql._sqlite.types import of_others
from dao_sql._types.columns import COLLATED, Column, ColumnType, TableName

__all__ = ["SqliteDialect", "SqliteInterface"]

_ZONED, _PLAIN = pa.timestamp("us", "UTC"), pa.timestamp("us")
_TEXTS = (pa.date32(), pa.time64("us"), _PLAIN, _ZONED)
_CUT = (pa.bool_(), pa.float32())
"""The types to which Arrow casts other numbers without an error."""
_NUMBERS = (pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32())
_NO_BYTES = "no path: a number in "
_NUMBER = re.compile(rf"bad JSON path: '{_NO_BYTES}((?:[^']|'')*)'")
"""SQLite raises errors with a text of one's own in triggers alone; that of a path that is none quotes it."""
_ROW_IDS = ("rowid", "_rowid_", "oid")
_NO_ROW_ID = (
    "has no rowid by which its rows could be deleted instead: compare integers, floats, texts or bytes by =, <, IN and "
    "IS NULL, without a COLLATE of theirs"
)
_MEANINGS: tuple[tuple[tuple[str, ...], type[DaoError]], ...] = (
    (("is locked", "SQLITE_BUSY", "schema has changed"), ConflictError),
    (("no such table",), NotFoundError),
    (("readonly", "read-only", "not authorized"), PermissionDeniedError),
    (("constraint failed", "too many columns", "too big"), DataError),
)


class SqliteDialect(Dialect):
    """SQLite's SQL. The declared type of a column says its Arrow type; values are integers, floats, texts and bytes."""

    name = "SQLite"
    types: ClassVar = {
        "bigint": pa.int64(), "integer": pa.int64(), "int": pa.int64(), "smallint": pa.int64(), "tinyint": pa.int64(),
        "mediumint": pa.int64(), "boolean": pa.bool_(),
        "int8": pa.int8(), "int16": pa.int16(), "int32": pa.int32(),
        "uint8": pa.uint8(), "uint16": pa.uint16(), "uint32": pa.uint32(),
        "double": pa.float64(), "double precision": pa.float64(), "real": pa.float64(), "float": pa.float64(),
        "float32": pa.float32(),
        "text": pa.string(), "varchar": pa.string(), "blob": pa.binary(),
        "date": pa.date32(), "time": pa.time64("us"), "timestamp": _PLAIN, "timestamptz": _ZONED,
    }  # fmt: skip
    wires: ClassVar = {
        **dict.fromkeys(_TEXTS, pa.string()), **dict.fromkeys(_NUMBERS, pa.int64()), pa.float32(): pa.float64(),
    }  # fmt: skip
    decimal, decimal_digits = "DECIMAL_TEXT", 76  # with TEXT in its name SQLite makes no float of it
    predicates = "duckdb"
    refuses = frozenset({"nan", "negative_zero"})
    row_id, row_id_type = "rowid", "INTEGER"
    old_marks = "made < datetime('now', '-1 hour')"

    def tables(self, schema: str | None) -> Statement:
        """A query of the names of the tables."""
        return Statement(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND substr(name, 1, 7) <> 'sqlite_'"
        )

    def columns(self, table: TableName) -> Statement:
        """A query of the columns of the tables that SQLite takes for this one."""
        return self.statement(
            f"SELECT t.name, c.name, c.type || CASE WHEN t.type = 'view' OR t.sql LIKE '%collate%' THEN '{COLLATED}' "
            "ELSE '' END, CASE c.\"notnull\" WHEN 0 THEN 'YES' ELSE 'NO' END "
            "FROM sqlite_master AS t, pragma_table_info(t.name) AS c "
            "WHERE t.type IN ('table', 'view') AND lower(t.name) = lower(", Value(table.name), ") ORDER BY t.name",
        )  # fmt: skip

    def declared_type(self, declared: str) -> ColumnType:
        """The type of a column that the catalog declares."""
        found = super().declared_type(declared)
        return found if found.comparable else of_others(found)

    def new_columns(self, columns: Sequence[Column], properties: Mapping[str, Any]) -> tuple[Column, ...]:
        """The columns of a new table.

        Raises:
            DataError: two of them differ in letter case alone.
        """
        known: dict[bytes, str] = {}
        for one in columns:
            other = known.setdefault(one.name.encode().lower(), one.name)  # of A to Z, as SQLite
            if other != one.name:
                raise DataError(
                    f"the columns {other!r} and {one.name!r} differ in letter case alone, which SQLite ignores: "
                    "rename one"
                )
        return super().new_columns(columns, properties)

    def differs(self, given: str, kept: str) -> str:
        """Whether two values differ: SQLite's operator is ``IS NOT``."""
        return f"({kept}) IS NOT {given}"

    def equals(self, column: Column, stored: str, staged: str) -> str:
        """Whether two values are the same, whatever the rules are by which others declared to compare the column."""
        return f"{super().equals(column, stored, staged)} COLLATE BINARY"

    def pushes(self, condition: Predicate, schema: pa.Schema) -> bool:
        """Comparisons of integers, floats, texts and bytes, which SQLite compares as DAO does."""
        return super().pushes(condition, schema) and all(
            schema.field(name).type in (pa.int64(), pa.float64(), pa.string(), pa.binary(), *_NUMBERS[1:])
            for name in condition.columns
        )

    def ordered(self, column: Column, value: str) -> str:
        """A value by which rows are ordered: the text of a decimal isn't one."""
        if pa.types.is_decimal(column.type.arrow):
            raise UnsupportedError(f"order_by: SQLite can't order the decimals of {column.name!r}")
        return f"{column.type.fetch.format(value)} COLLATE BINARY" if pa.types.is_string(column.type.arrow) else value

    def row_number(self, columns: Sequence[Column]) -> str:
        """SQLite's name of a row's number that no column of the table takes."""
        taken = {one.name.lower() for one in columns}
        found = next((name for name in _ROW_IDS if name not in taken), None)
        if found is None:
            raise UnsupportedError(f"where: SQLite can't evaluate it as DAO does, and the table {_NO_ROW_ID}")
        return found

    def fetched(self, column: Column) -> str:
        """SQL of a column's values. The driver would make a text of a number in a column of bytes: that is an error."""
        if not pa.types.is_binary(column.type.arrow):
            return super().fetched(column)
        name, told = self.quote(column.name), self.literal(_NO_BYTES + column.name)
        return f"CASE WHEN typeof({name}) IN ('integer', 'real') THEN json_extract('{{}}', {told}) ELSE {name} END"

    def index_staging(self, staging: TableName, match: Match) -> Statement:
        """An index of the keys."""
        keys = ", ".join(map(self.quote, match.keys))
        return Statement(
            f"CREATE INDEX temp.{self.quote(staging.name + '_keys')} ON {self.quote(staging.name)} ({keys})"
        )

    def decode(self, column: pa.Array, kind: ColumnType) -> pa.Array:
        """The values of a column, from what the driver gave.

        Raises:
            StoreError: others wrote a value of another type: SQLite keeps it.
        """
        try:
            column.validate(full=True)  # a text may be no UTF-8
            given = column
            if pa.types.is_time(kind.arrow):  # Arrow parses no times of day alone
                given = pc.binary_join_element_wise("1970-01-01 ", column, "").cast(_PLAIN)
            found = super().decode(given, kind)
        except pa.ArrowInvalid as error:
            raise StoreError(f"a value isn't of its type {kind.sql}, as SQLite allows: {error}") from error
        if kind.arrow in _CUT and not found.cast(column.type).equals(column):
            raise StoreError(f"a value isn't of its type {kind.sql}, as SQLite allows")
        return found

    def translate(self, error: Exception) -> DaoError | None:
        """DAO's error for one of the driver, by its text: SQLite's codes don't come through."""
        from adbc_driver_manager import Error

        if not isinstance(error, Error) and "[SQLite]" not in str(error):
            return None
        text = " ".join(str(error).split())
        number = _NUMBER.search(text)
        if number is not None:
            name = number[1].replace("''", "'")
            return StoreError(f"column {name!r}: a value isn't of its type BLOB, as SQLite allows: found a number")
        if "no such column: " in text and "_dao_row" in text:
            return UnsupportedError(f"where: SQLite can't evaluate it as DAO does, and the table {_NO_ROW_ID}")
        kind = next((kind for words, kind in _MEANINGS if any(word in text for word in words)), StoreError)
        return kind(f"SQLite refused: {text}")


@even_half_made
@define(slots=False, kw_only=True)
class SqliteInterface(SqlInterface):
    """Tables of a SQLite database, a file.

    Attributes:
        database: the file. It is created if it doesn't exist, and so is its folder.
        journal_mode: SQLite's: ``delete``; or ``wal``, in which readers and a writer don't wait for one another. By
            default what the file has: ``delete`` if it is new. With ``wal`` no other copy of SQLite may have the file
            open in this process, as Python's ``sqlite3`` is one: what it or DAO commits may be lost.
        busy_timeout: milliseconds for which a statement waits for another connection's lock.
        pool_size: how many idle connections are kept: none by default. Closing the file by another copy of
            SQLite ends the locks of all connections of this process (https://sqlite.org/howtocorrupt.html, 2.2.1).
    """

    database: Path
    journal_mode: str | None = field(default=None, validator=optional(one_of("wal", "delete")))
    busy_timeout: int = 5000
    pool_size: int = field(default=0, validator=number("connections", 0))

    capabilities: ClassVar = sql_capabilities(
        lacks_types={
            "nan": "SQLite keeps NULL for it",
            "negative_zero": "SQLite keeps 0.0 for it",
            "names_by_case": "SQLite ignores the case of names",
        }
    )

    @property
    def dialect(self) -> SqliteDialect:
        """SQLite's SQL."""
        return SqliteDialect()

    def locate(self, data_object: DataObject) -> str:
        """Where a table is, for every program of this machine: ``sqlite:///folder/file.db/table``."""
        return f"sqlite://{self.database.absolute()}/{data_object.key}"

    def connect(self) -> SqliteConnection:
        """Open the file."""
        from adbc_driver_sqlite import dbapi

        self.database.parent.mkdir(parents=True, exist_ok=True)
        raw = dbapi.connect(f"file:{self.database}", autocommit=True)
        made = SqliteConnection(raw, begin_writing="BEGIN IMMEDIATE")
        made.query(Statement(f"PRAGMA busy_timeout = {int(self.busy_timeout)}"), None).read_all()
        if self.journal_mode is not None:
            made.query(Statement(f"PRAGMA journal_mode = {self.journal_mode}"), None).read_all()
        return made
