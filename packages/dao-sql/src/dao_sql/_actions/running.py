"""Operations of ``run``: queries of the caller's own, and statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from dao.errors import DataError
from dao.progress import advance
from dao.results import WriteResult
from dao_sql._connections.connection import Connection, Statement
from dao_sql._sessions.database import Database
from dao_sql._types.columns import TableName
from dao_sql._types.moments import refuse_other_moments

__all__ = ["analyze_table", "query_rows"]


def query_rows(database: Database, query: str, parameters: Sequence[Any] | None) -> pa.Table:
    """See :meth:`dao_sql.SqlInterface.run_sql`."""
    if isinstance(parameters, (str, bytes)) or not isinstance(parameters or (), Sequence):
        raise DataError("parameters: expected a list of values, in the order of the query's placeholders")
    with database.session() as session, database.reading(session) as connection:
        found = connection.query(Statement(query, tuple(parameters or ())), None).read_all()
    for name, column in zip(found.column_names, found.columns, strict=True):
        refuse_other_moments(name, column, database.dialect.name)
    advance(rows=found.num_rows)
    return database.dialect.tidy(found)


def analyze_table(database: Database, table: TableName) -> WriteResult:
    """See :meth:`dao_sql.SqlInterface.run_analyze`."""

    def analyze(connection: Connection) -> WriteResult:
        if database.find(connection, table) is None:
            raise database.missing(table)
        connection.execute(database.dialect.analyze(table))
        return WriteResult()

    with database.session() as session:
        return database.publish(session, analyze, None)
