"""The table in which each transaction leaves its mark and what it does, and the warehouse's log of loads, as SQL."""

from __future__ import annotations

from collections.abc import Sequence

from dao_redshift._sql.texts import qualified
from dao_sql import Dialect, Done, Statement, Value

__all__ = ["COMMITS", "LOAD_DETAILS", "commits", "create_commits", "events", "loads", "noted"]

COMMITS = "_dao_commits"
"""The table's name. A transaction is found in it if the answer to COMMIT is lost."""

LOAD_DETAILS = ("data_source", "file_format", "loaded_bytes", "source_file_count", "source_file_bytes", "duration")
"""What the log of loads says of one, beside its number and rows: a duration is in microseconds."""

_COLUMNS = (
    "mark CHAR(32) NOT NULL, made TIMESTAMP NOT NULL, begun TIMESTAMP NOT NULL, made_by VARCHAR(128) NOT NULL, "
    "operation VARCHAR(32), table_name VARCHAR(127), former_name VARCHAR(127), rows_inserted BIGINT, "
    "rows_updated BIGINT, rows_deleted BIGINT, query_id BIGINT"
)


def commits(schema: str | None) -> str:
    """The quoted table of a schema, ``public`` by default."""
    return qualified(schema or "public", COMMITS)


def create_commits(schema: str | None) -> str:
    """The statement that makes the table where it isn't there."""
    return f"CREATE TABLE IF NOT EXISTS {commits(schema)} ({_COLUMNS})"


def noted(dialect: Dialect, schema: str | None, mark: str, done: Done | None, load: int | None) -> Statement:
    """The statement that leaves a mark of the open transaction, with what it does.

    Args:
        dialect: by whose placeholders values are bound.
        schema: the schema of the tables.
        mark: the mark.
        done: what the transaction does; None if it changes no table.
        load: the number of the COPY by which its rows came, if they came by one.
    """
    start = f"INSERT INTO {commits(schema)} (mark, made, begun, made_by"
    moment = ", GETDATE(), SYSDATE, CURRENT_USER"
    if done is None:
        return dialect.statement(f"{start}) VALUES (", Value(mark), f"{moment})")
    found = done.result
    came = (found.rows_inserted or 0) + (found.rows_updated or 0) > 0
    values = {
        "operation": done.operation,
        "table_name": done.table,
        "former_name": done.source,
        "rows_inserted": found.rows_inserted,
        "rows_updated": found.rows_updated,
        "rows_deleted": found.rows_deleted,
        "query_id": load if came else None,
    }
    known = {name: value for name, value in values.items() if value is not None}
    bound = [part for value in known.values() for part in (", ", Value(value))]
    return dialect.statement(f"{start}, {', '.join(known)}) VALUES (", Value(mark), moment, *bound, ")")


def events(dialect: Dialect, schema: str | None, table: str) -> Statement:
    """The query of what transactions did to a table, or did when it had this name; the newest first."""
    return dialect.statement(
        "SELECT CAST(mark AS VARCHAR(32)), made, made_by, operation, table_name, former_name, rows_inserted, "
        f"rows_updated, rows_deleted, query_id FROM {commits(schema)} WHERE table_name = ",
        Value(table),
        " OR former_name = ",
        Value(table),
        " ORDER BY made DESC, begun DESC",
    )


def loads(numbers: Sequence[int]) -> Statement:
    """The query of what the warehouse's log says of loads: their numbers, then :data:`LOAD_DETAILS`."""
    listed = ", ".join(map(str, numbers))
    return Statement(f"SELECT query_id, {', '.join(LOAD_DETAILS)} FROM sys_load_history WHERE query_id IN ({listed})")
