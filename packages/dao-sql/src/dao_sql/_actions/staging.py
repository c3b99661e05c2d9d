"""Rows on their way into the database: checked, encoded, and loaded into a temporary table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextvars import copy_context
from typing import Any
from uuid import uuid4

import pyarrow as pa
from attrs import field, frozen

from dao.arrow.convert import conform, refuse_invalid
from dao.errors import DataError, StoreError
from dao.progress import advance
from dao_sql._actions.values import refuse_long, refuse_values
from dao_sql._connections.connection import Connection, HeldRows
from dao_sql._dialects.dialect import Dialect
from dao_sql._sessions.database import OWN, Database
from dao_sql._sessions.pool import Session
from dao_sql._types.columns import Column, TableName, schema_of, wire_schema

_DOCUMENTS = 16_384  # rows of a batch with documents

__all__ = ["Staged", "columns_for", "held", "plain_rows", "staged"]


@frozen
class Staged:
    """Rows in a temporary table.

    Attributes:
        table: its name, which the session's connection alone knows.
        columns: its columns.
        rows: how many rows it has.
        dialect: its database's SQL.
    """

    table: TableName
    columns: tuple[Column, ...]
    rows: int
    dialect: Dialect = field(repr=False)

    def add_to(self, connection: Connection, table: TableName) -> int:
        """Add the rows to a table."""
        connection.execute(self.dialect.insert(table, self.table, self.columns))
        return self.rows


def columns_for(dialect: Dialect, schema: pa.Schema, properties: Mapping[str, Any] | None) -> tuple[Column, ...]:
    """The columns of a new table for rows of a schema.

    Raises:
        UnsupportedError: the database has no such type.
        DataError: it can't have such names or properties.
    """
    for name in schema.names:
        dialect.quote(name)
    columns = [Column(field.name, dialect.column_type(field), field.nullable) for field in schema]
    return dialect.new_columns(columns, properties or {})


@contextlib.contextmanager
def staged(
    database: Database, session: Session, columns: Sequence[Column], rows: pa.RecordBatchReader
) -> Iterator[Staged]:
    """Load rows into a temporary table for the ``with`` block.

    Args:
        database: the database.
        session: the connection whose table it is.
        columns: the columns of the rows' table; the rows have all of them, in any order.
        rows: the rows, which are read as they are sent.

    Raises:
        DataError: a value doesn't fit its column, or the database wouldn't keep it.
    """
    table = TableName(f"{OWN}stage_{uuid4().hex}", temporary=True)
    created = False
    try:
        with database.translated():
            session.connection.execute(database.dialect.create_staging(table, columns))
            created = True
            count = _ingested(session, table, columns, _encoded(database.dialect, columns, rows))
            _refuse_changed(database.dialect, session.connection, table, columns)
        yield Staged(table, tuple(columns), count, database.dialect)
    finally:
        if created and not session.broken:
            database.drop_quietly(session, table)


@contextlib.contextmanager
def held(
    database: Database, session: Session, columns: Sequence[Column], rows: pa.RecordBatchReader
) -> Iterator[HeldRows]:
    """Keep rows for the ``with`` block, of which a transaction adds all to a table: see :meth:`Dialect.hold`.

    Args:
        database: the database.
        session: the connection of that transaction.
        columns: the columns of the rows' table; the rows have all of them, in any order.
        rows: the rows, which are read as they are sent.

    Raises:
        DataError: a value doesn't fit its column, or the database wouldn't keep it.
    """
    dialect = database.dialect
    with contextlib.ExitStack() as stack:
        with database.translated(), _read_for(columns, _encoded(dialect, columns, rows)) as reader:
            keeping = dialect.hold(session.connection, columns, reader)
            kept = None if keeping is None else stack.enter_context(keeping)
        yield stack.enter_context(staged(database, session, columns, rows)) if kept is None else kept


def plain_rows(dialect: Dialect, rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The rows with the storage of extension types, but for those that the database has itself."""
    known = set(dialect.types.values())
    strange = {
        field.name: field.type.storage_type
        for field in rows.schema
        if isinstance(field.type, pa.BaseExtensionType) and field.type not in known
    }
    if not strange:
        return rows
    fields = [field.with_type(strange.get(field.name, field.type)) for field in rows.schema]
    schema = pa.schema([field.remove_metadata() if field.name in strange else field for field in fields])

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows:
            columns = [
                column.storage if field.name in strange else column
                for field, column in zip(batch.schema, batch.columns, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _ingested(session: Session, table: TableName, columns: Sequence[Column], batches: Iterator[pa.RecordBatch]) -> int:
    """Load rows.

    Raises:
        StoreError: not all rows were loaded, and the driver raised no error.
    """
    sent = 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal sent
        for batch in batches:
            sent += batch.num_rows
            yield batch

    with _read_for(columns, counted()) as rows:
        loaded = session.connection.ingest(table, columns, rows)
    if sent and loaded != sent:  # a connection may load files in the place of rows, of which none are sent
        raise StoreError(f"{sent:,} rows were sent, and the database says that it took {loaded:,}")
    return loaded


def _refuse_changed(dialect: Dialect, connection: Connection, table: TableName, columns: Sequence[Column]) -> None:
    """Check that what comes back of staged rows is what they are, where their columns' types don't say so already.

    Raises:
        DataError: a column would store another value.
    """
    checked = [one for one in columns if one.type.kept is not None]
    if not checked:
        return
    texts = pa.schema([(f"c{number}", pa.string()) for number in range(2 * len(checked))])
    try:
        found = connection.query(dialect.changed(table, checked), texts).read_all()
    except Exception as error:
        meant = dialect.translate(error)
        if type(meant) is StoreError:  # a driver that streams has no code for it, and there is nothing but values
            raise DataError(meant.message) from error
        raise
    if not found.num_rows:
        return
    values = [column[0].as_py() for column in found.columns]
    for one, given, kept in zip(checked, values[::2], values[1::2], strict=True):
        if given != kept:
            raise DataError(
                f"column {one.name!r} is {one.type.sql} in {dialect.name}, which would keep {given!r:.100} as "
                f"{kept!r:.100}: give what it keeps, or a column of another type"
            )
    raise DataError(f"{dialect.name} would change a value of the columns {', '.join(one.name for one in checked)}")


@contextlib.contextmanager
def _read_for(columns: Sequence[Column], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatchReader]:
    """The rows for the driver, which makes a text of an error of their source, or takes it for the end.

    That error is raised as it is. The rows are made with the call's listeners and limits, also if the driver asks for
    them in a thread of its own.
    """
    failures: list[BaseException] = []
    context = copy_context()

    def watched() -> Iterator[pa.RecordBatch]:
        try:
            while (batch := context.run(next, batches, None)) is not None:
                yield batch
        except BaseException as error:
            failures.append(error)
            raise

    try:
        yield pa.RecordBatchReader.from_batches(wire_schema(columns), watched())
    except Exception:
        if failures:
            raise failures[0] from None
        raise
    if failures:
        raise failures[0]


def _encoded(dialect: Dialect, columns: Sequence[Column], rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    checked = conform(pa.RecordBatchReader.from_batches(rows.schema, _checked(dialect, rows)), schema_of(columns))
    schema, row = wire_schema(columns), 0
    for batch in checked:
        dialect.check_values(batch, columns, row)
        yield from _sent(dialect, columns, schema, batch, row)
        row += batch.num_rows
        advance(rows=batch.num_rows)


def _sent(
    dialect: Dialect, columns: Sequence[Column], schema: pa.Schema, batch: pa.RecordBatch, row: int
) -> Iterator[pa.RecordBatch]:
    """Rows as the driver takes them, from the one of a number on; with documents in pieces, which texts make larger."""
    rows = _DOCUMENTS if any(one.type.is_document for one in columns) else max(1, batch.num_rows)
    for start in range(0, batch.num_rows, rows):
        piece = batch.slice(start, rows)
        arrays = [
            _encoded_column(dialect, array, one, row + start) for array, one in zip(piece.columns, columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _encoded_column(dialect: Dialect, array: pa.Array, column: Column, row: int) -> pa.Array:
    if not column.type.is_document:
        return dialect.encode(array, column.type)
    try:
        documents = dialect.encode(array, column.type)
    except DataError as error:
        raise DataError(f"column {column.name!r}: {error.message}") from error
    refuse_long(column, documents, row)
    return documents


def _checked(dialect: Dialect, rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    for batch in rows:
        refuse_invalid(batch)
        refuse_values(batch, dialect.refuses, dialect.name)
        yield batch
