"""A connection to PostgreSQL, and what its driver's errors mean."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from dao.errors import (
    ConfigError,
    ConflictError,
    DaoError,
    DataError,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    TransientError,
)
from dao.secrets import Secret
from dao_sql._connections.adbc import AdbcConnection
from dao_sql._connections.connection import Statement

__all__ = ["PostgresConnection", "connect", "meaning", "server_of"]

_STATES: tuple[tuple[tuple[str, ...], type[DaoError]], ...] = (
    (("40", "55P03", "23505", "42P07", "42710", "XX000"), ConflictError),
    (("42P01", "3F000", "3D000"), NotFoundError),
    (("42501", "28"), PermissionDeniedError),
    (("22", "23", "428C9", "54"), DataError),
    (("08", "53", "57"), TransientError),
)
"""What the beginning of an SQLSTATE means. Two that create a table at once get 42P07, 42710 or 23505, and try again."""
_URI = re.compile(
    r"postgres(?:ql)?://([^/?]*@)?(?P<host>\[[^]]+\]|[^:,/?@]+)(:(?P<port>\d+))?(,[^/?@]*)?/(?P<database>[^/?@]+)"
    r"(\?(?!.*\b(host|hostaddr|port|dbname)=)[^@]*)?"
)
"""A URI that says where the database is. What has an ``@`` in the wrong place has none: it may be a password's."""
_NO_SCHEMA = re.compile(r'schema "(.*?)" does not exist')
_FETCHED = 8 << 20
"""Bytes, about, that are fetched from a cursor at once."""
_BROKEN = ("canceling statement", "terminating connection", "server closed", "no connection", "could not receive")
"""What an error says that came while rows were fetched, if fetching them again may help."""
_FORM = "expected postgresql://user:password@host:5432/database, with %40 for @"
_NO_URI = f"the uri is none, or has a part that libpq doesn't take, such as the port: {_FORM}"
_REFUSALS: tuple[tuple[str, type[DaoError], str], ...] = (
    ("authentication failed", PermissionDeniedError, "the user or the password is wrong"),
    ("no password supplied", PermissionDeniedError, "it asks for a password, and the uri has none"),
    ("does not exist", NotFoundError, "it has no such database or role"),
    ("SSL", PermissionDeniedError, "it and this client don't agree on TLS: see sslmode in libpq's documentation"),
    ("refused", TransientError, "nothing listens at that host and port"),
    ("translate host name", NotFoundError, "the host's name isn't known"),
    ("invalid", ConfigError, _NO_URI),
    ('missing "="', ConfigError, _NO_URI),
    ("'uri'", ConfigError, _NO_URI),
    ("on socket", ConfigError, f"the uri names no host, and no PostgreSQL of this machine has a socket there: {_FORM}"),
    ("", TransientError, "it doesn't answer, or refuses connections"),
)


