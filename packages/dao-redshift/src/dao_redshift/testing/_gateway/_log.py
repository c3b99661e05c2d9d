"""What the system views show of statements and loads: written on a connection of the gateway's own.

So it is there whether a client's transaction is kept or not. Statements are written when a view is asked for; loads
when they end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from threading import Lock

from attrs import define, field

from dao_redshift.testing._gateway._sent import SentStatement, SentStatements
from dao_redshift.testing._wire._address import Address
from dao_redshift.testing._wire._login import connect
from dao_redshift.testing._wire._upstream import UpstreamConnection

_BLOCK = 1000
_VIEWS = re.compile(r"\b(?:stl|sys|svl|svcs)_\w", re.IGNORECASE)
_STATUS = {"running": "running", "57014": "canceled", "lost": "canceled"}
_FAILED = re.compile(r"[0-9A-Z]{5}")
_ROWS = re.compile(r"SELECT (\d+)")
_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(\w+)", re.DOTALL)

Value = str | int | None


@define(eq=False)
class SystemLog:
    """The tables behind the system views of one database.

    Attributes:
        address: where the database is.
        sent: the statements of all sessions.
    """

    address: Address
    sent: SentStatements
    _connection: UpstreamConnection | None = None
    _numbers: Iterator[int] = field(factory=lambda: iter(()))
    _written: set[int] = field(factory=set)
    _lock: Lock = field(factory=Lock)

    def next_number(self) -> int:
        """A number for a query that no other of the database has, by whichever gateway it runs."""
        with self._lock:
            number = next(self._numbers, None)
            if number is None:
                ((block,),) = self._own().query("SELECT nextval('_dao_redshift.query_ids')")
                self._numbers = iter(range(int(str(block)) * _BLOCK, (int(str(block)) + 1) * _BLOCK))
                number = next(self._numbers)
            return number

    def show(self, sql: str) -> None:
        """Write what has been run so far, if a statement asks for a view of it."""
        if _VIEWS.search(sql) is None:
            return
        with self._lock:
            fresh = (one for one in self.sent.so_far() if one.query and one.query not in self._written)
            done = [one for one in fresh if one.outcome != "running"]
            self._written.update(one.query for one in done)
            self._insert(
                "queries", ("query_id", "session_id", "query_type", "status", "query_text", "returned_rows",
                "error_message", "start_time", "end_time"), (_row(one) for one in done),
            )  # fmt: skip

    def write(self, table: str, columns: tuple[str, ...], rows: Iterable[tuple[Value, ...]]) -> None:
        """Write rows into one of the tables."""
        with self._lock:
            self._insert(table, columns, rows)

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.stream.close()
                self._connection = None

    def _insert(self, table: str, columns: tuple[str, ...], rows: Iterable[tuple[Value, ...]]) -> None:
        values = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
        if values:
            self._own().query(f"INSERT INTO _dao_redshift.{table} ({', '.join(columns)}) VALUES {values}")

    def _own(self) -> UpstreamConnection:
        if self._connection is None:
            stream, _, _ = connect(self.address, {"application_name": "redshift gateway", "client_encoding": "UTF8"})
            self._connection = UpstreamConnection(stream, alone=True)
        return self._connection


def first_word(sql: str) -> str:
    """The word that a statement begins with, in upper case."""
    found = _FIRST_WORD.match(sql)
    return found[1].upper() if found else ""


def _row(sent: SentStatement) -> tuple[Value, ...]:
    failed = _FAILED.fullmatch(sent.outcome) is not None
    status = _STATUS.get(sent.outcome, "failed" if failed else "success")
    rows = _ROWS.fullmatch(sent.outcome)
    moments = (None if moment is None else moment.isoformat(" ") for moment in (sent.begun, sent.ended))
    return (
        sent.query, sent.pid, first_word(sent.text) or "UTILITY", status, sent.text, int(rows[1]) if rows else 0,
        sent.error, *moments,
    )  # fmt: skip


def _literal(value: Value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    return "E'" + value.replace("\\", "\\\\").replace("'", "''").replace("\0", "") + "'"
