"""What clients have sent: one record for each statement, in order."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Lock

from attrs import define, field

from dao.display import Displayed
from dao_redshift.testing._wire._frontend import Bind

Parameter = str | bytes | None


@define(eq=False)
class SentStatement(Displayed):
    """A statement as a client sent it.

    Attributes:
        text: its SQL.
        user: whose session it came in.
        pid: the number of that session.
        parameters: the values that were bound, texts as ``str`` and binary values as ``bytes``; None for NULL.
        outcome: the command tag it ended with, or the SQLSTATE of its error; ``prepared`` if it hasn't been run,
            ``running`` while it runs, and ``lost`` if the connection ended meanwhile.
        error: the text of its error; empty without one.
        query: its number in the system views; 0 if it hasn't been run.
        begun: when it was run, in UTC.
        ended: when that ended.
    """

    text: str
    user: str
    pid: int
    parameters: tuple[Parameter, ...] = ()
    outcome: str = "prepared"
    error: str = ""
    query: int = 0
    begun: datetime | None = None
    ended: datetime | None = None

    def begin(self, query: int) -> None:
        """It is run now."""
        self.outcome, self.query, self.begun = "running", query, _now()

    def end(self, outcome: str, error: str = "") -> None:
        """It has ended."""
        self.outcome, self.error, self.ended = outcome, error, _now()


@define
class SentStatements:
    """The statements of all sessions of a gateway; thread-safe.

    Attributes:
        kept: whether they are kept.
    """

    kept: bool = True
    _all: list[SentStatement] = field(factory=list)
    _lock: Lock = field(factory=Lock)

    def add(self, statement: SentStatement) -> SentStatement:
        """Take a statement down."""
        if self.kept:
            with self._lock:
                self._all.append(statement)
        return statement

    def lose(self, pid: int) -> None:
        """The connection of a session has ended: how the statement that it runs ends isn't known."""
        with self._lock:
            for statement in self._all:
                if statement.pid == pid and statement.outcome == "running":
                    statement.end("lost")

    def so_far(self) -> tuple[SentStatement, ...]:
        """All that have come, in order."""
        with self._lock:
            return tuple(self._all)

    def forget(self) -> None:
        """Begin again with none."""
        with self._lock:
            self._all.clear()


def parameters_of(bound: Bind) -> tuple[Parameter, ...]:
    """The values of a Bind as they are recorded."""
    return tuple(
        value if value is None or bound.format_of(place) else value.decode(errors="replace")
        for place, value in enumerate(bound.values)
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
