"""What happened to a table: the changes by DAO, with what the warehouse's log says of their loads."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from dao.results import Version
from dao_redshift._sql.history import COMMITS, LOAD_DETAILS, events, loads
from dao_sql import TableName

if TYPE_CHECKING:
    from dao_redshift._connections.connection import RedshiftConnection
    from dao_redshift._sql.dialect import RedshiftDialect
    from dao_sql import Statement

__all__ = ["changes"]

_MOST = 1_000  # loads that are asked for in a statement: the log keeps them for some days alone


def changes(connection: RedshiftConnection, dialect: RedshiftDialect, table: TableName) -> list[Version]:
    """The changes of a table since one of its name was made, the newest first."""
    if not _rows(connection, dialect.columns(TableName(COMMITS, table.schema))):
        return []
    found = []
    for row in _rows(connection, events(dialect, table.schema, table.name)):
        ended = row["table_name"] != table.name or row["operation"] == "drop"
        if ended:  # what came before was done to another table of this name
            break
        found.append(row)
    numbers = [row["query_id"] for row in found if row["query_id"] is not None][:_MOST]
    logged = {row.pop("query_id"): row for row in _rows(connection, loads(numbers))} if numbers else {}
    return [_version(row, logged.get(row["query_id"], {})) for row in found]


def _rows(connection: RedshiftConnection, asked: Statement) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = connection.query(asked).read_all().to_pylist()
    return rows


def _version(row: dict[str, Any], load: dict[str, Any]) -> Version:
    kept = ("rows_inserted", "rows_updated", "rows_deleted", "former_name", "query_id", "made_by")
    details = {name: row[name] for name in kept} | {name: load.get(name) for name in LOAD_DETAILS}
    return Version(
        row["mark"],
        row["made"].replace(tzinfo=UTC),
        row["operation"],
        {name: value for name, value in details.items() if value is not None},
    )
