"""One client's session: its messages in order, each translated, sent on, and answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from attrs import define, field

from dao_redshift.testing._gateway import _bulk_calls as bulk
from dao_redshift.testing._gateway._context import SessionContext, Shared, asks_for_numbers
from dao_redshift.testing._gateway._errors import ABORTED
from dao_redshift.testing._gateway._faults import Fault, FaultRule, fault_of
from dao_redshift.testing._gateway._prepared import Names, Portal, Prepared
from dao_redshift.testing._gateway._replies import Asked, Replies, Running
from dao_redshift.testing._gateway._sent import SentStatement, parameters_of
from dao_redshift.testing._gateway._split import statements_of
from dao_redshift.testing._gateway._translating import translate
from dao_redshift.testing._gateway._types import bound_for_postgres, to_postgres
from dao_redshift.testing._statements import Answer, Copy, RedshiftError, Run, Statement, Unload
from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._frontend import Bind, Execute, Named, Parse
from dao_redshift.testing._wire._stream import ConnectionLost

_Known = TypeVar("_Known", Prepared, Portal)
_DEFERRED = "dao_redshift_deferred"
_NO_VALUES = Bind("", "", (), (), (), b"\0\0\0\0\0\0")


class _AlreadyTold(Exception):
    """There was an error, of which the client has been told."""


@define(eq=False)
class Session:
    """A session after its login.

    Attributes:
        shared: what it shares with others.
        context: what it is known by.
        replies: the answers on their way to the client.
    """

    shared: Shared
    context: SessionContext
    replies: Replies
    _names: Names = field(factory=Names)

    def serve(self) -> None:
        """Answer messages until the client ends the session.

        Raises:
            ConnectionLost: the client or PostgreSQL is gone.
        """
        while True:
            if self.replies.client.empty:
                self.replies.flush()
            kind, body = self.replies.client.message()
            if kind == b"X":
                return
            if kind == b"S":
                self.replies.settle()
                self.replies.sync()
            elif kind == b"Q":
                self._query(m.texts(body)[0][0])
            elif not self.replies.failed:
                self._part(kind, body)

    def _part(self, kind: bytes, body: bytes) -> None:
        """One message of the extended protocol; an error ends all up to the next Sync."""
        try:
            match kind:
                case b"P":
                    self._parse(Parse.of(body))
                case b"B":
                    self._bind(Bind.of(body))
                case b"D":
                    self._describe(Named.of(body), body)
                case b"E":
                    self._execute(Execute.of(body))
                case b"C":
                    self._close(Named.of(body), body)
                case b"H":
                    self.replies.settle()
                    self.replies.flush()
                case b"d" | b"c" | b"f":
                    pass  # data of a COPY that was refused
                case _:
                    raise RedshiftError(f"the gateway knows no message of the kind {kind!r}", "08P01")
        except RedshiftError as error:
            self._fail(error)
        except _AlreadyTold:
            pass

    def _query(self, sql: str) -> None:
        """A simple query: statements that belong together."""
        replies = self.replies
        replies.settle()
        statements = statements_of(sql) if not replies.failed else []
        if not statements and not replies.failed:
            replies.tell(m.EMPTY_QUERY)
        for statement in statements:
            self._part_of_query(statement)
            if replies.failed:
                break
        replies.sync()

    def _part_of_query(self, sql: str) -> None:
        sent = self._take_down(sql)
        try:
            prepared = Prepared(sql, self._translated(sql))
            self._run(Portal(prepared, _NO_VALUES, _NO_VALUES), sent, 0, described=True)
            self._settled()
        except RedshiftError as error:
            self._fail(error, sent)
        except _AlreadyTold:
            pass

    def _parse(self, parse: Parse) -> None:
        self._settled()
        sent = self._take_down(parse.sql)
        try:
            prepared = Prepared(parse.sql, self._translated(parse.sql), parse.types, sent=sent)
        except RedshiftError as error:
            self._fail(error, sent)
            return
        undo = _restoring(self._names.statements, parse.name)
        self._names.statements[parse.name] = prepared
        if isinstance(prepared.becomes, Run) and prepared.upstream:
            message = m.parse(parse.name, prepared.becomes.sql, to_postgres(parse.types))
            self.replies.ask(message, Asked(b"1", b"1", undo, sent=sent))
        else:
            self.replies.tell(m.PARSE_COMPLETE)

    def _bind(self, bind: Bind) -> None:
        prepared = self._names.statements.get(bind.statement)
        if prepared is None:
            raise RedshiftError(f'prepared statement "{bind.statement}" does not exist', "26000")
        undo = _restoring(self._names.portals, bind.portal)
        changed = bound_for_postgres(bind, prepared.types)
        self._names.portals[bind.portal] = Portal(prepared, bind, changed)
        if prepared.upstream:
            self.replies.ask(m.bind(bind.portal, bind.statement, changed.rest), Asked(b"2", b"2", undo))
        else:
            self._locally(m.BIND_COMPLETE)

    def _describe(self, named: Named, body: bytes) -> None:
        prepared = self._named(named)
        if prepared.upstream:
            relayed = b"tTn" if named.what == b"S" else b"Tn"
            self.replies.ask(m.message(b"D", body), Asked(b"Tn", relayed, columns=prepared.learn))
            return
        becomes = prepared.becomes
        columns = becomes.columns if isinstance(becomes, Answer) else ()
        types = m.parameters(prepared.types) if named.what == b"S" else b""
        result = m.row_description([m.text_column(name) for name in columns]) if columns else m.NO_DATA
        self._locally(types + result)

    def _named(self, named: Named) -> Prepared:
        if named.what == b"S":
            if (prepared := self._names.statements.get(named.name)) is not None:
                return prepared
            raise RedshiftError(f'prepared statement "{named.name}" does not exist', "26000")
        return self._portal(named.name).prepared

    def _portal(self, name: str) -> Portal:
        if (portal := self._names.portals.get(name)) is None:
            raise RedshiftError(f'portal "{name}" does not exist', "34000")
        return portal

    def _execute(self, execute: Execute) -> None:
        portal = self._portal(execute.portal)
        again = portal.sent is not None
        sent = self._take_run_down(portal)
        try:
            self._run(portal, sent, execute.limit, again=again)
        except RedshiftError as error:
            self._fail(error, sent)

    def _close(self, named: Named, body: bytes) -> None:
        names = self._names.statements if named.what == b"S" else self._names.portals
        known = names.pop(named.name, None)
        if known is None or (known.prepared if isinstance(known, Portal) else known).upstream:
            self.replies.ask(m.message(b"C", body), Asked(b"3", b"3"))
        else:
            self._locally(m.CLOSE_COMPLETE)

    def _locally(self, answer: bytes) -> None:
        """Answer without PostgreSQL, after what it is still to answer."""
        self._settled()
        self.replies.tell(answer)

    # What runs

    def _run(
        self, portal: Portal, sent: SentStatement, limit: int, *, described: bool = False, again: bool = False
    ) -> None:
        sent.outcome = "running"
        fault = None
        if not again:
            self.context.last_query = next(self.shared.numbers)
            fault = fault_of(self.shared.faults, sent.text)
        if fault is not None:
            self._before(fault)
        becomes = portal.prepared.becomes
        if isinstance(becomes, Run):
            self._run_upstream(becomes, portal, sent, limit, described, fault)
        else:
            self._run_here(becomes, sent, limit, described, fault)
        if fault is not None and fault.fault is Fault.LOST_AFTER:
            self._lose_after()

    def _before(self, fault: FaultRule) -> None:
        match fault.fault:
            case Fault.LOST_BEFORE:
                raise ConnectionLost("injected fault")
            case Fault.FAILED:
                raise fault.error
            case Fault.DELAYED:
                time.sleep(fault.seconds)

    def _lose_after(self) -> None:
        """Lose the connection after what has been run; PostgreSQL commits it, if it is no part of more."""
        self.replies.settle()
        self.replies.sync(relayed=False)
        raise ConnectionLost("injected fault")

    def _run_upstream(
        self, run: Run, portal: Portal, sent: SentStatement, limit: int, described: bool, fault: FaultRule | None
    ) -> None:
        replies, prepared, bound = self.replies, portal.prepared, portal.bound
        self._publish_numbers(run.sql)
        name = bound.portal
        if described or run.before:
            for sql in run.before:
                self._settled()
                self.context.upstream.query(sql)
            if run.before:
                name = _DEFERRED
                replies.ask(m.close(b"S", name), Asked(b"3"))  # one that failed has left its name behind
            replies.ask(m.parse(name, run.sql, to_postgres(prepared.types)), Asked(b"1", sent=sent))
            replies.ask(m.bind(name, name, portal.changed.rest), Asked(b"2", sent=sent))
            relayed = b"T" if described else b""
            replies.ask(m.describe(b"P", name), Asked(b"Tn", relayed, columns=prepared.learn, sent=sent))
        elif prepared.columns is None:
            replies.ask(m.describe(b"P", name), Asked(b"Tn", columns=prepared.learn, sent=sent))
        if run.before and not described:
            self._settled()
            if prepared.columns:
                raise RedshiftError("a statement with rows that needs others before it is run by simple queries only")
        running = Running(lambda: prepared.columns or [], bound.results, run.tag)
        running.held = bool(run.after) or (fault is not None and fault.fault is Fault.LOST_AFTER)
        running.cut = fault is not None and fault.fault is Fault.LOST_IN_RESULT
        replies.ask(m.execute(name, limit), Asked(b"CsI", sent=sent, running=running))
        if run.before:
            for what in (b"P", b"S"):
                replies.ask(m.close(what, name), Asked(b"3"))
        if run.after:
            self._settled()
            for sql in run.after:
                self.context.upstream.query(sql)
            if fault is None or fault.fault is not Fault.LOST_AFTER:
                replies.tell(running.end)

    def _run_here(
        self, becomes: Answer | Copy | Unload, sent: SentStatement, limit: int, described: bool, fault: FaultRule | None
    ) -> None:
        self._settled()
        if self.replies.transaction == b"E":
            raise ABORTED
        if isinstance(becomes, Answer):
            tag, messages = becomes.tag, [m.row([_bytes(value) for value in row]) for row in becomes.rows]
            if becomes.columns and described:
                messages.insert(0, m.row_description([m.text_column(name) for name in becomes.columns]))
            if limit and len(becomes.rows) > limit:
                raise RedshiftError("an answer of the gateway is not given in parts: fetch all its rows at once")
        else:
            tag, messages = bulk.run(becomes, self.context, self.shared)
        sent.outcome = tag
        if fault is not None and fault.fault in (Fault.LOST_IN_RESULT, Fault.LOST_AFTER):
            return
        for message in messages:
            self.replies.tell(message)
        self.replies.tell(m.complete(tag))

    def _settled(self) -> None:
        """Have all answers by now.

        Raises:
            _AlreadyTold: one of them is an error.
        """
        self.replies.settle()
        if self.replies.failed:
            raise _AlreadyTold

    def _publish_numbers(self, sql: str) -> None:
        if asks_for_numbers(sql):
            self._settled()
            self.context.publish_numbers()

    def _translated(self, sql: str) -> Statement:
        if not sql.strip():
            return Run(sql)
        return translate(sql, self.context)

    def _fail(self, error: RedshiftError, sent: SentStatement | None = None) -> None:
        """Tell the client of an error, unless there was an earlier one."""
        self.replies.settle()
        if not self.replies.failed:
            self.replies.fail(error)
            if sent is not None:
                sent.outcome = error.sqlstate

    def _take_down(self, sql: str) -> SentStatement:
        return self.shared.sent.add(SentStatement(sql, self.context.user, self.context.pid))

    def _take_run_down(self, portal: Portal) -> SentStatement:
        prepared = portal.prepared
        if portal.sent is None:
            portal.sent = prepared.sent or self._take_down(prepared.sql)
            prepared.sent = None
            portal.sent.parameters = parameters_of(portal.bound)
        return portal.sent


def _restoring(names: dict[str, _Known], name: str) -> Callable[[], None]:
    """What makes a name mean again what it means now."""
    before = names.get(name)

    def restore() -> None:
        if before is None:
            names.pop(name, None)
        else:
            names[name] = before

    return restore


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else value.encode()