class PostgresConnection(AdbcConnection):
    """A connection to PostgreSQL."""

    def query(self, statement: Statement, schema: pa.Schema | None, *, stream: bool = False) -> pa.RecordBatchReader:
        """Run a query. The driver streams one without values; one with values is read through a cursor."""
        if not stream or not statement.values:
            return super().query(statement, schema, stream=stream)
        self.execute(Statement(f"DECLARE _dao_rows NO SCROLL CURSOR FOR {statement.text}", statement.values))
        batches = self._fetched()
        first = next(batches)
        return pa.RecordBatchReader.from_batches(first.schema, itertools.chain([first], batches))

    def query_options(self, schema: pa.Schema | None, *, stream: bool) -> Mapping[str, str]:
        """Smaller batches for streams."""
        return {"adbc.postgresql.batch_size_hint_bytes": str(_FETCHED // 2)} if stream else {}

    def _fetched(self) -> Iterator[pa.RecordBatch]:
        with contextlib.closing(self.raw.cursor()) as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
            rows = 1_000
            while True:
                cursor.execute(f"FETCH FORWARD {rows} FROM _dao_rows")
                found = cursor.fetch_arrow_table().combine_chunks()
                yield from found.to_batches() or [pa.RecordBatch.from_pylist([], found.schema)]
                if found.num_rows < rows:
                    return
                rows = max(1, min(50_000, rows * _FETCHED // max(found.nbytes, 1)))

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction, of which the driver knows: for a moment with a zone it would end any other one."""
        self.raw.adbc_connection.set_autocommit(False)
        mode = "READ WRITE" if writing else "READ ONLY"
        self.execute(Statement(f"SET TRANSACTION ISOLATION LEVEL READ COMMITTED {mode}"))

    def commit(self) -> None:
        """Commit it."""
        self.raw.adbc_connection.set_autocommit(True)

    def rollback(self) -> None:
        """Undo it."""
        self.raw.adbc_connection.rollback()
        self.raw.adbc_connection.set_autocommit(True)

    def is_lost(self, error: BaseException) -> bool:
        """Whether the connection was lost."""
        from adbc_driver_manager import OperationalError

        if _is_of_a_stream(error):
            return any(words in str(error) for words in _BROKEN)
        state = getattr(error, "sqlstate", None) or "08"
        return isinstance(error, OperationalError) and state.startswith(("08", "57P"))


def server_of(uri: Secret) -> tuple[str, str]:
    """The first server of a URI, as ``postgres://host:port``, and its database; empty texts where it names none.

    >>> server_of(Secret("postgresql://me:secret@db.example.com/shop?sslmode=require"))
    ('postgres://db.example.com:5432', 'shop')
    """
    found = _URI.fullmatch(uri.reveal())
    host = unquote(found["host"]) if found else ""
    if not found or host.startswith("/"):  # the folder of a socket
        return "", ""
    return f"postgres://{host}:{found['port'] or 5432}", unquote(found["database"])


def connect(uri: Secret) -> PostgresConnection:
    """Open a connection.

    Raises:
        DaoError: it can't be opened; the message quotes no part of the URI, as the driver's does.
    """
    raw, refusal = _opened(uri)
    if refusal is not None:
        raise refusal
    made = PostgresConnection(raw)
    made.execute(Statement("SET lock_timeout = '5s'"))  # then it is a conflict, and the transaction is made again
    return made


def _opened(uri: Secret) -> tuple[Any, DaoError | None]:
    """The driver's connection, or why there is none: an error that has nothing of the driver's in its traceback."""
    from adbc_driver_manager import Error
    from adbc_driver_postgresql import dbapi

    try:
        return dbapi.connect(uri.reveal(), autocommit=True), None
    except Error as error:
        kind, why = next((kind, why) for words, kind, why in _REFUSALS if words in str(error))
        return None, kind(f"can't connect to PostgreSQL: {why}")


def meaning(error: Exception) -> DaoError | None:
    """DAO's error for one of the driver, by its SQLSTATE; None for one that isn't the driver's."""
    from adbc_driver_manager import Error

    text = " ".join(str(error).split("\nQuery was:")[0].split())
    if isinstance(error, Error):
        kind = next((kind for states, kind in _STATES if (error.sqlstate or "08").startswith(states)), StoreError)
    elif _is_of_a_stream(error):
        kind = TransientError if any(words in text for words in _BROKEN) else StoreError
    else:
        return None
    missing = _NO_SCHEMA.search(text) if kind is NotFoundError else None
    if missing is not None:
        return NotFoundError(f"there is no schema {missing[1]!r} in PostgreSQL: create it, or give another schema=")
    return kind(f"PostgreSQL refused: {text}")


def _is_of_a_stream(error: BaseException) -> bool:
    """Whether the driver raised it while rows were fetched: through Arrow, which keeps its text alone."""
    return isinstance(error, OSError) and error.errno is None and "[libpq]" in str(error)
