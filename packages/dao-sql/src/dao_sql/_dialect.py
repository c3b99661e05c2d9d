"""What differs between SQL databases: names, types, statements, catalogs, errors. All hooks can be overridden."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar
from uuid import uuid4

import pyarrow as pa

from dao.arrow.predicates import Comparison, In, IsNull, Literal, Predicate
from dao.errors import DaoError, DataError, UnsupportedError
from dao_sql._columns import Column, ColumnType, TableName
from dao_sql._connection import Connection, Statement
from dao_sql._statements import Value, statement
from dao_sql._types import declared_parts, holding

__all__ = ["Dialect"]

_MARKS = "_dao_commits"


class Dialect:
    """A database's SQL. A dialect of another database inherits it, and says what is different there.

    Attributes:
        name: the database's name, for messages.
        types: the SQL types by their names in the catalog, in lower case, each with the Arrow type of its values. The
            first of an Arrow type is what ``CREATE TABLE`` says.
        wires: the Arrow types in which the driver takes and gives some of those types.
        decimal: the name of the type of decimals; empty if there is none.
        decimal_digits: the most digits of a decimal.
        paramstyle: the driver's placeholders: ``qmark``, ``numeric_dollar`` or ``format``.
        predicates: the dialect of :func:`dao.arrow.predicates.to_sql` that the database understands.
        refuses: values that are refused as they would not come back: ``nan``, ``infinity``, ``negative_zero``, ``nul``.
        name_bytes: the most bytes of a name; None without a limit. Longer ones are refused.
        row_id: the name of a column that identifies each row while the table is locked; empty if there is none.
        row_id_type: the type of that column.
        old_marks: a condition on the column ``made`` of the table of :meth:`mark`, for those that are of no use now.
    """

    name: ClassVar[str]
    types: ClassVar[Mapping[str, pa.DataType]]
    wires: ClassVar[Mapping[pa.DataType, pa.DataType]] = {}
    decimal: ClassVar[str] = ""
    decimal_digits: ClassVar[int] = 38
    paramstyle: ClassVar[str] = "qmark"
    predicates: ClassVar[str] = "postgres"
    refuses: ClassVar[frozenset[str]] = frozenset()
    name_bytes: ClassVar[int | None] = None
    row_id: ClassVar[str] = ""
    row_id_type: ClassVar[str] = ""
    old_marks: ClassVar[str] = ""

    # names

    def quote(self, name: str) -> str:
        """Quote a name: the one way in which a name gets into a statement.

        Raises:
            DataError: it is empty, has a NUL, or is too long for the database.
        """
        if not name or "\0" in name:
            raise DataError(f"{name!r} is no name in {self.name}: it is empty, or has a character NUL")
        if self.name_bytes is not None and len(name.encode()) > self.name_bytes:
            raise DataError(f"the name {name!r} is longer than the {self.name_bytes} bytes that {self.name} keeps")
        return '"' + name.replace('"', '""') + '"'

    def table(self, table: TableName) -> str:
        """The quoted name of a table, with its schema."""
        quoted = self.quote(table.name)
        return quoted if table.temporary or table.schema is None else f"{self.quote(table.schema)}.{quoted}"

    def names(self, columns: Sequence[Column], prefix: str = "") -> str:
        """The quoted names of columns, as a list."""
        return ", ".join(prefix + self.quote(one.name) for one in columns)

    def statement(self, *parts: str | Value | Statement) -> Statement:
        """Join SQL and values to be bound."""
        return statement(self.paramstyle, *parts)

    # types

    def column_type(self, column: pa.Field) -> ColumnType:
        """The type of a new column for the values of an Arrow field.

        Raises:
            UnsupportedError: the database has no type for them.
        """
        arrow = holding(column.type, {*self.types.values(), *self._decimals(column.type)})
        if arrow is None:
            raise UnsupportedError(f"column {column.name!r} is {column.type}, for which {self.name} has no type")
        if pa.types.is_decimal(arrow):
            return self.decimal_type(arrow)
        return self.make_type(arrow, next(name for name, kind in self.types.items() if kind.equals(arrow)).upper())

    def declared_type(self, declared: str) -> ColumnType:
        """The type of a column that a catalog declares; what isn't known is read as text."""
        name, first, second = declared_parts(declared)
        if name in self.types:
            return self.make_type(self.types[name], declared)
        if self.decimal and name == declared_parts(self.decimal)[0] and first is not None and first <= 76:
            return self.decimal_type((pa.decimal128 if first <= 38 else pa.decimal256)(first, second or 0))
        return ColumnType(pa.string(), declared, staged=self.text, store=f"CAST({{}} AS {declared})",
                          fetch=f"CAST({{}} AS {self.text})")  # fmt: skip

    def make_type(self, arrow: pa.DataType, sql: str) -> ColumnType:
        """The type of a column with these values and this declaration."""
        return ColumnType(arrow, sql, wire=self.wires.get(arrow, arrow))

    def decimal_type(self, arrow: pa.DataType) -> ColumnType:
        """The type of a column of decimals. They go as text, which no driver rounds."""
        sql = f"{self.decimal}({arrow.precision}, {arrow.scale})"
        return ColumnType(arrow, sql, pa.string(), self.text, f"CAST({{}} AS {sql})", f"CAST({{}} AS {self.text})")

    @property
    def text(self) -> str:
        """The SQL type of text."""
        return next(name for name, kind in self.types.items() if kind.equals(pa.string())).upper()

    def _decimals(self, arrow: pa.DataType) -> Collection[pa.DataType]:
        if not self.decimal or not pa.types.is_decimal(arrow) or arrow.precision > self.decimal_digits:
            return ()
        if not 0 <= arrow.scale <= arrow.precision:
            return ()
        return (arrow,) if arrow.bit_width == 256 else (pa.decimal128(arrow.precision, arrow.scale),)

    def encode(self, column: pa.Array, kind: ColumnType) -> pa.Array:
        """The values of a column as the driver takes them, from those of `kind.arrow`."""
        from dao.arrow.convert import cast_array

        return cast_array(column, kind.wire)

    def decode(self, column: pa.Array, kind: ColumnType) -> pa.Array:
        """The values of a column as readers get them, from what the driver gave."""
        from dao.arrow.convert import cast_array

        if isinstance(column.type, pa.BaseExtensionType) and column.type != kind.arrow:
            column = column.storage
        return cast_array(column, kind.arrow)

    # tables

    def tables(self, schema: str | None) -> Statement:
        """A query of the names of the tables in a schema, as one column of text."""
        raise NotImplementedError

    def columns(self, table: TableName) -> Statement:
        """A query of a table's columns in their order.

        Its columns are texts: the table's name as it is stored, the column's name, its declared type, and ``YES`` or
        ``NO`` for whether it may hold NULL. A database that ignores the case of names gives each such table.
        """
        raise NotImplementedError

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

    # rows

    def lock(self, table: TableName, purpose: str) -> Sequence[Statement]:
        """Lock a table until the end of the transaction.

        Args:
            table: the table, which is there.
            purpose: ``read``: it keeps its columns. ``append``: that, and others may append too. ``change``: no other
                transaction writes to it. ``replace``: no other one reads it either.
        """
        return ()

    def select(
        self, table: TableName, columns: Sequence[Column], where: Statement | None = None, limit: int | None = None
    ) -> Statement:
        """A query of the rows that fulfil a condition: the columns as the driver is to give them."""
        names = [(one, self.quote(one.name)) for one in columns]
        wanted = ", ".join(f"{one.type.fetch.format(name)} AS {name}" for one, name in names)
        filtered = () if where is None else (" WHERE ", where)
        limited = "" if limit is None else f" LIMIT {int(limit)}"
        return self.statement(f"SELECT {wanted or 'NULL'} FROM {self.table(table)}", *filtered, limited)

    def insert(self, table: TableName, staging: TableName, columns: Sequence[Column], where: str = "") -> Statement:
        """Insert the rows of a staging table, whose alias is ``s``."""
        values = ", ".join(self.staged(one) for one in columns)
        return Statement(
            f"INSERT INTO {self.table(table)} ({self.names(columns)}) SELECT {values} FROM {self.table(staging)} AS s"
            + (f" WHERE {where}" if where else "")
        )

    def staged(self, column: Column) -> str:
        """What is stored of a column of a staging table with the alias ``s``."""
        return column.type.store.format(f"s.{self.quote(column.name)}")

    def delete(self, table: TableName, where: Statement | None = None) -> Statement:
        """Delete the rows that fulfil a condition, or all."""
        return self.statement(f"DELETE FROM {self.table(table)}", *(() if where is None else (" WHERE ", where)))

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

    # transactions and errors

    def create_memory(self, table: TableName) -> Statement:
        """Create a table in which DAO keeps keys or positions of tables: three texts, the first two unique."""
        columns = ", ".join(f"{name} {self.text} NOT NULL" for name in ("table_name", "name", "value"))
        return Statement(f"CREATE TABLE {self.table(table)} ({columns}, PRIMARY KEY (table_name, name))")

    def lock_memory(self, table: TableName) -> Sequence[Statement]:
        """Lock such a table until the end of the transaction, where the database doesn't check that keys are unique."""
        return ()

    def mark(self, connection: Connection, schema: str | None) -> Any:
        """Leave a mark of the transaction that is open, by which it can be found if the answer to COMMIT is lost."""
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

    def is_lost(self, error: BaseException) -> bool:
        """Whether an error means that the connection was lost."""
        return False
