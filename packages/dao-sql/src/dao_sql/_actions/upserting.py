"""Upserts: winners and deletions are staged, then matched with the stored rows in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from typing import Any

import pyarrow as pa
from attrs import frozen

from dao.arrow.convert import normalise_views, to_reader
from dao.arrow.predicates import parse
from dao.errors import ConflictError, DataError, did_you_mean
from dao.increments import Position
from dao.memory import current, shown
from dao.results import WriteResult
from dao.tables import KeyedCall, check_keys, check_schema_mode, split_deletes, winners
from dao.tables import Split as SplitRows
from dao_sql._actions.remembered import Memory
from dao_sql._actions.staging import Staged, columns_for, plain_rows, staged
from dao_sql._actions.writing import columns_after, create, evolve
from dao_sql._connections.connection import Connection
from dao_sql._dialects.done import UNCHANGED, Done
from dao_sql._dialects.match import Match
from dao_sql._sessions.database import Database
from dao_sql._sessions.pool import Session
from dao_sql._types.columns import Column, TableName, schema_of

__all__ = ["Upsert", "upsert_rows"]


@frozen
class Upsert:
    """What an upsert asks for; see :meth:`dao_sql.SqlInterface.upsert`."""

    keys: tuple[str, ...]
    order_by: tuple[str, ...] = ()
    delete_when: Any = None
    schema_mode: str = "strict"
    properties: Mapping[str, Any] | None = None
    position: Position | None = None

    @property
    def compared(self) -> dict[str, Any]:
        """The arguments by which a later call of the same idempotency key is compared."""
        return {
            "keys": self.keys,
            "order_by": self.order_by,
            "delete_when": None if self.delete_when is None else str(parse(self.delete_when)),
            "schema_mode": self.schema_mode,
            "properties": self.properties,
        }


def upsert_rows(
    database: Database, table: TableName, data: Any, schema: pa.Schema | None, asked: Upsert, call: KeyedCall | None
) -> WriteResult:
    """See :meth:`dao_sql.SqlInterface.upsert`."""
    check_keys(asked.keys)
    check_schema_mode(asked.schema_mode)
    reader = normalise_views(plain_rows(database.dialect, to_reader(data, schema=schema)))
    source = _collected(reader if call is None else call.watch(reader))
    match = Match.of(source.schema, asked.keys, asked.order_by)
    source = winners(source, match.keys, match.order)
    with database.session() as session:
        with database.reading(session) as connection:
            before = database.find(connection, table)
        known = None if before is None else schema_of(before)
        split = split_deletes(source, asked.delete_when, known, match.keys, match.order)
        numbered = database.numbered(session, table, before, split.rows.schema)
        after = _columns_after(database, before, split.rows.schema, asked, match, numbered)
        with ExitStack() as stack:
            merge = _Merge(database, table, asked, call, before, after, match, *_staged(
                stack, database, session, after, split
            ))  # fmt: skip
            return database.publish(session, merge, Done("upsert", table.name))


def _collected(reader: pa.RecordBatchReader) -> pa.Table:
    """The rows in memory.

    Raises:
        DataError: they take more than their share of the call's memory.
    """
    batches, size, share = [], 0, current().upserted
    for batch in reader:
        size += batch.nbytes
        if size > share:
            raise DataError(
                f"memory_limit={shown(current().limit or 0)}: the rows of an upsert are held in a quarter of it, and "
                f"they take at least {size:,} bytes: give a limit of four times their size, or upsert them in parts"
            )
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def _columns_after(
    database: Database,
    before: tuple[Column, ...] | None,
    data: pa.Schema,
    asked: Upsert,
    match: Match,
    numbered: Collection[str],
) -> tuple[Column, ...]:
    if before is None:
        return columns_for(database.dialect, data, asked.properties)
    names = [one.name for one in before]
    for name in (*match.keys, *match.order):
        if name not in names and (name in match.keys or asked.schema_mode == "strict"):
            argument = "keys" if name in match.keys else "order_by"
            raise DataError(f"{argument}: the table has no column {name!r} ({did_you_mean(name, names)})")
    return columns_after(database.dialect, before, data, asked.schema_mode, match.keys, numbered)


def _staged(
    stack: ExitStack, database: Database, session: Session, after: tuple[Column, ...], split: SplitRows
) -> tuple[Staged, Staged | None]:
    """Stage the rows that are stored, and the keys of those that delete if there are any."""
    found = [
        stack.enter_context(
            staged(database, session, [one for one in after if one.name in rows.column_names], rows.to_reader())
        )
        for rows in (split.rows, split.deletes)
        if rows is split.rows or rows.num_rows
    ]
    return found[0], found[1] if len(found) > 1 else None


@frozen
class _Merge:
    """The transaction of an upsert.

    Attributes:
        before: the columns of the table when the rows were staged; None if it wasn't there.
        after: its columns afterwards.
        rows: the rows that are stored.
        deletes: the keys of those that delete; None if there are none.
    """

    database: Database
    table: TableName
    asked: Upsert
    call: KeyedCall | None
    before: tuple[Column, ...] | None
    after: tuple[Column, ...]
    match: Match
    rows: Staged
    deletes: Staged | None

    def __call__(self, connection: Connection) -> WriteResult:
        memory, dialect = Memory(self.database, self.table), self.database.dialect
        now = self.database.locked(connection, self.table, "change")
        if memory.was_done(connection, self.call):
            return UNCHANGED
        if now is None and self.before is not None:
            raise ConflictError(f"the table {self.table.name!r} was deleted meanwhile: upsert again")
        memory.record(connection, self.call, self.asked.position, "upsert")
        if now is None:
            create(self.database, connection, self.table, self.after, self.asked.properties)
            connection.execute(dialect.insert(self.table, self.rows.table, self.rows.columns))
            return WriteResult(rows_inserted=self.rows.rows, rows_updated=0, rows_deleted=0)
        evolve(self.database, connection, self.table, self.before, now, self.after)
        deleted: int | None = 0
        if self.deletes is not None:
            deleted = dialect.delete_staged(
                connection, self.table, self.deletes.table, self.match.among(self.deletes.columns)
            )
        match = self.match.among(self.rows.columns)
        updated, inserted = dialect.upsert_staged(connection, self.table, self.rows.table, self.rows.columns, match)
        return WriteResult(rows_inserted=inserted, rows_updated=updated, rows_deleted=deleted)
