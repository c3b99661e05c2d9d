"""The gateway's own statements on the client's session of PostgreSQL: by the extended protocol, before its Sync.

So they are in the client's transaction, the implicit one of a statement by itself too, and what the client has prepared
stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._stream import ConnectionLost, MessageStream

_NAME = "dao_redshift"
_CLOSE = m.close(b"P", _NAME) + m.close(b"S", _NAME)


class UpstreamConnection:
    """The client's connection to PostgreSQL, as `dao_redshift.testing._statements.Upstream` has it.

    Attributes:
        stream: the messages of that connection.
        transaction: its state as of the last ReadyForQuery: I for none, T inside one, E inside one that has failed.
        failed: whether a statement has failed, so that PostgreSQL skips everything up to the next Sync.
        cut: whether the connection is lost within the next data of a COPY: a fault that was asked for.
    """

    def __init__(self, stream: MessageStream, *, alone: bool = False) -> None:
        """Statements on a connection.

        Args:
            stream: its messages.
            alone: whether it is no client's session: each statement is a transaction, unless there is a larger one.
        """
        self.stream = stream
        self.transaction = b"I"
        self.failed = False
        self.cut = False
        self._alone = alone

    def query(self, sql: str) -> list[tuple[str | None, ...]]:
        """Run one statement; return its rows as PostgreSQL's texts, None for NULL.

        Raises:
            RedshiftError: with PostgreSQL's message and SQLSTATE.
        """
        self._begin(sql, _CLOSE)
        found: list[tuple[str | None, ...]] = []
        while True:
            kind, body = self._next()
            if kind == b"D":
                values = m.values_of(body)
                found.append(tuple(None if value is None else value.decode() for value in values))
            elif kind in (b"C", b"I"):
                self._closed()
                return found

    def describe(self, sql: str) -> list[tuple[str, int, int]]:
        """The columns of a query's result: name, oid of the type, modifier. It isn't run; a domain is its base type.

        Raises:
            RedshiftError: with PostgreSQL's message and SQLSTATE.
        """
        self._refuse_if_failed()
        start = m.close(b"S", _NAME) + m.parse(_NAME, sql) + m.describe(b"S", _NAME)
        self.stream.send(start + _CLOSE + m.FLUSH)
        self._until(b"t")
        kind, body = self._next()
        self._closed()
        found = m.columns_of(body) if kind == b"T" else []  # else NoData: no query
        return [(column.name.decode(), column.type, column.modifier) for column in found]

    def copy_in(self, sql: str, chunks: Iterable[bytes]) -> int:
        """Run a ``COPY ... FROM STDIN`` with these bytes; return the number of rows.

        An error of `chunks` ends the COPY with a CopyFail and is raised.

        Raises:
            RedshiftError: with PostgreSQL's message and SQLSTATE.
        """
        self._begin(sql)
        self._until(b"G")
        try:
            for chunk in chunks:
                self.stream.send(m.message(b"d", chunk))
                if self.cut:
                    raise ConnectionLost("injected fault")
        except ConnectionLost:
            raise
        except BaseException:
            self.stream.send(m.message(b"f", m.text("the load was ended")) + m.FLUSH)
            self._until_failure()
            raise
        self.stream.send(m.message(b"c") + _CLOSE + m.FLUSH)
        (tag,), _ = m.texts(self._until(b"C"))
        self._closed()
        return int(tag.rpartition(" ")[2])

    def copy_out(self, sql: str) -> Iterator[bytes]:
        """Run a ``COPY ... TO STDOUT``; give its bytes as they come. What isn't taken is thrown away.

        Raises:
            RedshiftError: with PostgreSQL's message and SQLSTATE.
        """
        self._begin(sql, _CLOSE)
        self._until(b"H")
        ended = False
        try:
            while not ended:
                if rows := self.stream.bodies_of(b"d"):
                    yield rows
                    if self.cut:
                        raise ConnectionLost("injected fault")
                else:
                    ended = self._next()[0] == b"C"
        finally:
            if not self.failed and not self.cut:
                if not ended:
                    self._until(b"C")
                self._closed()

    def poison(self) -> None:
        """Let the client's transaction fail, because of an error of the gateway's own."""
        if not self.failed:
            self.stream.send(m.parse("", "an error of the gateway") + m.FLUSH)
            self._until_failure()

    def _begin(self, sql: str, closing: bytes = b"") -> None:
        self._refuse_if_failed()
        # One that failed has left its name behind.
        start = m.close(b"S", _NAME) + m.parse(_NAME, sql) + m.bind(_NAME, _NAME) + m.execute(_NAME)
        self.stream.send(start + closing + m.FLUSH)
        self._until(b"2")

    def _refuse_if_failed(self) -> None:
        if self.failed:
            raise RedshiftError("current transaction is aborted, commands ignored until end of transaction", "25P02")

    def _closed(self) -> None:
        self._until(b"3")
        self._until(b"3")
        if self._alone:
            self._sync()

    def _sync(self) -> None:
        self.stream.send(m.SYNC)
        self._until(b"Z")

    def _next(self) -> tuple[bytes, bytes]:
        """The next message that isn't a notice or a setting.

        Raises:
            RedshiftError: it is an error.
        """
        while True:
            kind, body = self.stream.message()
            if kind == b"E":
                if self._alone:
                    self._sync()
                else:
                    self.failed = True
                raise m.error_of(body)
            if kind not in (b"N", b"S", b"A"):
                return kind, body

    def _until(self, wanted: bytes) -> bytes:
        while True:
            kind, body = self._next()
            if kind == wanted:
                return body

    def _until_failure(self) -> None:
        with suppress(RedshiftError):
            self._until(b"E")
