"""DAO on SQL databases. Names are loaded lazily; importing this imports no driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_sql._capabilities import sql_capabilities
    from dao_sql._connections.adbc import AdbcConnection
    from dao_sql._connections.connection import Connection, HeldRows, Statement
    from dao_sql._dialects.dialect import Dialect
    from dao_sql._dialects.done import Done
    from dao_sql._dialects.statements import Value
    from dao_sql._interface import SqlInterface
    from dao_sql._postgres.interface import PostgresInterface
    from dao_sql._sqlite.interface import SqliteInterface
    from dao_sql._types.columns import Column, ColumnType, TableName

_HOMES = {
    "AdbcConnection": "dao_sql._connections.adbc",
    "Column": "dao_sql._types.columns",
    "ColumnType": "dao_sql._types.columns",
    "Connection": "dao_sql._connections.connection",
    "Dialect": "dao_sql._dialects.dialect",
    "Done": "dao_sql._dialects.done",
    "HeldRows": "dao_sql._connections.connection",
    "PostgresInterface": "dao_sql._postgres.interface",
    "SqlInterface": "dao_sql._interface",
    "SqliteInterface": "dao_sql._sqlite.interface",
    "Statement": "dao_sql._connections.connection",
    "TableName": "dao_sql._types.columns",
    "Value": "dao_sql._dialects.statements",
    "sql_capabilities": "dao_sql._capabilities",
}

__all__ = [
    "AdbcConnection",
    "Column",
    "ColumnType",
    "Connection",
    "Dialect",
    "Done",
    "HeldRows",
    "PostgresInterface",
    "SqlInterface",
    "SqliteInterface",
    "Statement",
    "TableName",
    "Value",
    "sql_capabilities",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
