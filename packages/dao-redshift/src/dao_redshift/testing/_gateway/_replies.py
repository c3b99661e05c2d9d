"""What PostgreSQL answers, on its way to the client: in the order asked, rows in large pieces."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attrs import define, field

from dao_redshift.testing._gateway._errors import as_redshift as error_as_redshift
from dao_redshift.testing._gateway._sent import SentStatement
from dao_redshift.testing._gateway._types import Rewriting, as_redshift, rewriting_of, rewritten, to_redshift
from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._stream import ConnectionLost, MessageStream
from dao_redshift.testing._wire._upstream import UpstreamConnection

_SAFE = 1 << 14
"""So many bytes a connection holds even if its other side doesn't read: PostgreSQL may be writing a result."""

_UNCOUNTED = ("SELECT", "MERGE", "COPY")
"""Redshift's command tags of these are without the number of rows."""


@define(eq=False)
class Asked:
    """A message that PostgreSQL was sent, and what its answer means.

    Attributes:
        ends: the kinds of messages that end the answer.
        relayed: the kinds that the client gets.
        undo: takes back what was assumed, if it fails.
        columns: is given the columns that PostgreSQL describes.
        types: of parameters, as the client has given them.
        sent: the client's statement that it is a part of.
        running: the statement whose result it is, if it is one.
    """

    ends: bytes
    relayed: bytes = b""
    undo: Callable[[], None] | None = None
    columns: Callable[[list[m.Column]], None] | None = None
    types: tuple[int, ...] = ()
    sent: SentStatement | None = None
    running: Running | None = None

    def relays(self, kind: bytes) -> bool:
        """Whether the client gets a message of this kind."""
        return kind in self.relayed


@define(eq=False)
class Running:
    """A statement whose result is awaited.

    Attributes:
        columns: gives its result's columns, when they are known.
        formats: of the values.
        tag: the command tag that the client gets; None for PostgreSQL's own.
        held: whether the client doesn't get its end yet.
        cut: whether the connection is lost within its rows.
        end: the message that ended it, if it did.
    """

    columns: Callable[[], list[m.Column]]
    formats: tuple[int, ...] = ()
    tag: str | None = None
    held: bool = False
    cut: bool = False
    end: bytes = b""
    changes: Rewriting | None = None


