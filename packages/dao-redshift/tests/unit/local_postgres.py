"""A connection to PostgreSQL as the gateway has one, and a client whose statements are translated on their way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from attrs import define, field
from psycopg.pq import ExecStatus, TransactionStatus

from dao_redshift.testing._statements import COMPARING, Answer, Copy, RedshiftError, Run, Unload
from dao_redshift.testing._system import install
from dao_redshift.testing._translate import translate

OK = {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.EMPTY_QUERY}


@define
class Connection:
    """One connection: an `Upstream`."""

    connection: Any
    tag: str = ""
    columns: tuple[str, ...] = ()

    def query(self, sql: str) -> list[tuple[str | None, ...]]:
        result = self.connection.pgconn.exec_params(sql.encode(), None)
        if result.status not in OK:
            raise RedshiftError(result.error_field(ord("M")).decode(), result.error_field(ord("C")).decode(), sql)
        self.tag = (result.command_status or b"").decode()
        self.columns = tuple(result.fname(column).decode() for column in range(result.nfields))
        rows = range(result.ntuples)
        return [tuple(_text(result.get_value(row, column)) for column in range(result.nfields)) for row in rows]

    def describe(self, sql: str) -> list[tuple[str, int, int]]:
        raise NotImplementedError

    def copy_in(self, sql: str, chunks: Iterable[bytes]) -> int:
        raise NotImplementedError

    def copy_out(self, sql: str) -> Iterator[bytes]:
        raise NotImplementedError

    @property
    def in_transaction(self) -> bool:
        return bool(self.connection.pgconn.transaction_status != TransactionStatus.IDLE)


@define
class Client:
    """A client of the gateway, without the wire: runs what its statements become."""

    upstream: Connection
    settings: dict[str, str] = field(factory=dict)
    answer: Answer | None = None

    @property
    def in_transaction(self) -> bool:
        return self.upstream.in_transaction

    def translate(self, sql: str) -> Run | Answer | Copy | Unload:
        return translate(sql, self)

    def run(self, sql: str) -> list[tuple[str | None, ...]]:
        """The rows of a statement, all of it in one transaction as the gateway does."""
        statement = self.translate(sql)
        if isinstance(statement, Answer):
            self.answer = statement
            return list(statement.rows)
        assert isinstance(statement, Run)
        alone = not self.in_transaction and bool(statement.before or statement.after)
        if not alone:
            return self._steps(statement)
        self.upstream.query("BEGIN")
        try:
            rows = self._steps(statement)
        except BaseException:
            self.upstream.query("ROLLBACK")
            raise
        self.upstream.query("COMMIT")
        return rows

    def _steps(self, statement: Run) -> list[tuple[str | None, ...]]:
        for step in statement.before:
            self.upstream.query(step)
        rows = self.upstream.query(statement.sql)
        tag = statement.tag or self.upstream.tag
        columns = self.upstream.columns
        for step in statement.after:
            self.upstream.query(step)
        self.upstream.tag, self.upstream.columns = tag, columns
        return rows

    def value(self, sql: str) -> str | None:
        ((value,),) = self.run(sql)
        return value


def connect(uri: str) -> Connection:
    """A connection with the settings of the gateway's."""
    connection = Connection(psycopg.connect(uri, autocommit=True))
    for setting in ("standard_conforming_strings = off", "escape_string_warning = off", "client_min_messages = error"):
        connection.query(f"SET {setting}")
    return connection


def create_database(uri: str, name: str) -> str:
    """The address of a new database beside that of `uri`."""
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    address = psycopg.conninfo.make_conninfo(uri, dbname=name)
    upstream = connect(address)
    upstream.query("BEGIN")
    install(upstream)
    upstream.query("COMMIT")
    upstream.connection.close()
    return address


@contextmanager
def client_of(uri: str, schema: str) -> Iterator[Client]:
    """A client in a schema of its own."""
    upstream = connect(uri)
    upstream.query(f"CREATE SCHEMA {schema}")
    upstream.query(f"SET search_path TO {schema}, public, {COMPARING}")
    yield Client(upstream)
    if upstream.in_transaction:
        upstream.query("ROLLBACK")
    upstream.query(f"DROP SCHEMA {schema} CASCADE")
    upstream.connection.close()


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
