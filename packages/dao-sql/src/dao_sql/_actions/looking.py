"""What a schema has: tables, columns, positions."""

from __future__ import annotations

import pyarrow as pa

from dao.data_object import DataObject
from dao.increments import Position
from dao_sql._actions.remembered import Memory
from dao_sql._sessions.database import OWN, Database
from dao_sql._types.columns import Column, TableName

__all__ = ["columns_of", "is_there", "position_of", "table_names"]


def columns_of(database: Database, table: TableName) -> tuple[Column, ...]:
    """The columns of a table.

    Raises:
        NotFoundError: it isn't there.
    """
    with database.session() as session, database.reading(session) as connection:
        found = database.find(connection, table)
    if found is None:
        raise database.missing(table)
    return found


def is_there(database: Database, table: TableName) -> bool:
    """Whether there is a table."""
    with database.session() as session, database.reading(session) as connection:
        return database.find(connection, table) is not None


def table_names(database: Database, data_object: DataObject) -> list[str]:
    """The names of all tables but DAO's own, or that of one table.

    Raises:
        NotFoundError: the one isn't there.
    """
    if data_object.key:
        table = database.table(data_object)
        columns_of(database, table)
        return [table.name]
    with database.session() as session, database.reading(session) as connection:
        found = connection.query(database.dialect.tables(database.schema), pa.schema({"name": pa.string()})).read_all()
    return sorted(name for name in found.column(0).to_pylist() if not name.startswith(OWN))


def position_of(database: Database, table: TableName, source: str) -> Position | None:
    """The position that a table has of a source."""
    with database.session() as session, database.reading(session) as connection:
        return Memory(database, table).position(connection, source)
