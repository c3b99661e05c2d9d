"""A connection through an ADBC driver."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from attrs import define

from dao.progress import ignored
from dao_sql._connections.connection import Statement
from dao_sql._types.columns import Column, TableName

__all__ = ["AdbcConnection"]


@define(eq=False, slots=False)
class AdbcConnection:
    """A :class:`dao_sql.Connection` over the DBAPI of an ADBC driver, in its autocommit mode.

    Attributes:
        raw: the driver's connection.
        begin_writing: the statement that begins a transaction that writes.
        begin_reading: the statement that begins one that reads.
    """

    raw: Any
    begin_writing: str = "BEGIN"
    begin_reading: str = "BEGIN"

    def execute(self, statement: Statement) -> int | None:
        """Run a statement that gives no rows."""
        with contextlib.closing(self.raw.cursor()) as cursor:
            if statement.values:
                cursor.executemany(statement.text, [list(statement.values)])
                changed = cursor.rowcount
            else:  # the DBAPI's execute() asks for rows, and some drivers count no changes then
                cursor.adbc_statement.set_sql_query(statement.text)
                changed = cursor.adbc_statement.execute_update()
            return changed if changed >= 0 else None

    def query(self, statement: Statement, schema: pa.Schema | None, *, stream: bool = False) -> pa.RecordBatchReader:
        """Run a query; the driver gives the batches as they are read."""
        cursor = self.raw.cursor()
        try:
            cursor.adbc_statement.set_options(**self.query_options(schema, stream=stream))
            cursor.execute(statement.text, list(statement.values) or None)
            found = cursor.fetch_record_batch()
        except BaseException:
            cursor.close()
            raise
        return pa.RecordBatchReader.from_batches(found.schema, _batches(cursor, found))

    def query_options(self, schema: pa.Schema | None, *, stream: bool) -> Mapping[str, str]:
        """The driver's options of a query's statement."""
        return {}

    def ingest(self, table: TableName, columns: Sequence[Column], rows: pa.RecordBatchReader) -> int:
        """Append rows by the driver's bulk load."""
        where = {"temporary": True} if table.temporary else {"db_schema_name": table.schema}
        with contextlib.closing(self.raw.cursor()) as cursor:
            return int(cursor.adbc_ingest(table.name, rows, mode="append", **where))

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction."""
        self.execute(Statement(self.begin_writing if writing else self.begin_reading))

    def commit(self) -> None:
        """Commit it."""
        self.execute(Statement("COMMIT"))

    def rollback(self) -> None:
        """Undo it."""
        self.execute(Statement("ROLLBACK"))

    def close(self) -> None:
        """Close the connection."""
        self.raw.close()

    def is_lost(self, error: BaseException) -> bool:
        """Whether an error means that this connection can't be used any more; a file isn't lost."""
        return False


def _batches(cursor: Any, found: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    with contextlib.closing(cursor):
        try:
            yield from found
        except GeneratorExit:
            try:
                cursor.adbc_cancel()  # else all rows that are left are waited for
            except Exception as error:
                ignored(error, "cancelling a query")
            raise
