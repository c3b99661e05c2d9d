"""The plugin of dao-sql: its interfaces by name. Loading it imports no driver."""

from __future__ import annotations

from collections.abc import Mapping

from dao.hookspecs import hookimpl


@hookimpl
def dao_interfaces() -> Mapping[str, str]:
    """The interfaces by name; the module of one is imported when it is used."""
    return {
        "postgres": "dao_sql._postgres.interface:PostgresInterface",
        "sqlite": "dao_sql._sqlite.interface:SqliteInterface",
    }
