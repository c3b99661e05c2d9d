"""DAO on SQL databases. Names are loaded lazily; importing this imports no driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_sql._adbc import AdbcConnection
    from dao_sql._capabilities import sql_capabilities
    from dao_sql._columns import Column, ColumnType, TableName
    from dao_sql._connection import Connection, HeldRows, Statement
    from dao_sql._dialect import Dialect
    from dao_sql._interface import SqlInterface
    from dao_sql._postgres import PostgresInterface
    from dao_sql._sqlite import SqliteInterface
    from dao_sql._statements import Value

_HOMES = {
    "AdbcConnection": "dao_sql._adbc",
    "Column": "dao_sql._columns",
    "ColumnType": "dao_sql._columns",
    "Connection": "dao_sql._connection",
    "Dialect": "dao_sql._dialect",
    "HeldRows": "dao_sql._connection",
    "PostgresInterface": "dao_sql._postgres",
    "SqlInterface": "dao_sql._interface",
    "SqliteInterface": "dao_sql._sqlite",
    "Statement": "dao_sql._connection",
    "TableName": "dao_sql._columns",
    "Value": "dao_sql._statements",
    "sql_capabilities": "dao_sql._capabilities",
}

__all__ = [
    "AdbcConnection",
    "Column",
    "ColumnType",
    "Connection",
    "Dialect",
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
