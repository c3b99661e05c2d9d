"""How a dialect writes names and values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from dao.errors import DataError
from dao_sql._connections.connection import Statement
from dao_sql._dialects.statements import Value, statement
from dao_sql._types.columns import Column, TableName

__all__ = ["STAGED", "NamesDialect"]

STAGED = "_dao_new"
"""The alias of a staging table in statements: no table of a user has such a name."""


class NamesDialect:
    """See :class:`dao_sql.Dialect`."""

    name: ClassVar[str]
    paramstyle: ClassVar[str] = "qmark"
    name_bytes: ClassVar[int | None] = None

    def quote(self, name: str) -> str:
        """Quote a name: the one way in which a name gets into a statement.

        Raises:
            DataError: it is empty, has a NUL, or is too long for the database.
        """
        if not name or "\0" in name:
            raise DataError(f"{name!r} is no name in {self.name}: it is empty, or has a character NUL")
        if self.name_bytes is not None and len(name.encode()) > self.name_bytes:
            raise DataError(f"the name {name!r} is longer than the {self.name_bytes} bytes that {self.name} keeps")
        return '"' + name.replace('"', '""') + '"'

    def table(self, table: TableName) -> str:
        """The quoted name of a table, with its schema."""
        quoted = self.quote(table.name)
        return quoted if table.temporary or table.schema is None else f"{self.quote(table.schema)}.{quoted}"

    def names(self, columns: Sequence[Column], prefix: str = "") -> str:
        """The quoted names of columns, as a list."""
        return ", ".join(prefix + self.quote(one.name) for one in columns)

    def statement(self, *parts: str | Value | Statement) -> Statement:
        """Join SQL and values to be bound."""
        return statement(self.paramstyle, *parts)

    def is_text(self, column: str, value: str) -> Sequence[str | Value]:
        """What the parts of :meth:`statement` are that ask whether a column of DAO's own tables has just this text."""
        return (f"{column} = ", Value(value))

    def staged(self, column: Column) -> str:
        """SQL of what is stored of a column of a staging table, whose alias is ``_dao_new``."""
        return column.type.store.format(f"{STAGED}.{self.quote(column.name)}")
