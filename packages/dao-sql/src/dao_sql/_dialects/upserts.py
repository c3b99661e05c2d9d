"""How a dialect merges the rows of a staging table into a table."""

from __future__ import annotations

from collections.abc import Sequence

from dao_sql._connections.connection import Connection, Statement
from dao_sql._dialects.match import Match
from dao_sql._dialects.names import STAGED, NamesDialect
from dao_sql._types.columns import Column, TableName

__all__ = ["UpsertsDialect"]


class UpsertsDialect(NamesDialect):
    """See :class:`dao_sql.Dialect`."""

    def insert(self, table: TableName, staging: TableName, columns: Sequence[Column], met: str = "") -> Statement:
        """Insert the rows of a staging table; `met` is what follows its name, such as a join."""
        values = ", ".join(self.staged(one) for one in columns)
        return Statement(
            f"INSERT INTO {self.table(table)} ({self.names(columns)}) "
            f"SELECT {values} FROM {self.table(staging)} AS {STAGED} {met}".rstrip()
        )

    def delete(self, table: TableName, where: Statement | None = None) -> Statement:
        """Delete the rows that fulfil a condition, or all."""
        return self.statement(f"DELETE FROM {self.table(table)}", *(() if where is None else (" WHERE ", where)))

    def upsert_staged(
        self, connection: Connection, table: TableName, staging: TableName, columns: Sequence[Column], match: Match
    ) -> tuple[int | None, int | None]:
        """Update the stored rows that have a key of the staging table, and insert its other rows.

        The table is locked for ``change``, the keys of the staging table are unique and not NULL. A database with a
        better way, such as ``MERGE``, overrides it.

        Returns:
            How many rows were updated and inserted; None where the database doesn't say.
        """
        connection.execute(self.index_staging(staging, match))
        target, source = self.table(table), f"{self.table(staging)} AS {STAGED}"
        values = [one for one in columns if one.name not in match.keys] or columns
        changes = ", ".join(f"{self.quote(one.name)} = {self.staged(one)}" for one in values)
        updated = connection.execute(
            Statement(f"UPDATE {target} SET {changes} FROM {source} WHERE {self.meets(table, match)}")
        )
        first = f"{target}.{self.quote(match.keys[0])}"
        met = f"LEFT JOIN {target} ON {self.same_keys(table, match)}"
        inserted = connection.execute(self.insert(table, staging, columns, f"{met} WHERE {first} IS NULL"))
        return updated, inserted

    def delete_staged(self, connection: Connection, table: TableName, staging: TableName, match: Match) -> int | None:
        """Delete the stored rows that have a key of the staging table and aren't newer; return how many."""
        connection.execute(self.index_staging(staging, match))
        met = f"SELECT 1 FROM {self.table(staging)} AS {STAGED} WHERE {self.meets(table, match)}"
        return connection.execute(self.delete(table, Statement(f"EXISTS ({met})")))

    def index_staging(self, staging: TableName, match: Match) -> Statement:
        """Prepare a staging table for being searched by its keys."""
        return Statement(f"ANALYZE {self.table(staging)}")

    def same_keys(self, table: TableName, match: Match) -> str:
        """Whether a stored row has the key of a staged one."""
        target = self.table(table)
        keys = [match.column(name) for name in match.keys]
        return " AND ".join(self.equals(one, f"{target}.{self.quote(one.name)}", self.staged(one)) for one in keys)

    def equals(self, column: Column, stored: str, staged: str) -> str:
        """SQL of whether a stored and a staged value of a key's column are the same."""
        kind = column.type
        return (
            f"{stored} = {staged}" if kind.comparable else f"{kind.fetch.format(stored)} = {kind.fetch.format(staged)}"
        )

    def meets(self, table: TableName, match: Match) -> str:
        """Whether a stored row has the key of a staged one, and isn't newer: a NULL is older than every value."""
        target, newer = self.table(table), ""
        for name in reversed(match.order):
            column = match.column(name)
            stored = self.ordered(column, f"{target}.{self.quote(name)}")
            staged = self.ordered(column, self.staged(column))
            above = f"{stored} > {staged} OR ({stored} IS NOT NULL AND {staged} IS NULL)"
            same = f"({stored} = {staged} OR ({stored} IS NULL AND {staged} IS NULL))"
            newer = f"({above}{f' OR ({same} AND {newer})' if newer else ''})"
        return self.same_keys(table, match) + (f" AND NOT COALESCE({newer}, FALSE)" if newer else "")

    def ordered(self, column: Column, value: str) -> str:
        """SQL of a value by which rows are ordered: texts by their bytes, NaN as NULL.

        Raises:
            UnsupportedError: the database orders the values of the column otherwise.
        """
        return value
