"""What differs between SQL databases: names, types, statements, catalogs, errors. All hooks can be overridden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar
from uuid import uuid4

import pyarrow as pa

from dao.arrow.predicates import Comparison, In, IsNull, Literal, Predicate
from dao.errors import DaoError, UnsupportedError
from dao_sql._connections.connection import Connection, HeldRows, Statement
from dao_sql._dialects.done import Done
from dao_sql._dialects.statements import Value
from dao_sql._dialects.types import TypesDialect
from dao_sql._dialects.upserts import UpsertsDialect
from dao_sql._documents.types import note_of
from dao_sql._types.columns import Column, TableName

__all__ = ["Dialect"]

_MARKS = "_dao_commits"


class Dialect(TypesDialect, UpsertsDialect):
    """A database's SQL. A dialect of another database inherits it, and says what is different there.

    Attributes:
        name: the database's name, for messages.
        types: the SQL types by their names in the catalog, in lower case, each with the Arrow type of its values. The
            first of an Arrow type is what ``CREATE TABLE`` says.
        wires: the Arrow types in which the driver takes and gives some of those types.
        decimal: the name of the type of decimals; empty if there is none.
        decimal_digits: the most digits of a decimal.
        document: the type of JSON documents, in which nested values are kept; empty where none are. The type of the
            values is a note on the column, for which the database must have ``COMMENT ON COLUMN``.
        paramstyle: the driver's placeholders: ``qmark``, ``numeric_dollar`` or ``format``.
        predicates: the dialect of :func:`dao.arrow.predicates.to_sql` that the database understands.
        refuses: values that are refused as they would not come back: ``nan``, ``infinity``, ``negative_zero``, ``nul``.
        name_bytes: the most bytes of a name; None without a limit. Longer ones are refused.
        row_id: the name of a column that identifies each row while the table is locked; empty if there is none.
        row_id_type: the type of that column.
        longest_wait: seconds for which one statement waits for a lock at most; after that the transaction is made
            again, as those that queue behind it had to wait too.
        old_marks: a condition on the column ``made`` of the table of :meth:`mark`, for those that are of no use now.
    """

    predicates: ClassVar[str] = "postgres"
    refuses: ClassVar[frozenset[str]] = frozenset()
    longest_wait: ClassVar[float] = 5.0
    row_id: ClassVar[str] = ""
    row_id_type: ClassVar[str] = ""
    old_marks: ClassVar[str] = ""

    # tables

    def tables(self, schema: str | None) -> Statement:
        """A query of the names of the tables in a schema, as one column of text."""
        raise NotImplementedError

    def columns(self, table: TableName) -> Statement:
        """A query of a table's columns in their order.

        Its columns are texts: the table's name as it is stored, the column's name, its declared type, and ``YES`` or
        ``NO`` for whether it may hold NULL; where there are documents the comment on the column too. Behind the type is
        `` COLLATE`` where the database may compare texts by other rules than their bytes. A database that ignores the
        case of names gives each such table.
        """
        raise NotImplementedError

    def numbered(self, table: TableName) -> Statement | None:
        """A query of the names, as one column of text, of a table's columns that the database numbers in new rows.

        Rows that lack such a column are added without it. None where the database has none that are to be left out.
        """
        return None

    def create_table(
        self, table: TableName, columns: Sequence[Column], properties: Mapping[str, Any]
    ) -> Sequence[Statement]:
        """Create a table, or fail if it is there.

        Args:
            table: its name.
            columns: its columns.
            properties: what the caller asks for beside: the argument ``properties``, or the object's.

        Raises:
            UnsupportedError: a property that the database hasn't.
        """
        for name in properties:
            raise UnsupportedError(f"properties: {self.name} has no {name!r}")
        return [Statement(f"CREATE TABLE {self.table(table)} ({self.column_list(columns)})")]

    def create_staging(self, table: TableName, columns: Sequence[Column]) -> Statement:
        """Create a temporary table with the staged types of columns."""
        listed = ", ".join(f"{self.quote(one.name)} {one.type.staged}" for one in columns)
        return Statement(f"CREATE TEMPORARY TABLE {self.table(table)} ({listed})")

    def hold(
        self, connection: Connection, columns: Sequence[Column], rows: pa.RecordBatchReader
    ) -> AbstractContextManager[HeldRows] | None:
        """Keep rows outside of the database until a transaction adds them to a table as they are.

        A database overrides it that loads fast from elsewhere: each row is written once then, not into a staging table
        before.

        Args:
            connection: the connection, in no transaction.
            columns: the columns of the rows.
            rows: the rows in the columns' wire types; they are read to their end as the context is entered.

        Returns:
            The rows, for the ``with`` block; None, with `rows` unread, if they are to go to a staging table.
        """
        return None

    def notes(self, table: TableName, columns: Sequence[Column]) -> Sequence[Statement]:
        """Note the types of documents as comments on their columns, in the transaction that makes the columns."""
        named = [(self.quote(one.name), one.type.arrow) for one in columns if one.type.is_document]
        return [
            Statement(f"COMMENT ON COLUMN {self.table(table)}.{name} IS {self.literal(note_of(kind))}")
            for name, kind in named
        ]

    def literal(self, text: str) -> str:
        """A text as SQL, where no value can be bound."""
        return "'" + text.replace("'", "''") + "'"

    def column_list(self, columns: Sequence[Column]) -> str:
        """The columns in a ``CREATE TABLE``."""
        return ", ".join(
            f"{self.quote(one.name)} {one.type.sql}{'' if one.nullable else ' NOT NULL'}" for one in columns
        )

    def drop_table(self, table: TableName) -> Statement:
        """Drop a table."""
        return Statement(f"DROP TABLE {self.table(table)}")

    def rename_table(self, table: TableName, name: str) -> Statement:
        """Give a table another name in its schema."""
        return Statement(f"ALTER TABLE {self.table(table)} RENAME TO {self.quote(name)}")

    def add_column(self, table: TableName, column: Column) -> Statement:
        """Add a column, null in the rows that are there."""
        return Statement(f"ALTER TABLE {self.table(table)} ADD COLUMN {self.quote(column.name)} {column.type.sql}")

    def change_column(self, table: TableName, old: Column, new: Column) -> Sequence[Statement]:
        """Give a column a wider type, or let it hold NULL.

        Raises:
            UnsupportedError: the database can't.
        """
        raise UnsupportedError(
            f"column {old.name!r} is {old.type.sql} and would become {new.type.sql}, and {self.name} can't change the "
            "type of a column: overwrite the table"
        )

    def new_columns(self, columns: Sequence[Column], properties: Mapping[str, Any]) -> tuple[Column, ...]:
        """The columns of a new table, of those that its data has and what the caller asks for beside.

        Raises:
            DataError: the database has no such table.
        """
        return tuple(columns)

    # rows

    def check_values(self, batch: pa.RecordBatch, columns: Sequence[Column], first_row: int) -> None:
        """Check that columns keep the values of some rows, which are in the types that readers get.

        Args:
            batch: the rows.
            columns: its columns.
            first_row: the number of its first row, for messages.

        Raises:
            DataError: a column would change a value, and the database doesn't refuse it by itself.
        """

    def changed(self, staging: TableName, columns: Sequence[Column]) -> Statement:
        """A query of one row of a staging table with a value that its column would change: all as text, in pairs.

        Args:
            staging: the staging table.
            columns: those of its columns whose types say what is :attr:`~dao_sql.ColumnType.kept`, at least one.
        """
        pairs = [(self.quote(one.name), (one.type.kept or "").format(self.quote(one.name))) for one in columns]
        shown = ", ".join(
            f"CAST({value} AS {self.text}) AS c{n}" for n, value in enumerate(v for p in pairs for v in p)
        )
        found = " OR ".join(self.differs(given, kept) for given, kept in pairs)
        return Statement(f"SELECT {shown} FROM {self.table(staging)} WHERE {found} LIMIT 1")

    def differs(self, given: str, kept: str) -> str:
        """SQL of whether a staged value and what comes back of it are two."""
        return f"({kept}) IS DISTINCT FROM {given}"

    def lock(self, table: TableName, purpose: str) -> Sequence[Statement]:
        """Lock a table until the end of the transaction.

        Args:
            table: the table, which is there.
            purpose: ``read``: it keeps its columns. ``append``: that, and others may append too. ``change``: no other
                transaction writes to it. ``replace``: no other one reads it either.
        """
        return ()

    def bounded(self, statements: Sequence[Statement], seconds: float) -> Sequence[Statement]:
        """Statements that lock a table with a limit of the time for which they wait, where the database has one.

        What they set is set back at the end of the transaction at the latest, whether it is committed or not.

        Args:
            statements: those of :meth:`lock` or :meth:`lock_memory`.
            seconds: the limit; it may be 0 or less where the call has no time left.
        """
        return statements

    def waited(self, error: Exception) -> bool:
        """Whether the driver's error of such a statement means that the limit is over."""
        return False

    def select(
        self, table: TableName, columns: Sequence[Column], where: Statement | None = None, limit: int | None = None
    ) -> Statement:
        """A query of the rows that fulfil a condition: the columns as the driver is to give them."""
        wanted = ", ".join(f"{self.fetched(one)} AS {self.quote(one.name)}" for one in columns)
        filtered = () if where is None else (" WHERE ", where)
        limited = "" if limit is None else f" LIMIT {int(limit)}"
        return self.statement(f"SELECT {wanted or 'NULL'} FROM {self.table(table)}", *filtered, limited)

    def fetched(self, column: Column) -> str:
        """SQL of what the driver gives of a column's values, in a query of its table."""
        return column.type.fetch.format(self.quote(column.name))

    def count(self, table: TableName, where: Statement | None = None) -> Statement:
        """Count the rows that fulfil a condition, or all."""
        filtered = () if where is None else (" WHERE ", where)
        return self.statement(f"SELECT COUNT(*) AS rows FROM {self.table(table)}", *filtered)

    # predicates

    def pushes(self, condition: Predicate, schema: pa.Schema) -> bool:
        """Whether the database evaluates a condition on these columns exactly as DAO does; only such are pushed."""
        if isinstance(condition, Comparison):
            return condition.op in ("=", "<>", "<", "<=", ">", ">=") and isinstance(condition.right, Literal)
        return isinstance(condition, (In, IsNull))

    def bindable(self, value: Any) -> Any:
        """A value of a predicate as the driver takes it."""
        return value

    def row_number(self, columns: Sequence[Column]) -> str:
        """The name, in a table with these columns, of what identifies each row while the table is locked.

        Raises:
            UnsupportedError: the table has none.
        """
        return self.row_id

    def analyze(self, table: TableName) -> Statement:
        """Gather statistics of a table."""
        return Statement(f"ANALYZE {self.table(table)}")

    def tidy(self, rows: pa.Table) -> pa.Table:
        """The result of a caller's own query without the driver's own types and metadata."""
        fields, columns = [], []
        for field, column in zip(rows.schema, rows.columns, strict=True):
            opaque = isinstance(field.type, pa.BaseExtensionType) and field.type.extension_name == "arrow.opaque"
            columns.append(column.cast(field.type.storage_type) if opaque else column)
            fields.append(pa.field(field.name, columns[-1].type, field.nullable))
        return pa.Table.from_arrays(columns, schema=pa.schema(fields))

    # transactions and errors

    def fetches(self, connection: Connection) -> bool:
        """Whether the rows of a stream are still to be fetched on its connection, after its query was run."""
        return True

    def create_memory(self, table: TableName) -> Statement:
        """Create a table in which DAO keeps keys or positions of tables: three texts, the first two unique."""
        columns = ", ".join(f"{name} {self.text} NOT NULL" for name in ("table_name", "name", "value"))
        return Statement(f"CREATE TABLE {self.table(table)} ({columns}, PRIMARY KEY (table_name, name))")

    def lock_memory(self, table: TableName) -> Sequence[Statement]:
        """Lock such a table until the end of the transaction, where the database doesn't check that keys are unique."""
        return ()

    def mark(self, connection: Connection, schema: str | None, done: Done | None) -> Any:
        """Leave a mark of the transaction that is open, by which it can be found if the answer to COMMIT is lost.

        Args:
            connection: in its transaction, of which this is the last statement.
            schema: the schema of its tables.
            done: what it does, for a database that keeps a history beside the mark; None if it changes no table.
        """
        token, table = uuid4().hex, self.table(TableName(_MARKS, schema))
        columns = f"token {self.text}, made TIMESTAMP DEFAULT CURRENT_TIMESTAMP"
        connection.execute(Statement(f"CREATE TABLE IF NOT EXISTS {table} ({columns})"))
        if self.old_marks:
            connection.execute(Statement(f"DELETE FROM {table} WHERE {self.old_marks}"))
        connection.execute(self.statement(f"INSERT INTO {table} (token) VALUES (", Value(token), ")"))
        return token

    def was_committed(self, connection: Connection, schema: str | None, mark: Any) -> bool:
        """Whether the transaction of a mark was committed, asked on another connection.

        Raises:
            TransientError: it isn't known yet.
        """
        asked = self.statement(f"SELECT token FROM {self.table(TableName(_MARKS, schema))} WHERE token = ", Value(mark))
        return bool(connection.query(asked, pa.schema({"token": pa.string()})).read_all().num_rows)

    def translate(self, error: Exception) -> DaoError | None:
        """DAO's error for one of the driver; None for one that isn't the driver's."""
        raise NotImplementedError
