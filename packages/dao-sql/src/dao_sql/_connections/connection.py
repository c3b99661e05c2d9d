"""What the base needs of a connection to a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import pyarrow as pa
from attrs import field, frozen

from dao_sql._types.columns import Column, TableName

__all__ = ["Connection", "HeldRows", "Statement"]


@frozen
class Statement:
    """One statement, with its values apart from its text.

    Attributes:
        text: the SQL, with placeholders in the driver's style.
        values: the values of the placeholders, in their order. Never shown.
    """

    text: str
    values: tuple[Any, ...] = field(default=(), repr=False)


class HeldRows(Protocol):
    """Rows that a transaction is to add to a table."""

    def add_to(self, connection: Any, table: TableName) -> int:
        """Add them in the open transaction of a connection; return how many. Called again if it is made again."""
        ...


class Connection(Protocol):
    """One connection to a database, used by one thread at a time.

    Its errors are the driver's; :meth:`dao_sql.Dialect.translate` makes DAO's of them. Outside of :meth:`begin` each
    statement is a transaction of its own.
    """

    def execute(self, statement: Statement) -> int | None:
        """Run a statement that gives no rows; return how many rows it changed, None where the driver doesn't say."""
        ...

    def query(self, statement: Statement, schema: pa.Schema | None, *, stream: bool = False) -> pa.RecordBatchReader:
        """Run a query.

        Args:
            statement: the query.
            schema: the names and types of its columns as the caller needs them (:attr:`dao_sql.ColumnType.wire`), which
                help a driver that must guess; None where they aren't known. What comes back may differ, and is cast.
            stream: whether the rows are to be fetched in bounded memory as they are read. A transaction is open then;
                one that only reads may be ended as soon as it isn't needed for these rows any more.

        Returns:
            The rows; the caller reads them to the end, or drops the reader, before the next statement.
        """
        ...

    def ingest(self, table: TableName, columns: Sequence[Column], rows: pa.RecordBatchReader) -> int:
        """Append rows to a table that is there, by the fastest way that there is; return how many.

        Args:
            table: the table, as a rule a staging table of this connection.
            columns: its columns.
            rows: the rows, with the same columns in their wire types.
        """
        ...

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction."""
        ...

    def commit(self) -> None:
        """Commit it."""
        ...

    def rollback(self) -> None:
        """Undo it."""
        ...

    def close(self) -> None:
        """Close the connection, and with it its temporary tables and an open transaction."""
        ...

    def is_lost(self, error: BaseException) -> bool:
        """Whether an error means that this connection can't be used any more."""
        ...
