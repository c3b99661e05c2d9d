"""PostgreSQL: its dialect, and the interface ``postgres``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pyarrow as pa
from attrs import define, evolve, field
from attrs.validators import optional

from dao.data_object import DataObject
from dao.display import even_half_made
from dao.errors import DaoError, DataError, TransientError
from dao.options import number
from dao.secrets import Secret
from dao_sql._capabilities import sql_capabilities
from dao_sql._connections.connection import Connection, Statement
from dao_sql._dialects.dialect import Dialect
from dao_sql._dialects.done import Done
from dao_sql._dialects.statements import Value
from dao_sql._interface import SqlInterface
from dao_sql._postgres.connection import PostgresConnection, connect, meaning, server_of
from dao_sql._postgres.documents import refuse_repeated_keys
from dao_sql._types.columns import COLLATED, Column, ColumnType, TableName
from dao_sql._types.holding import declared_parts

__all__ = ["PostgresDialect", "PostgresInterface"]

_LOCKS = {
    "read": "ACCESS SHARE", "append": "ROW EXCLUSIVE", "change": "SHARE ROW EXCLUSIVE", "replace": "ACCESS EXCLUSIVE",
}  # fmt: skip

_SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})
_DOCUMENTS = "jsonb"
_SHORTEST_WAIT = 50  # milliseconds; 0 would be without end


class PostgresDialect(Dialect):
    """PostgreSQL's SQL."""

    name = "PostgreSQL"
    types: ClassVar = {
        "boolean": pa.bool_(), "smallint": pa.int16(), "integer": pa.int32(), "bigint": pa.int64(),
        "real": pa.float32(), "double precision": pa.float64(), "text": pa.string(), "character varying": pa.string(),
        "bytea": pa.binary(), "uuid": pa.uuid(), "date": pa.date32(), "time without time zone": pa.time64("us"),
        "timestamp without time zone": pa.timestamp("us"), "timestamp with time zone": pa.timestamp("us", "UTC"),
    }  # fmt: skip
    decimal, decimal_digits = "NUMERIC", 76
    paramstyle, predicates = "numeric_dollar", "postgres"
    document = "JSON"  # which keeps the order of keys, and every digit
    refuses = frozenset({"nul"})
    name_bytes = 63
    row_id, row_id_type = "ctid", "tid"

    def tables(self, schema: str | None) -> Statement:
        """A query of the names of the tables."""
        return self.statement(
            "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname = ", Value(schema),
        )  # fmt: skip

    def columns(self, table: TableName) -> Statement:
        """A query of a table's columns."""
        return self.statement(
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) || "
            f"CASE WHEN NOT k.collisdeterministic THEN '{COLLATED}' ELSE '' END, "
            "CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END, col_description(c.oid, a.attnum) "
            "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "LEFT JOIN pg_collation k ON k.oid = a.attcollation WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') "
            "AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname = ", Value(table.schema), " AND c.relname = ",
            Value(table.name), " ORDER BY a.attnum",
        )  # fmt: skip

    def column_type(self, column: pa.Field) -> ColumnType:
        """The type of a new column, which may not have the name of one that each table has."""
        if column.name in _SYSTEM_COLUMNS:
            raise DataError(f"column {column.name!r}: every table of PostgreSQL has one of that name: rename it")
        return super().column_type(column)

    def numbered(self, table: TableName) -> Statement | None:
        """The columns that are GENERATED, and those of a sequence: ``serial``."""
        return self.statement(
            "SELECT a.attname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
            "WHERE (a.attidentity <> '' OR a.attgenerated <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%') "
            "AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname = ", Value(table.schema), " AND c.relname = ",
            Value(table.name),
        )  # fmt: skip

    def literal(self, text: str) -> str:
        """A text as SQL: one in which backslashes escape, however the server is set."""
        return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"

    def lock(self, table: TableName, purpose: str) -> Sequence[Statement]:
        """Lock a table; readers wait for who replaces it alone."""
        return [Statement(f"LOCK TABLE {self.table(table)} IN {_LOCKS[purpose]} MODE")]

    def bounded(self, statements: Sequence[Statement], seconds: float) -> Sequence[Statement]:
        """The session has the longest wait already."""
        if seconds >= self.longest_wait:
            return statements
        limit = max(_SHORTEST_WAIT, round(seconds * 1000))
        return [Statement(f"SET LOCAL lock_timeout = '{limit}ms'"), *statements]

    def waited(self, error: Exception) -> bool:
        """Whether it is the error of ``lock_timeout``."""
        return getattr(error, "sqlstate", None) == "55P03"

    def declared_type(self, declared: str) -> ColumnType:
        """The type of a column that the catalog declares; one with a number is narrower than its type in Arrow."""
        found = super().declared_type(declared)
        name, narrow, _ = declared_parts(declared)
        if name == _DOCUMENTS:
            return evolve(found, kept=None)  # other texts come back, of the same documents
        if name not in self.types or narrow is None:
            return found
        store = f"CAST({{}} AS {declared})"
        return evolve(found, staged=name.upper(), store=store, kept=store)

    def check_values(self, batch: pa.RecordBatch, columns: Sequence[Column], first_row: int) -> None:
        """Check that no document has a key twice: ``jsonb`` keeps the last one."""
        for column, values in zip(columns, batch.columns, strict=True):
            if column.type.sql == _DOCUMENTS:
                refuse_repeated_keys(column.name, values, first_row)

    def change_column(self, table: TableName, old: Column, new: Column) -> Sequence[Statement]:
        """Give a column a wider type, or let it hold NULL."""
        change = f"ALTER TABLE {self.table(table)} ALTER COLUMN {self.quote(new.name)}"
        wider = [Statement(f"{change} TYPE {new.type.sql}")] if old.type != new.type else []
        return [*wider, *([Statement(f"{change} DROP NOT NULL")] if new.nullable and not old.nullable else [])]

    def equals(self, column: Column, stored: str, staged: str) -> str:
        """Whether two values are the same: texts by their bytes, whatever the column's own rules are."""
        same = super().equals(column, stored, staged)
        is_text = pa.types.is_string(column.type.arrow)
        return same if column.type.comparable or not is_text else f'{same} COLLATE "C"'

    def ordered(self, column: Column, value: str) -> str:
        """A value by which rows are ordered: texts by their bytes, NaN as NULL."""
        if pa.types.is_string(column.type.arrow):
            return f'{column.type.fetch.format(value)} COLLATE "C"'
        return f"NULLIF({value}, 'NaN')" if pa.types.is_floating(column.type.arrow) else value

    def mark(self, connection: Connection, schema: str | None, done: Done | None) -> Any:
        """The number of the transaction."""
        found = connection.query(Statement("SELECT pg_current_xact_id()::text"), None).read_all()
        return found.column(0)[0].as_py()

    def was_committed(self, connection: Connection, schema: str | None, mark: Any) -> bool:
        """Whether the transaction of a number was committed."""
        asked = self.statement("SELECT pg_xact_status(", Value(mark), "::text::xid8)")
        status = connection.query(asked, None).read_all().column(0)[0].as_py()
        if status == "in progress":
            raise TransientError("the answer to COMMIT was lost, and the transaction is still in progress")
        return bool(status == "committed")

    def translate(self, error: Exception) -> DaoError | None:
        """DAO's error for one of the driver, by its SQLSTATE."""
        return meaning(error)


