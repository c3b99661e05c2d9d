"""The gateway as users have it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from dao.connections import S3Connection
from dao.testing import FaultPlan
from dao_redshift.testing._bulk import BulkStorage
from dao_redshift.testing._gateway._context import Shared, User
from dao_redshift.testing._gateway._faults import Fault, FaultRule, PlannedFaults
from dao_redshift.testing._gateway._preparing import prepare
from dao_redshift.testing._gateway._sent import SentStatement, SentStatements
from dao_redshift.testing._gateway._server import LOOPBACK, Server
from dao_redshift.testing._gateway._tls import Authority
from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._wire._address import Address
from dao_redshift.testing._wire._login import connect
from dao_redshift.testing._wire._upstream import UpstreamConnection

_DEFAULT_USERS = {"awsuser": "Local-Redshift-1"}


class RedshiftGateway:
    """A local Redshift: a gateway in front of PostgreSQL that Redshift's own drivers talk to. A context manager.

    Args:
        postgres: where a PostgreSQL 15 or newer is, with the login of a superuser: a URL such as
            ``postgresql://postgres:secret@127.0.0.1:5432/postgres``, or libpq's ``host=/run/postgresql user=postgres``.
            What the clients see as the database of Redshift is the database of this address.
        storage: how the S3 is reached that COPY reads from and UNLOAD writes to; without one, both are errors.
        roles: the ARNs of the roles that COPY and UNLOAD may use; by default all that are well-formed, and ``default``.
        users: passwords by the names of users, who are superusers, or a :class:`User` by its name. By default there is
            ``awsuser``.
        tls: whether clients may use TLS; by a certificate of an authority that is made for this gateway.
        port: where to listen on 127.0.0.1; 0 for any free port.
        record: whether statements are kept, for :attr:`statements` and for the views of them. Without, a benchmark's
            million statements need no memory.

    Raises:
        ConfigError: the address can't be read.
    """

    def __init__(
        self,
        postgres: str,
        *,
        storage: S3Connection | None = None,
        roles: Collection[str] | None = None,
        users: Mapping[str, str | User] | None = None,
        tls: bool = True,
        port: int = 0,
        record: bool = True,
    ) -> None:
        given = users if users is not None else _DEFAULT_USERS
        known = {name: User(user) if isinstance(user, str) else user for name, user in given.items()}
        bulk = None if storage is None else BulkStorage.of(storage, None if roles is None else frozenset(roles))
        self._shared = Shared(Address.of(postgres), known, bulk, SentStatements(record))
        self._authority = Authority() if tls else None
        self._server = Server(self._shared, self._authority.context if self._authority else None, port)

    def __enter__(self) -> Self:
        """Prepare the database, and begin to listen.

        Raises:
            StoreError: PostgreSQL isn't reached, or isn't new enough, or the login isn't a superuser's.
        """
        prepare(self._shared)
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End all sessions, and stop."""
        self._server.stop()
        self._shared.log.close()
        if self._authority is not None:
            self._authority.forget()

    @property
    def host(self) -> str:
        """Where it listens: 127.0.0.1."""
        return LOOPBACK

    @property
    def port(self) -> int:
        """The port at which it listens."""
        return self._server.port

    @property
    def database(self) -> str:
        """The name of the database."""
        return self._shared.address.database

    @property
    def user(self) -> str:
        """The first of its users."""
        return next(iter(self._shared.users))

    @property
    def password(self) -> str:
        """The password of the first of its users."""
        return self._shared.users[self.user].password

    @property
    def certificate(self) -> Path | None:
        """A file with the authority's certificate, for clients that check the gateway's; None without TLS."""
        return self._authority.path if self._authority is not None else None

    @property
    def connect_arguments(self) -> dict[str, Any]:
        """Arguments of ``redshift_connector.connect`` for the first of its users, without TLS.

        The driver trusts the authorities of Amazon and of the machine alone; to have TLS, set the environment variable
        ``SSL_CERT_FILE`` to :attr:`certificate` and pass ``ssl=True``.
        """
        return {
            "host": self.host,
            "port": self.port,
            "database": self.database,
            "user": self.user,
            "password": self.password,
            "ssl": False,
        }

    @property
    def statements(self) -> tuple[SentStatement, ...]:
        """All statements that clients have sent, in order."""
        return self._shared.sent.so_far()

    def forget_statements(self) -> None:
        """Begin again with no statements."""
        self._shared.sent.forget()

    def end_sessions(self) -> int:
        """Lose the connections of all sessions, as a cluster that restarts does; return how many there were."""
        return self._server.end_sessions()

    @contextmanager
    def own_statements(self) -> Iterator[Callable[[str], object]]:
        """Run PostgreSQL's SQL on a connection of its own that isn't a client's: nothing is translated or recorded."""
        stream, _, _ = connect(self._shared.address, {"application_name": "redshift gateway"})
        try:
            yield UpstreamConnection(stream, alone=True).query
        finally:
            stream.close()

    @contextmanager
    def failing(
        self,
        pattern: str,
        fault: Fault,
        *,
        at: int = 1,
        onwards: bool = False,
        error: RedshiftError | None = None,
        seconds: float = 0.0,
    ) -> Iterator[FaultRule]:
        """Let statements go wrong while the context is open.

        Args:
            pattern: a regular expression, found anywhere in the statements concerned; letter case doesn't count.
            fault: what goes wrong.
            at: with which of them, counted from 1.
            onwards: whether all later ones go wrong too.
            error: the error of what ``FAILED``.
            seconds: how long what is ``DELAYED`` waits.

        Returns:
            the rule, which counts the statements concerned.
        """
        rule = FaultRule(pattern, fault, at, onwards, seconds=seconds)
        if error is not None:
            rule.error = error
        with self._judged_by(rule):
            yield rule

    @contextmanager
    def under(self, plan: FaultPlan) -> Iterator[FaultPlan]:
        """Lose connections by a plan of :mod:`dao.testing` while the context is open; each statement is an operation.

        Args:
            plan: one that fails an operation loses the connection before it, one that loses its response after it.
        """
        with self._judged_by(PlannedFaults(plan)):
            yield plan

    @contextmanager
    def _judged_by(self, rule: FaultRule | PlannedFaults) -> Iterator[None]:
        self._shared.faults.append(rule)
        try:
            yield
        finally:
            self._shared.faults.remove(rule)
