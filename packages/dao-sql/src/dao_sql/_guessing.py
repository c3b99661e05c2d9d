"""A connection through an ADBC driver that guesses the types of a result."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from attrs import define

from dao_sql._adbc import AdbcConnection
from dao_sql._connection import Statement

__all__ = ["GuessingConnection"]


@define(eq=False, slots=False)
class GuessingConnection(AdbcConnection):
    """A connection whose driver takes the types of a result from its first rows.

    A first row of the right types is put before those of each query, and taken away again. Where the caller doesn't
    know the types, the driver sees all rows before it says them.
    """

    def query(self, statement: Statement, schema: pa.Schema | None, *, stream: bool = False) -> pa.RecordBatchReader:
        """Run a query."""
        if schema is None:
            return super().query(statement, None)
        first = ", ".join(f"{_EXAMPLES[field.type]} AS c{number}" for number, field in enumerate(schema))
        found = super().query(
            Statement(f"SELECT {first} UNION ALL SELECT * FROM ({statement.text})", statement.values), schema
        )
        return pa.RecordBatchReader.from_batches(found.schema, _without_first(found))


_EXAMPLES = {pa.int64(): "4611686018427387904", pa.float64(): "0.5", pa.string(): "'first'", pa.binary(): "x'F1'"}


def _without_first(found: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    batch = found.read_next_batch()
    assert batch.num_rows, "the first row of a query is there"
    yield batch.slice(1)
    yield from found
