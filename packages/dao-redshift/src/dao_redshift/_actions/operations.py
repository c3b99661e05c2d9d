"""Operations of ``run`` that are Redshift's own: VACUUM and GRANT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dao.errors import DataError, UnsupportedError
from dao.results import WriteResult
from dao_redshift._sql.shown import shown
from dao_redshift._sql.texts import name
from dao_sql import Statement, TableName

if TYPE_CHECKING:
    from dao_redshift._connections.connection import RedshiftConnection
    from dao_redshift._sql.dialect import RedshiftDialect

__all__ = ["grant", "vacuum"]

_PRIVILEGES = ("select", "insert", "update", "delete", "drop", "references", "alter", "truncate", "all")
_MODES = ("full", "sort only", "delete only", "reindex")
_GRANTEES = {"user": "", "group": "GROUP ", "role": "ROLE ", "public": "PUBLIC"}


def vacuum(
    connection: RedshiftConnection,
    dialect: RedshiftDialect,
    table: TableName,
    *,
    mode: str,
    dry_run: bool,
    older_than: Any,
) -> WriteResult:
    """VACUUM a table, or say how much there is to do.

    Raises:
        DataError: there is no such mode.
        UnsupportedError: an age is asked for.
    """
    if mode not in _MODES:
        raise DataError(f"mode: found {shown(mode)}, expected one of {', '.join(_MODES)}")
    if older_than:
        raise UnsupportedError("older_than: VACUUM takes every deleted row that no transaction sees, of any age")
    if not dry_run:
        connection.execute(Statement(f"VACUUM {mode.upper()} {dialect.table(table)}"))
        return WriteResult(details={"dry_run": False})
    asked = 'SELECT tbl_rows, unsorted, stats_off FROM svv_table_info WHERE "schema" = $1 AND "table" = $2'
    found = connection.row(asked, table.schema, table.name)
    words = ("rows_with_deleted", "unsorted_percent", "stale_statistics_percent")
    known = {} if found is None else {word: float(value) for word, value in zip(words, found, strict=True) if value}
    return WriteResult(details={"dry_run": True, **known})


def grant(
    dialect: RedshiftDialect, table: TableName, *, privileges: str | Sequence[str], to: str | None, kind: str
) -> Statement:
    """The GRANT of privileges on a table.

    Raises:
        DataError: there is no such privilege or kind, or a name is missing.
    """
    asked = [privileges] if isinstance(privileges, str) else list(privileges)
    if not asked:
        raise DataError(f"privileges: found none, expected one or several of {', '.join(_PRIVILEGES)}")
    for one in asked:
        if not isinstance(one, str) or one.lower() not in _PRIVILEGES:
            raise DataError(f"privileges: found {shown(one)}, expected one of {', '.join(_PRIVILEGES)}")
    if kind not in _GRANTEES:
        raise DataError(f"kind: found {shown(kind)}, expected one of {', '.join(_GRANTEES)}")
    if kind == "public" and to is not None:
        raise DataError(f"to: found {shown(to)} with kind='public', which is every user and has no name: leave out to=")
    if kind != "public" and to is None:
        raise DataError(f"to: found no name, expected that of a {kind}; every user is kind='public' without to=")
    grantee = _GRANTEES[kind] + ("" if to is None else name(to))
    return Statement(f"GRANT {', '.join(one.upper() for one in asked)} ON TABLE {dialect.table(table)} TO {grantee}")
