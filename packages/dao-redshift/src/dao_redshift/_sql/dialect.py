"""Redshift's SQL, where it differs from other databases'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol, cast
from uuid import uuid4

import pyarrow as pa
import pyarrow.types as pt
from attrs import evolve

from dao.arrow.predicates import ArrowExpression, Like, Predicate
from dao.errors import DaoError, DataError, TransientError, UnsupportedError
from dao_redshift import _errors
from dao_redshift._call import widened_table
from dao_redshift._sql import history, texts
from dao_redshift._sql.properties import TableProperties
from dao_redshift._types import lengths
from dao_redshift._types.values import times_of
from dao_sql import Column, ColumnType, Connection, Dialect, Done, HeldRows, Statement, TableName, Value

__all__ = ["RedshiftDialect"]

_TEXT = lengths.LONGEST[pa.string()]
_PUBLIC = "public"
_OWN_COLUMNS = ("oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
_MOST_SCALE = 37
_WITH_OTHER_PAIRS = frozenset("iks")
_VARYING = ("character varying", "varchar", "text")
_SHORTEST_WAIT = 1.0  # seconds, in which a free lock is got


class _Holding(Protocol):
    """What holds rows: a connection.

    Attributes:
        load: the number of the COPY by which the last rows came; None if they came by INSERT.
        in_transaction: whether a transaction is open.
    """

    load: int | None

    @property
    def in_transaction(self) -> bool: ...

    def hold(self, rows: pa.RecordBatchReader) -> AbstractContextManager[HeldRows] | None:
        """Hold them for the ``with`` block; None, with `rows` unread, where there is no staging place."""
        ...


class RedshiftDialect(Dialect):
    """The dialect."""

    name: ClassVar[str] = "Redshift"
    types: ClassVar[Mapping[str, pa.DataType]] = {
        "boolean": pa.bool_(),
        "smallint": pa.int16(),
        "integer": pa.int32(),
        "bigint": pa.int64(),
        "real": pa.float32(),
        "double precision": pa.float64(),
        "character varying": pa.string(),
        "character": pa.string(),
        "text": pa.string(),
        "date": pa.date32(),
        "time without time zone": pa.time64("us"),
        "timestamp without time zone": pa.timestamp("us"),
        "timestamp with time zone": pa.timestamp("us", "UTC"),
        "binary varying": pa.binary(),
        "bytea": pa.binary(),
    }
    wires: ClassVar[Mapping[pa.DataType, pa.DataType]] = {}
    decimal: ClassVar[str] = "NUMERIC"
    document: ClassVar[str] = "SUPER"
    paramstyle: ClassVar[str] = "numeric_dollar"
    predicates: ClassVar[str] = "redshift"
    refuses: ClassVar[frozenset[str]] = frozenset({"nul"})
    name_bytes: ClassVar[int | None] = 127
    longest_wait: ClassVar[float] = 15.0

    def __init__(self, statement_timeout: float | None = None) -> None:
        """A dialect for sessions with this ``statement_timeout`` in seconds; None for the user's own setting."""
        self._statement_timeout = statement_timeout

    def quote(self, name: str) -> str:
        """Quote a name."""
        return texts.name(name)

    @property
    def text(self) -> str:
        """The longest text."""
        return _TEXT

    def make_type(self, arrow: pa.DataType, sql: str) -> ColumnType:
        """The type of a column: of a new one with its greatest length. The blanks that CHAR adds are taken off."""
        if pt.is_time(arrow):  # which COPY takes from no Parquet, and UNLOAD gives to none
            return ColumnType(arrow, sql, pa.string(), "VARCHAR(18)", "CAST({} AS TIME)", "CAST({} AS VARCHAR)")
        return lengths.column_type(arrow, sql)

    def decode(self, column: pa.Array, kind: ColumnType) -> pa.Array:
        """The values of a column as readers get them; times of day come as text."""
        if pt.is_time(kind.arrow) and (pt.is_string(column.type) or pt.is_large_string(column.type)):
            return times_of(column.cast(pa.string()))
        return super().decode(column, kind)

    def column_type(self, column: pa.Field) -> ColumnType:
        """The type of a new column; of a decimal's digits 37 at most are behind the point.

        Raises:
            DataError: its name is one of the warehouse's own.
        """
        if column.name in _OWN_COLUMNS:
            raise DataError(
                f"column {column.name!r}: every table of Redshift has columns {', '.join(_OWN_COLUMNS)} of its own: "
                "give it another name"
            )
        if pt.is_decimal(column.type) and column.type.scale > _MOST_SCALE:
            raise UnsupportedError(
                f"column {column.name!r} is {column.type}, and Redshift's decimals have up to {_MOST_SCALE} digits "
                "behind the point"
            )
        return super().column_type(column)

    def decimal_type(self, arrow: pa.DataType) -> ColumnType:
        """The type of a column of decimals, whose Parquet type COPY must know."""
        narrow = pa.decimal128(arrow.precision, arrow.scale)
        return ColumnType(narrow, f"NUMERIC({arrow.precision}, {arrow.scale})")

    def declared_type(self, declared: str) -> ColumnType:
        """The type of a column that the catalog declares; SUPER without a note of a type is read as JSON."""
        if declared.upper() == self.document:
            return self.document_type(pa.string())
        return super().declared_type(declared)

    def document_type(self, arrow: pa.DataType) -> ColumnType:
        """The type of a column of documents, which the driver and UNLOAD give as their texts, whatever their length."""
        most = lengths.column_type(pa.string(), _TEXT).length
        return ColumnType(arrow, self.document, pa.string(), _TEXT, "JSON_PARSE({})", comparable=False, length=most)

    def literal(self, text: str) -> str:
        """A text as SQL."""
        return texts.text(text)

    def tables(self, schema: str | None) -> Statement:
        """The tables and views of a schema."""
        return self.statement(
            "SELECT CAST(c.relname AS VARCHAR) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
            "ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname = ",
            Value(schema or _PUBLIC),
        )

    def columns(self, table: TableName) -> Statement:
        """A table's columns; names differ by letter case, as the session is set."""
        return self.statement(
            "SELECT CAST(c.relname AS VARCHAR), CAST(a.attname AS VARCHAR), "
            "pg_catalog.format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END, "
            "d.description FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_catalog.pg_description d "
            "ON d.objoid = c.oid AND d.objsubid = a.attnum WHERE a.attnum > 0 AND NOT a.attisdropped "
            "AND c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname = ",
            Value(table.schema or _PUBLIC),
            " AND c.relname = ",
            Value(table.name),
            " ORDER BY a.attnum",
        )

    def numbered(self, table: TableName) -> Statement | None:
        """The IDENTITY columns, which the view tells by their defaults."""
        return self.statement(
            "SELECT CAST(column_name AS VARCHAR) FROM svv_columns WHERE (column_default LIKE '\"identity\"(%' "
            "OR column_default LIKE 'default_identity(%' OR column_default LIKE '\"default_identity\"(%') "
            "AND table_schema = ",
            Value(table.schema or _PUBLIC),
            " AND table_name = ",
            Value(table.name),
        )

    def create_table(
        self, table: TableName, columns: Sequence[Column], properties: Mapping[str, Any]
    ) -> Sequence[Statement]:
        """Create a table with its distribution, sort key, encodings, identity columns and keys."""
        found = TableProperties.of(properties, [one.name for one in columns])
        listed = [
            *found.identity_columns(),
            *(
                f"{self.quote(one.name)} {one.type.sql}{'' if one.nullable else ' NOT NULL'}"
                f"{found.column_suffix(one.name)}"
                for one in columns
                if one.name not in found.identity
            ),
            *found.constraints(),
        ]
        return [Statement(f"CREATE TABLE {self.table(table)} ({', '.join(listed)}){found.table_suffix()}")]

    def new_columns(self, columns: Sequence[Column], properties: Mapping[str, Any]) -> tuple[Column, ...]:
        """The columns of a new table, with the lengths that are asked for.

        Raises:
            DataError: there are none; a length is asked for where there is no text; or SUPER distributes or sorts.
        """
        if not columns:
            raise DataError("found rows without columns, and a table of Redshift has one at least")
        found = TableProperties.of(properties, [one.name for one in columns])
        asked = found.lengths
        for one in columns:
            if one.type.sql == self.document and one.name in (found.distkey, *found.sortkey):
                raise DataError(f"distkey, sortkey: found {one.name!r}, and rows aren't distributed or sorted by SUPER")
            if one.name in asked and not pt.is_string(one.type.arrow):
                raise DataError(f"lengths: found {one.name!r}, a column of {one.type.sql}, expected columns of text")
        return tuple(
            evolve(one, type=lengths.shortened(one.type, asked[one.name])) if one.name in asked else one
            for one in columns
        )

    def check_values(self, batch: pa.RecordBatch, columns: Sequence[Column], first_row: int) -> None:
        """Check that no text and no bytes are longer than their column."""
        for column, values in zip(columns, batch.columns, strict=True):
            if not column.type.is_document:
                lengths.check(column, values, first_row, widened=widened_table() is not None)

    def hold(
        self, connection: Connection, columns: Sequence[Column], rows: pa.RecordBatchReader
    ) -> AbstractContextManager[HeldRows] | None:
        """Keep rows in the staging place, or few of them here; not such as SQL must convert in a staging table."""
        if any(one.type.store != "{}" for one in columns):
            return None
        return cast("_Holding", connection).hold(rows)

    def add_column(self, table: TableName, column: Column) -> Statement:
        """Add a column, null in the rows that are there."""
        return super().add_column(table, evolve(column, nullable=True))

    def lock(self, table: TableName, purpose: str) -> Sequence[Statement]:
        """Lock a table: Redshift's one lock keeps all others out, so rows are read and added without it."""
        return [Statement(f"LOCK TABLE {self.table(table)}")] if purpose in ("change", "replace") else []

    def equals(self, column: Column, stored: str, staged: str) -> str:
        """Whether two values are one: texts of one length too, as Redshift ignores blanks at their ends."""
        same = super().equals(column, stored, staged)
        return f"{same} AND LEN({stored}) = LEN({staged})" if column.type.sql.lower().startswith(_VARYING) else same

    def ordered(self, column: Column, value: str) -> str:
        """A value by which rows are ordered: texts with a character behind the blanks at their ends, NaN as NULL."""
        if pt.is_string(column.type.arrow):
            return f"({value} || CHR(1))"
        return f"NULLIF({value}, CAST('NaN' AS FLOAT8))" if pt.is_floating(column.type.arrow) else value

    def is_text(self, column: str, value: str) -> Sequence[str | Value]:
        """Whether a column has a text, and not that one with blanks at its end."""
        return (*super().is_text(column, value), f" AND LEN({column}) = {len(value)}")

    def differs(self, given: str, kept: str) -> str:
        """Whether two texts differ, also in blanks at their ends; there is no ``IS DISTINCT FROM``."""
        return f"({kept} <> {given} OR LEN({kept}) <> LEN({given}))"

    def bounded(self, statements: Sequence[Statement], seconds: float) -> Sequence[Statement]:
        """By ``statement_timeout``, as Redshift has none for locks; not where the session's own ends sooner."""
        usual, limit = self._statement_timeout, max(seconds, _SHORTEST_WAIT)
        if usual is not None and usual <= limit:
            return statements
        again = "DEFAULT" if usual is None else _milliseconds(usual)
        return [
            Statement(f"SET LOCAL statement_timeout TO {_milliseconds(limit)}"),
            *statements,
            Statement(f"SET LOCAL statement_timeout TO {again}"),
        ]

    def waited(self, error: Exception) -> bool:
        """Whether it is the error of ``statement_timeout``."""
        return _errors.sqlstate(error) == "57014"

    def fetches(self, connection: Connection) -> bool:
        """Whether a cursor is open: its transaction ends when the rows have left the warehouse."""
        return cast("_Holding", connection).in_transaction

    def lock_memory(self, table: TableName) -> Sequence[Statement]:
        """Lock a table of keys, which Redshift doesn't check."""
        return self.lock(table, "change")

    def pushes(self, condition: Predicate, schema: pa.Schema) -> bool:
        """Whether the warehouse evaluates a condition exactly.

        All that a tree has is, since what isn't pushed can't be deleted by: Redshift has no numbers of rows. Not ILIKE
        with letters of which DAO has other pairs: those beyond ASCII, and the three that have partners there (K, ſ, İ).
        """
        if isinstance(condition, Like) and condition.ignore_case:
            pattern = str(condition.pattern.value)
            return pattern.isascii() and not _WITH_OTHER_PAIRS & set(pattern.lower())
        return not isinstance(condition, ArrowExpression)

    def mark(self, connection: Connection, schema: str | None, done: Done | None) -> str:
        """Leave a mark of the open transaction, with what it does; the table that it is in is locked until the end."""
        mark = uuid4().hex
        connection.execute(history.noted(self, schema, mark, done, cast("_Holding", connection).load))
        return mark

    def was_committed(self, connection: Connection, schema: str | None, mark: Any) -> bool:
        """Whether a transaction was committed. The lock waits for those that are on their way."""
        connection.begin(writing=True)
        try:
            connection.execute(Statement(f"LOCK TABLE {history.commits(schema)}"))
            asked = self.statement(f"SELECT COUNT(*) FROM {history.commits(schema)} WHERE mark = ", Value(mark))
            return bool(connection.query(asked, None).read_all().column(0)[0].as_py())
        except Exception as error:
            raise TransientError(f"it isn't known whether the transaction was committed: {error}") from error
        finally:
            connection.rollback()

    def translate(self, error: Exception) -> DaoError | None:
        """DAO's error for one of the driver."""
        return _errors.translate(error)

    def is_lost(self, error: BaseException) -> bool:
        """Whether an error means that the connection was lost."""
        return _errors.is_lost(error)


def _milliseconds(seconds: float) -> int:
    """A time as the warehouse's settings have it."""
    return round(seconds * 1000)
