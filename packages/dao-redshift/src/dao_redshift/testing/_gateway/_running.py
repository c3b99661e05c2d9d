"""Statements that are run: by PostgreSQL, or by the gateway itself, with the faults that were asked for."""

from __future__ import annotations

import time

from attrs import define

from dao_redshift.testing._gateway import _bulk_calls as bulk
from dao_redshift.testing._gateway._context import SessionContext, Shared, asks_for_numbers, counts
from dao_redshift.testing._gateway._errors import ABORTED
from dao_redshift.testing._gateway._faults import Fault, FaultRule, fault_of
from dao_redshift.testing._gateway._log import first_word
from dao_redshift.testing._gateway._prepared import Portal
from dao_redshift.testing._gateway._replies import Asked, Replies, Running
from dao_redshift.testing._gateway._sent import SentStatement
from dao_redshift.testing._gateway._types import to_postgres
from dao_redshift.testing._statements import Answer, Copy, RedshiftError, Run, Unload
from dao_redshift.testing._translate import translate
from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._stream import ConnectionLost

_OF_OTHERS = ("FETCH", "EXECUTE")
"""Their columns are those of what they name, which may be another one by now."""

_DEFERRED = "dao_redshift_deferred"


class AlreadyTold(Exception):
    """There was an error, of which the client has been told."""


@define(eq=False)
class Runner:
    """Runs the statements of a session.

    Attributes:
        shared: what it shares with others.
        context: what it is known by.
        replies: the answers on their way to the client.
    """

    shared: Shared
    context: SessionContext
    replies: Replies

    def run(
        self, portal: Portal, sent: SentStatement, limit: int, *, described: bool = False, again: bool = False
    ) -> None:
        fault = None
        if not again:
            sent.begin(self.shared.log.next_number())
            if counts(sent.text):
                self.context.last_query = sent.query
            self.shared.log.show(sent.text)
            fault = fault_of(self.shared.faults, sent.text)
        if fault is not None:
            self._before(fault)
        becomes = portal.prepared.becomes
        if portal.prepared.sets:
            self.settled()
            if self.context.upstream.transaction == b"E":
                raise ABORTED
            becomes = translate(sent.text, self.context)
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
                self.settled()
                self.context.upstream.query(sql)
            if run.before:
                name = _DEFERRED
                replies.ask(m.close(b"S", name), Asked(b"3"))  # one that failed has left its name behind
            replies.ask(m.parse(name, run.sql, to_postgres(prepared.types)), Asked(b"1", sent=sent))
            replies.ask(m.bind(name, name, portal.changed.rest), Asked(b"2", sent=sent))
            relayed = b"T" if described else b""
            replies.ask(m.describe(b"P", name), Asked(b"Tn", relayed, columns=prepared.learn, sent=sent))
        elif prepared.columns is None or first_word(run.sql) in _OF_OTHERS:
            replies.ask(m.describe(b"P", name), Asked(b"Tn", columns=prepared.learn, sent=sent))
        if run.before and not described:
            self.settled()
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
            self.settled()
            for sql in run.after:
                self.context.upstream.query(sql)
            if fault is None or fault.fault is not Fault.LOST_AFTER:
                replies.tell(running.end)

    def _run_here(
        self, becomes: Answer | Copy | Unload, sent: SentStatement, limit: int, described: bool, fault: FaultRule | None
    ) -> None:
        self.settled()
        if self.context.upstream.transaction == b"E":
            raise ABORTED
        if isinstance(becomes, Answer):
            tag, messages = becomes.tag, [m.row([_bytes(value) for value in row]) for row in becomes.rows]
            if becomes.columns and described:
                messages.insert(0, m.row_description([m.text_column(name) for name in becomes.columns]))
            if limit and len(becomes.rows) > limit:
                raise RedshiftError("an answer of the gateway is not given in parts: fetch all its rows at once")
        else:
            self.context.upstream.cut = fault is not None and fault.fault is Fault.LOST_IN_RESULT
            tag, messages = bulk.run(becomes, self.context, self.shared)
        sent.end(tag)
        if fault is not None and fault.fault is Fault.LOST_IN_RESULT:
            raise ConnectionLost("injected fault")
        if fault is not None and fault.fault is Fault.LOST_AFTER:
            return
        for message in messages:
            self.replies.tell(message)
        self.replies.tell(m.complete(tag))

    def settled(self) -> None:
        """Have all answers by now.

        Raises:
            AlreadyTold: one of them is an error.
        """
        self.replies.settle()
        if self.replies.failed:
            raise AlreadyTold

    def _publish_numbers(self, sql: str) -> None:
        if asks_for_numbers(sql):
            self.settled()
            self.context.publish_numbers()


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else value.encode()
