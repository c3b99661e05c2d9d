"""Installs the schema ``_dao_redshift`` in a database, once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from dao_redshift.testing._statements import RedshiftError, Upstream

__all__ = ["install"]

LOCK = 0x64616F72  # "daor": held while a database is looked at and installed


@cache
def _scripts() -> tuple[str, ...]:
    folder = files("dao_redshift.testing._system").joinpath("sql")
    return tuple(path.read_text("utf-8") for path in sorted(folder.iterdir(), key=lambda path: path.name))


def _statements() -> Iterator[str]:
    """The scripts' statements: each ends with a semicolon before an empty line, which no function's body has inside."""
    for script in _scripts():
        yield from (text.rstrip(";\n") for text in script.split(";\n\n"))


@cache
def version() -> str:
    """What names the contents of the scripts."""
    return hashlib.sha256("".join(_scripts()).encode()).hexdigest()[:16]


def install(upstream: Upstream) -> None:
    """Install the schema ``_dao_redshift`` in the database of `upstream`, unless it is there.

    It is done in the transaction that `upstream` is in, by a role that may do anything. Several gateways may install
    in one
    database at once: each waits for the one before to commit.

    Raises:
        RedshiftError: if the schema is there as another version made it, or if PostgreSQL refuses.
    """
    upstream.query(f"SELECT pg_advisory_xact_lock({LOCK})")
    if upstream.query("SELECT to_regclass('_dao_redshift.installed')")[0][0] is None:
        for statement in _statements():
            upstream.query(statement)
        upstream.query(f"INSERT INTO _dao_redshift.installed VALUES ('{version()}')")
    else:
        _check(upstream.query("SELECT version FROM _dao_redshift.installed"))


def _check(rows: list[tuple[str | None, ...]]) -> None:
    if rows != [(version(),)]:
        raise RedshiftError(
            "this database has the system views of another version of dao-redshift's gateway: use a new database, or "
            "drop its schema _dao_redshift with what depends on it",
            "55000",
        )
