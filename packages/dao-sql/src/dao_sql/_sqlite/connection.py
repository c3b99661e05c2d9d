"""A connection to SQLite, whose driver takes the types of a result from its first rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa
from attrs import define

from dao_sql._connections.adbc import AdbcConnection
from dao_sql._connections.connection import Statement

__all__ = ["SqliteConnection"]

_APART = "_dao_streamed"

_EXAMPLES = {pa.int64(): "4611686018427387904", pa.float64(): "0.5", pa.string(): "'first'", pa.binary(): "x'F1'"}


@define(eq=False, slots=False)
class SqliteConnection(AdbcConnection):
    """A connection to SQLite.

    A first row of the right types is put before those of each query, and taken away again. Where the caller doesn't
    know the types, the driver sees all rows before it says them.

    A stream comes from a temporary table, so that it holds no lock while it is read: without a write-ahead log no
    connection could commit meanwhile, not even one that writes what the stream gives.
    """

    def query(self, statement: Statement, schema: pa.Schema | None, *, stream: bool = False) -> pa.RecordBatchReader:
        """Run a query."""
        if schema is None:
            return super().query(statement, None)
        if stream and self._locks_readers():
            statement = self._set_apart(statement)
        first = ", ".join(f"{_EXAMPLES[field.type]} AS c{number}" for number, field in enumerate(schema))
        typed = Statement(f"SELECT {first} UNION ALL SELECT * FROM ({statement.text})", statement.values)
        found = super().query(typed, schema, stream=stream)
        return pa.RecordBatchReader.from_batches(found.schema, _without_first(found))

    def _locks_readers(self) -> bool:
        mode = super().query(Statement("PRAGMA journal_mode"), None).read_all()
        return bool(mode.column(0).to_pylist() != ["wal"])

    def _set_apart(self, statement: Statement) -> Statement:
        """Copy the rows of a query, end its transaction, and return the query of the copy."""
        self.execute(Statement("PRAGMA query_only = 0"))
        self.execute(Statement(f"DROP TABLE IF EXISTS temp.{_APART}"))
        self.execute(Statement(f"CREATE TEMP TABLE {_APART} AS {statement.text}", statement.values))
        self.commit()
        self.begin(writing=False)
        return Statement(f"SELECT * FROM temp.{_APART}")

    def query_options(self, schema: pa.Schema | None, *, stream: bool) -> Mapping[str, str]:
        """One batch of all rows where the types aren't known."""
        return {"adbc.sqlite.query.batch_rows": str(2**30)} if schema is None else {}

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction; one that reads refuses to write."""
        super().begin(writing=writing)
        if not writing:
            self.execute(Statement("PRAGMA query_only = 1"))

    def rollback(self) -> None:
        """Undo it."""
        super().rollback()
        self.execute(Statement("PRAGMA query_only = 0"))


def _without_first(found: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    batch = found.read_next_batch()
    assert batch.num_rows, "the first row of a query is there"
    yield batch.slice(1)
    yield from found
