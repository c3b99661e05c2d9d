"""One client's session: its messages in order, each translated, sent on, and answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from attrs import define, field

from dao_redshift.testing._gateway._context import SessionContext, Shared
from dao_redshift.testing._gateway._prepared import Names, Portal, Prepared
from dao_redshift.testing._gateway._replies import Asked, Replies
from dao_redshift.testing._gateway._running import AlreadyTold, Runner
from dao_redshift.testing._gateway._sent import SentStatement, parameters_of
from dao_redshift.testing._gateway._split import statements_of
from dao_redshift.testing._gateway._types import bound_for_postgres, to_postgres
from dao_redshift.testing._statements import Answer, RedshiftError, Run
from dao_redshift.testing._translate import translate
from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._frontend import Bind, Execute, Named, Parse

_Known = TypeVar("_Known", Prepared, Portal)
_NO_VALUES = Bind("", "", (), (), (), b"\0\0\0\0\0\0")


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
    _runner: Runner = field(init=False)
    _names: Names = field(factory=Names)

    def __attrs_post_init__(self) -> None:
        self._runner = Runner(self.shared, self.context, self.replies)

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
        except AlreadyTold:
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
            prepared = self._prepared(sql)
            self._runner.run(Portal(prepared, _NO_VALUES, _NO_VALUES), sent, 0, described=True)
            self._runner.settled()
        except RedshiftError as error:
            self._fail(error, sent)
        except AlreadyTold:
            pass

    def _parse(self, parse: Parse) -> None:
        self._runner.settled()
        sent = self._take_down(parse.sql)
        try:
            prepared = self._prepared(parse.sql, parse.types, sent)
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
            self.replies.ask(m.message(b"D", body), Asked(b"Tn", relayed, columns=prepared.learn, types=prepared.types))
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
            self._runner.run(portal, sent, execute.limit, again=again)
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
        self._runner.settled()
        self.replies.tell(answer)

    def _prepared(self, sql: str, types: tuple[int, ...] = (), sent: SentStatement | None = None) -> Prepared:
        """What a statement becomes. What it sets is set when it is run, since it may be run more than once or never."""
        self.shared.log.show(sql)  # before PostgreSQL looks at it, which is when its snapshot begins
        settings = self.context.settings
        before = dict(settings)
        try:
            becomes = translate(sql, self.context) if sql.strip() else Run(sql)
            sets = isinstance(becomes, Answer) or settings != before
        finally:
            settings.clear()
            settings.update(before)
        return Prepared(sql, becomes, types, sets=sets, sent=sent)

    def _fail(self, error: RedshiftError, sent: SentStatement | None = None) -> None:
        """Tell the client of an error, unless there was an earlier one."""
        self.replies.settle()
        if not self.replies.failed:
            self.replies.fail(error)
            if sent is not None:
                sent.end(error.sqlstate, error.message)

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
