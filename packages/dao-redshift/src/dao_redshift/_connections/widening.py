"""Columns of text that become as long as the longest text that is written, where ``schema_mode`` is ``evolve``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from attrs import Factory, define

from dao_redshift._call import widened_table
from dao_redshift._sql.dialect import RedshiftDialect
from dao_redshift._sql.texts import name
from dao_sql import Statement, TableName

__all__ = ["Lengths"]

_LONGEST = 65_535
_DECLARED = "character varying("


class _Altering(Protocol):
    """What widening needs of a connection."""

    def execute(self, statement: Statement) -> int | None:
        """Run a statement that gives no rows."""
        ...

    def query(self, statement: Statement, schema: pa.Schema | None = None) -> pa.RecordBatchReader:
        """Run a query."""
        ...


@define(eq=False)
class Lengths:
    """The longest texts of rows on their way, for the call's table.

    Attributes:
        table: the table whose columns may be widened; None if the call doesn't ask for it.
        longest: the bytes of the longest text of each column so far.
    """

    table: TableName | None = Factory(widened_table)
    longest: dict[str, int] = Factory(dict)

    def watch(self, rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
        """The same rows, measured as they are read."""
        if self.table is None:
            return rows
        return pa.RecordBatchReader.from_batches(rows.schema, self._watched(rows))

    def _watched(self, rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        for batch in rows:
            for field, column in zip(batch.schema, batch.columns, strict=True):
                if pt.is_string(field.type) or pt.is_large_string(field.type):
                    found = pc.max(pc.binary_length(column)).as_py() or 0
                    self.longest[field.name] = max(found, self.longest.get(field.name, 0))
            yield batch

    def widen(self, connection: _Altering) -> None:
        """Widen the columns that are shorter, each by a statement of its own: Redshift does it in no transaction.

        A text that no column can hold widens none: the load refuses it.
        """
        if self.table is None or max(self.longest.values(), default=0) > _LONGEST:
            return
        dialect = RedshiftDialect()
        for _, column, declared, *_ in _rows(connection.query(dialect.columns(self.table))):
            wanted = self.longest.get(column, 0)
            if declared.startswith(_DECLARED) and wanted > int(declared.removeprefix(_DECLARED).rstrip(")")):
                change = f"ALTER COLUMN {name(column)} TYPE VARCHAR({wanted})"
                connection.execute(Statement(f"ALTER TABLE {dialect.table(self.table)} {change}"))


def _rows(reader: pa.RecordBatchReader) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in reader.read_all().columns), strict=True)
