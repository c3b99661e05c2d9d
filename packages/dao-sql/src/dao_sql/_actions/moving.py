"""Moves of tables within a schema: another name, in one transaction."""

from __future__ import annotations

from dao.errors import AlreadyExistsError
from dao.results import WriteResult
from dao.tables import check_mode
from dao_sql._actions.remembered import Memory
from dao_sql._connections.connection import Connection
from dao_sql._dialects.done import UNCHANGED, Done
from dao_sql._sessions.database import Database
from dao_sql._types.columns import TableName

__all__ = ["move_table"]


def move_table(database: Database, source: TableName, target: TableName, mode: str) -> WriteResult:
    """See :meth:`dao_sql.SqlInterface.move`."""
    check_mode(mode, ("error", "overwrite", "ignore"))

    def move(connection: Connection) -> WriteResult:
        if database.locked(connection, source, "replace") is None:
            raise database.missing(source)
        if database.locked(connection, target, "replace") is not None:
            if mode == "ignore":
                return UNCHANGED
            if mode == "error":
                raise AlreadyExistsError(f"the table {target.name!r} is there: give mode='overwrite' or 'ignore'")
            connection.execute(database.dialect.drop_table(target))
        Memory(database, target).forget(connection)
        connection.execute(database.dialect.rename_table(source, target.name))
        Memory(database, source).rename(connection, target.name)
        return WriteResult()

    with database.session() as session:
        return database.publish(session, move, Done("move", target.name, source.name))
