"""Deletes: of rows by a predicate, and of whole tables."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from dao.errors import DataError, UnsupportedError
from dao.results import WriteResult
from dao.tables import KeyedCall, Selection
from dao_sql._actions.reading import condition, matching_rows, query_of
from dao_sql._actions.remembered import Memory
from dao_sql._actions.staging import staged
from dao_sql._connections.connection import Connection
from dao_sql._dialects.dialect import Dialect
from dao_sql._dialects.done import UNCHANGED, Done
from dao_sql._sessions.database import Database
from dao_sql._sessions.pool import Session
from dao_sql._types.columns import Column, ColumnType, TableName, wire_schema

__all__ = ["delete_rows", "drop_table"]


def drop_table(database: Database, table: TableName, idempotency_key: str | None) -> WriteResult:
    """See :meth:`dao_sql.SqlInterface.delete`, without ``where``."""
    if idempotency_key is not None:
        raise DataError("idempotency_key: found without where=, and a table that goes keeps no keys")

    def drop(connection: Connection) -> WriteResult:
        if database.locked(connection, table, "replace") is None:
            raise database.missing(table)
        rows = _count(connection, database, table)
        connection.execute(database.dialect.drop_table(table))
        Memory(database, table).forget(connection)
        return WriteResult(rows_deleted=rows)

    with database.session() as session:
        return database.publish(session, drop, Done("drop", table.name))


def _count(connection: Connection, database: Database, table: TableName, where: Any = None) -> int:
    counted = connection.query(database.dialect.count(table, where), pa.schema({"rows": pa.int64()}))
    return int(counted.read_all().column(0)[0].as_py())


def delete_rows(database: Database, table: TableName, where: Any, call: KeyedCall | None) -> WriteResult:
    """See :meth:`dao_sql.SqlInterface.delete`, with ``where``."""
    memory = Memory(database, table)

    with database.session() as session:

        def delete(connection: Connection) -> WriteResult:
            columns = database.locked(connection, table, "change")
            if columns is None:
                raise database.missing(table)
            if memory.was_done(connection, call):
                return UNCHANGED
            deleted = _delete(database, session, table, columns, where)
            memory.record(connection, call, None, "delete")
            return WriteResult(rows_deleted=deleted)

        return database.publish(session, delete, Done("delete", table.name))


def _delete(database: Database, session: Session, table: TableName, columns: tuple[Column, ...], where: Any) -> int:
    dialect, connection = database.dialect, session.connection
    pushed, residual = condition(dialect, where, columns)
    if residual is None:
        known = _count(connection, database, table, pushed)
        changed = connection.execute(dialect.delete(table, pushed))
        return known if changed is None else changed
    if not dialect.row_id:
        raise UnsupportedError(f"where: {dialect.name} can't evaluate {residual} as DAO does, so no rows are deleted")
    return _delete_by_ids(database, session, table, columns, where)


def _delete_by_ids(
    database: Database, session: Session, table: TableName, columns: tuple[Column, ...], where: Any
) -> int:
    """Delete the rows that Arrow finds: their numbers are loaded into a temporary table."""
    dialect, row_id = database.dialect, database.dialect.row_number(columns)
    number = _row_number(dialect, row_id)
    query = query_of(dialect, table, (*columns, number), Selection(columns=[number.name], where=where))
    rows = session.connection.query(query.statement, wire_schema(query.columns))
    found = pa.Table.from_batches(list(matching_rows(dialect, query, rows)), query.schema)
    with staged(database, session, (number,), found.to_reader()) as stage:
        chosen = number.type.store.format(dialect.quote(number.name))
        where_sql = f"{row_id} IN (SELECT {chosen} FROM {dialect.table(stage.table)})"
        session.connection.execute(dialect.delete(table, dialect.statement(where_sql)))
        return stage.rows


def _row_number(dialect: Dialect, row_id: str) -> Column:
    kind = ColumnType(pa.string(), dialect.row_id_type, pa.string(), dialect.text,
                      f"CAST({{}} AS {dialect.row_id_type})", f"CAST({row_id} AS {dialect.text})")  # fmt: skip
    return Column("_dao_row", kind, nullable=False)
