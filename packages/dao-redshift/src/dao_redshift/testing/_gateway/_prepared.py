"""What a client has prepared: statements, and portals made of them."""

from __future__ import annotations

from attrs import define, field

from dao_redshift.testing._gateway._sent import SentStatement
from dao_redshift.testing._statements import Run, Statement
from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._frontend import Bind


@define(eq=False)
class Prepared:
    """A statement that a client has prepared.

    Attributes:
        sql: as the client sent it.
        becomes: what is done for it.
        types: its parameters' types as the client gave them.
        sets: whether what it becomes depends on the session's settings, or changes them.
        columns: of its result as PostgreSQL has them; None if they aren't known yet.
        sent: its record, until it is run for the first time.
    """

    sql: str
    becomes: Statement
    types: tuple[int, ...] = ()
    sets: bool = False
    columns: list[m.Column] | None = None
    sent: SentStatement | None = None

    @property
    def upstream(self) -> bool:
        """Whether PostgreSQL has prepared it: one that needs others before it is prepared when it is run."""
        return isinstance(self.becomes, Run) and not self.becomes.before

    def learn(self, columns: list[m.Column]) -> None:
        """Take the columns down."""
        self.columns = columns


@define(eq=False)
class Portal:
    """A statement with its values.

    Attributes:
        prepared: the statement.
        bound: the values as they came.
        changed: the values as PostgreSQL reads them.
        sent: the record of its run, if it has been run.
    """

    prepared: Prepared
    bound: Bind
    changed: Bind
    sent: SentStatement | None = None


@define(eq=False)
class Names:
    """What a client has by name."""

    statements: dict[str, Prepared] = field(factory=dict)
    portals: dict[str, Portal] = field(factory=dict)