@define(eq=False)
class Replies:
    """The messages to PostgreSQL that wait to be sent, and the answers that are awaited.

    Attributes:
        client: the client's side.
        upstream: PostgreSQL's side.
        failed: whether there was an error, so that all is skipped up to the client's Sync.
    """

    client: MessageStream
    upstream: UpstreamConnection
    failed: bool = False
    _waiting: bytearray = field(factory=bytearray)
    _asked: deque[Asked] = field(factory=deque)
    _out: bytearray = field(factory=bytearray)

    def ask(self, message: bytes, asked: Asked) -> None:
        """Send PostgreSQL a message, at the latest when answers are settled."""
        if self._waiting and len(self._waiting) + len(message) > _SAFE:
            self.settle()
            if self.failed:
                return
        self._waiting += message
        self._asked.append(asked)

    def settle(self) -> None:
        """Send what waits, and pass on the answers until there is one to everything; up to the first error."""
        if not self._asked:
            return
        self.upstream.stream.send(self._waiting + m.FLUSH)
        self._waiting.clear()
        while self._asked:
            self._take(self._asked[0])

    def sync(self, relayed: bool = True) -> None:
        """End what belongs together: PostgreSQL commits it, if it is no part of a larger transaction."""
        self._waiting += m.SYNC
        self._asked.append(Asked(b"Z"))
        self.settle()
        self.failed = self.upstream.failed = False
        if relayed:
            self.tell(m.ready(self.upstream.transaction))
            self.flush()

    def tell(self, message: bytes) -> None:
        """Send the client a message, at the latest with the next flush."""
        self._out += message
        if len(self._out) > 1 << 16:
            self.flush()

    def flush(self) -> None:
        """Send the client what waits for it."""
        if self._out:
            out, self._out = self._out, bytearray()
            self.client.send(out)

    def fail(self, error: RedshiftError) -> None:
        """Let the client's statement and its transaction fail by an error of the gateway's."""
        self.upstream.poison()
        self.failed = True
        self.tell(m.error(error_as_redshift(error)))

    def _take(self, asked: Asked) -> None:
        stream = self.upstream.stream
        if asked.running is not None and (rows := stream.run_of(b"D")):
            self._pass_rows(rows, asked.running)
            return
        kind, body = stream.message()
        match kind:
            case b"E":
                self._fail(m.error_of(body), body)
            case b"N" | b"A":
                self.tell(m.message(kind, body))
            case b"S":
                if not body.startswith(b"server_version"):
                    self.tell(m.message(kind, body))
            case b"G" | b"H" | b"W":
                self._refuse_stream(kind)
            case _:
                self._end(asked, kind, body)

    def _end(self, asked: Asked, kind: bytes, body: bytes) -> None:
        if kind in asked.ends:
            self._asked.popleft()
        match kind:
            case b"Z":
                self.upstream.transaction = body
            case b"T":
                columns = m.columns_of(body)
                if asked.columns is not None:
                    asked.columns(columns)
                if asked.relays(kind):
                    self.tell(m.row_description(as_redshift(columns)))
            case b"t":
                types = m.counted_types(body)
                self.tell(m.parameters(to_redshift(types, asked.types)))
            case b"C" | b"s" | b"I" if asked.running is not None:
                self._finish(asked, kind, body)
            case _:
                if kind == b"n" and asked.columns is not None:
                    asked.columns([])
                if asked.relays(kind):
                    self.tell(m.message(kind, body))

    def _finish(self, asked: Asked, kind: bytes, body: bytes) -> None:
        running = asked.running
        assert running is not None
        if running.cut:
            raise ConnectionLost("injected fault")
        if kind == b"C":
            (tag,), _ = m.texts(body)
            body = m.text(running.tag or told_tag(tag))
            if asked.sent is not None:
                asked.sent.end(running.tag or tag)
        elif asked.sent is not None:
            asked.sent.end("suspended" if kind == b"s" else "")
        running.end = m.message(kind, body)
        if not running.held:
            self.tell(running.end)

    def _pass_rows(self, rows: bytes, running: Running) -> None:
        if running.changes is None:
            running.changes = rewriting_of(running.columns(), running.formats)
        if running.changes:
            rows = rewritten(rows, running.changes)
        if running.cut:
            self.flush()
            self.client.send(rows[: (len(rows) + 1) // 2])
            raise ConnectionLost("injected fault")
        if len(rows) < 1 << 13:
            self.tell(rows)
        else:
            self.flush()
            self.client.send(rows)

    def _fail(self, error: RedshiftError, body: bytes) -> None:
        """Tell the client of an error; nothing that was asked is answered any more, up to a Sync."""
        changed = error_as_redshift(error)
        self.tell(m.message(b"E", body) if changed is error else m.error(changed))
        self.upstream.failed = self.failed = True
        first = True
        while self._asked and self._asked[0].ends != b"Z":
            asked = self._asked.popleft()
            if asked.undo is not None:
                asked.undo()
            if asked.sent is not None and first:
                asked.sent.end(changed.sqlstate, changed.message)
                first = False

    def _refuse_stream(self, kind: bytes) -> None:
        """End a COPY between the client and PostgreSQL, which Redshift hasn't."""
        error = RedshiftError("COPY from STDIN and to STDOUT isn't supported: Redshift loads from S3 and unloads to S3")
        stream = self.upstream.stream
        if kind == b"G":
            stream.send(m.message(b"f", m.text(error.message)) + m.FLUSH)
            while stream.message()[0] != b"E":
                pass
        else:
            while stream.message()[0] != b"C":
                pass
            self.upstream.poison()
        self._fail(error, m.error(error)[5:])


def told_tag(tag: str) -> str:
    """A command tag as Redshift gives it."""
    command = tag.split(" ", 1)[0]
    return command if command in _UNCOUNTED else tag
