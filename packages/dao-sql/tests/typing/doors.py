"""Read by mypy, never run: no public name of dao-sql is Any, which may be assigned to anything."""

from __future__ import annotations

import dao_sql


class Other:
    """No public name is one of these: with --strict an ignore that isn't needed is an error."""


known: Other
known = dao_sql.AdbcConnection  # type: ignore[assignment]
known = dao_sql.Column  # type: ignore[assignment]
known = dao_sql.ColumnType  # type: ignore[assignment]
known = dao_sql.Connection  # type: ignore[assignment]
known = dao_sql.Dialect  # type: ignore[assignment]
known = dao_sql.Done  # type: ignore[assignment]
known = dao_sql.HeldRows  # type: ignore[assignment]
known = dao_sql.PostgresInterface  # type: ignore[assignment]
known = dao_sql.SqlInterface  # type: ignore[assignment]
known = dao_sql.SqliteInterface  # type: ignore[assignment]
known = dao_sql.Statement  # type: ignore[assignment]
known = dao_sql.TableName  # type: ignore[assignment]
known = dao_sql.Value  # type: ignore[assignment]
known = dao_sql.sql_capabilities  # type: ignore[assignment]
