"""Writes: rows are staged, then published in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
from attrs import frozen

from dao.arrow.convert import to_reader
from dao.errors import AlreadyExistsError, ConflictError, UnsupportedError
from dao.increments import Position
from dao.results import WriteResult
from dao.tables import KeyedCall, check_mode, check_schema_mode, reconcile
from dao_sql._actions.remembered import Memory
from dao_sql._actions.staging import columns_for, held, plain_rows
from dao_sql._connections.connection import Connection, HeldRows
from dao_sql._dialects.dialect import Dialect
from dao_sql._dialects.done import UNCHANGED, Done
from dao_sql._sessions.database import Database
from dao_sql._types.columns import Column, TableName, schema_of

__all__ = ["MODES", "Write", "columns_after", "create", "evolve", "write_rows"]

MODES = ("error", "append", "overwrite", "ignore")
_OPERATIONS = {"error": "create", "ignore": "create"}


@frozen
class Write:
    """What a write asks for; see :meth:`dao_sql.SqlInterface.write`."""

    mode: str = "error"
    schema_mode: str = "strict"
    properties: Mapping[str, Any] | None = None
    position: Position | None = None

    @property
    def compared(self) -> dict[str, Any]:
        """The arguments by which a later call of the same idempotency key is compared."""
        return {"mode": self.mode, "schema_mode": self.schema_mode, "properties": self.properties}


def write_rows(
    database: Database, table: TableName, data: Any, schema: pa.Schema | None, asked: Write, call: KeyedCall | None
) -> WriteResult:
    """See :meth:`dao_sql.SqlInterface.write`."""
    check_mode(asked.mode, MODES)
    check_schema_mode(asked.schema_mode)
    with database.session() as session:
        with database.reading(session) as connection:
            before = database.find(connection, table)
        if before is not None and call is None and asked.mode in ("error", "ignore"):
            return _there(table, asked.mode)
        rows = to_reader(data, schema=schema)
        rows = plain_rows(database.dialect, rows if call is None else call.watch(rows))
        replaced = before is None or asked.mode != "append"
        if replaced:
            after = _columns_replaced(database.dialect, before, rows.schema, asked)
        else:
            numbered = database.numbered(session, table, before, rows.schema)
            after = columns_after(database.dialect, before or (), rows.schema, asked.schema_mode, numbered=numbered)
        given = tuple(one for one in after if one.name in rows.schema.names)
        with held(database, session, given, rows) as kept:
            publication = _Publication(database, table, asked, call, before, after, kept)
            return database.publish(session, publication, Done(_OPERATIONS.get(asked.mode, asked.mode), table.name))


def _columns_replaced(
    dialect: Dialect, before: tuple[Column, ...] | None, data: pa.Schema, asked: Write
) -> tuple[Column, ...]:
    """The columns of a table that has rows of a schema alone: those that it has, if it keeps them."""
    wanted = columns_for(dialect, data, asked.properties)
    if before is None or before != wanted or asked.properties:
        return wanted
    return before  # it may have other lengths


def _there(table: TableName, mode: str) -> WriteResult:
    if mode == "ignore":
        return UNCHANGED
    raise AlreadyExistsError(f"the table {table.name!r} is there: give a mode=, such as 'append' or 'overwrite'")


@frozen
class _Publication:
    """The transaction of a write.

    Attributes:
        before: the columns of the table when the rows were read; None if it wasn't there.
        after: its columns afterwards.
        rows: the rows.
    """

    database: Database
    table: TableName
    asked: Write
    call: KeyedCall | None
    before: tuple[Column, ...] | None
    after: tuple[Column, ...]
    rows: HeldRows

    def __call__(self, connection: Connection) -> WriteResult:
        memory, mode = Memory(self.database, self.table), self.asked.mode
        now = self.database.locked(connection, self.table, "change" if mode == "overwrite" else "append")
        if memory.was_done(connection, self.call):
            return UNCHANGED
        if now is not None and mode in ("error", "ignore"):
            return _there(self.table, mode)
        deleted = self._prepare(connection, now)
        memory.record(connection, self.call, self.asked.position, mode)
        return WriteResult(rows_inserted=self.rows.add_to(connection, self.table), rows_deleted=deleted)

    def _prepare(self, connection: Connection, now: tuple[Column, ...] | None) -> int | None:
        """Make the table as it is to be before the rows are added; return how many rows were deleted."""
        dialect = self.database.dialect
        if now is None:
            create(self.database, connection, self.table, self.after, self.asked.properties)
            return 0
        if self.asked.mode == "overwrite":
            if now == self.after and not self.asked.properties:
                return connection.execute(dialect.delete(self.table))
            self.database.lock(connection, self.table, dialect.lock(self.table, "replace"))
            connection.execute(dialect.drop_table(self.table))
            create(self.database, connection, self.table, self.after, self.asked.properties)
            return None
        evolve(self.database, connection, self.table, self.before, now, self.after)
        return 0


def create(
    database: Database,
    connection: Connection,
    table: TableName,
    columns: Sequence[Column],
    properties: Mapping[str, Any] | None,
) -> None:
    """Create a table, with the notes of its documents."""
    dialect = database.dialect
    database.run(connection, *dialect.create_table(table, columns, properties or {}), *dialect.notes(table, columns))


def columns_after(
    dialect: Dialect,
    before: tuple[Column, ...],
    data: pa.Schema,
    schema_mode: str,
    keys: Sequence[str] = (),
    numbered: Collection[str] = (),
) -> tuple[Column, ...]:
    """The columns of a table after rows of a schema are added, which may lack those that the database numbers.

    Raises:
        DataError: they don't fit.
        UnsupportedError: the database has no type for a new column.
    """
    known = {one.name: one for one in before}
    schema = reconcile(schema_of([one for one in before if one.name not in numbered]), data, schema_mode, keys)
    kept = {field.name: _kept(dialect, known.get(field.name), field) for field in schema}
    return (*(kept.pop(one.name, one) for one in before), *kept.values())


def _kept(dialect: Dialect, column: Column | None, field: pa.Field) -> Column:
    if column is not None and column.type.arrow.equals(field.type):
        return Column(column.name, column.type, field.nullable)
    dialect.quote(field.name)
    kind = dialect.column_type(field)
    if column is not None and column.type.is_document and kind != column.type:
        raise UnsupportedError(
            f"column {field.name!r} holds documents of {column.type.arrow}, and would become one of {field.type}: cast "
            "the data, or overwrite the table"
        )
    return column if column is not None and kind.arrow.equals(column.type.arrow) else Column(
        field.name, kind, field.nullable
    )  # fmt: skip


def evolve(
    database: Database,
    connection: Connection,
    table: TableName,
    before: tuple[Column, ...] | None,
    now: tuple[Column, ...],
    after: tuple[Column, ...],
) -> None:
    """Give a locked table its columns afterwards.

    Raises:
        ConflictError: it has other columns by now than when the rows were staged.
    """
    if now == after:
        return
    if now != before:
        raise ConflictError(f"the columns of {table.name!r} were changed meanwhile: write again")
    dialect, known = database.dialect, {one.name: one for one in now}
    database.lock(connection, table, dialect.lock(table, "replace"))
    for column in after:
        old = known.get(column.name)
        if old is None:
            database.run(connection, dialect.add_column(table, column), *dialect.notes(table, [column]))
        elif old != column:
            database.run(connection, *dialect.change_column(table, old, column))