@even_half_made
@define(slots=False, kw_only=True)
class PostgresInterface(SqlInterface):
    """Tables of a schema of a PostgreSQL database, version 13 or newer.

    Attributes:
        uri: where it is and as whom, as libpq takes it: ``postgresql://user:password@host:5432/database``.
        schema_name: the option ``schema``: the schema that the tables are in.
        statement_timeout: seconds after which the server gives up a statement; None for its own setting.
    """

    uri: Secret
    schema_name: str = field(default="public", alias="schema")
    statement_timeout: float | None = field(default=None, validator=optional(number("seconds", 0.001)))

    capabilities: ClassVar = sql_capabilities(
        keeps=("uuid", "list", "large_list", "fixed_size_list", "struct", "map"),
        lacks_types={
            "control_text": "PostgreSQL's text has no character NUL",
            "long_names": "PostgreSQL's names have 63 bytes at most",
        },
        relaxes={"integers": "PostgreSQL has integers of 16, 32 and 64 bits: int8 and uint8 become int16"},
    )

    @property
    def dialect(self) -> PostgresDialect:
        """PostgreSQL's SQL."""
        return PostgresDialect()

    def locate(self, data_object: DataObject) -> str:
        """Where a table is, for everybody: ``postgres://host:port/database.schema.table``.

        Empty where the URI doesn't say: without a host or a database libpq takes those of its environment.
        """
        server, database = server_of(self.uri)
        return f"{server}/{database}.{self.schema_name}.{data_object.key}" if server else ""

    def connect(self) -> PostgresConnection:
        """Open a connection."""
        made = connect(self.uri)
        if self.statement_timeout is not None:
            made.execute(Statement(f"SET statement_timeout = {int(self.statement_timeout * 1000)}"))
        return made
