"""What all sessions of a gateway share, and what one of them is known by."""

from __future__ import annotations

import re

from attrs import define, field, frozen

from dao_redshift.testing._bulk import BulkStorage
from dao_redshift.testing._gateway._faults import Faults
from dao_redshift.testing._gateway._log import SystemLog, first_word
from dao_redshift.testing._gateway._sent import SentStatements
from dao_redshift.testing._wire._address import Address
from dao_redshift.testing._wire._upstream import UpstreamConnection

_ASKS_FOR_NUMBERS = re.compile(r"\bpg_last_(?:query_id|(?:copy|unload)_(?:id|count))\b", re.IGNORECASE)
_OF_THE_LEADER = re.compile(r"\b(?:pg|stl|stv|svl|svv|svcs|sys)_\w", re.IGNORECASE)
_QUERIES = {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE"}
_BULK = {"COPY", "UNLOAD"}


@frozen
class User:
    """Who may log in.

    Attributes:
        password: in plain; never shown.
        superuser: whether the user may do anything.
    """

    password: str = field(repr=False)
    superuser: bool = True


@define(eq=False)
class Shared:
    """What all sessions of a gateway share.

    Attributes:
        address: where PostgreSQL is.
        users: who may log in, by name.
        bulk: where COPY and UNLOAD find their files; None if they aren't to be had.
        sent: the statements that came.
        faults: the faults that are asked for.
        log: what the system views show.
    """

    address: Address
    users: dict[str, User]
    bulk: BulkStorage | None
    sent: SentStatements = field(factory=SentStatements)
    faults: Faults = field(factory=list)
    log: SystemLog = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.log = SystemLog(self.address, self.sent)


@define(eq=False)
class SessionContext:
    """What a session is known by: to the translator, and to what loads and unloads.

    Attributes:
        user: who has logged in.
        database: the database's name.
        pid: the number of the PostgreSQL process behind.
        upstream: the session of PostgreSQL.
        settings: Redshift's own settings, such as ``query_group``, as the session has set them.
        last_query: the number of the last query; -1 before the first. What asks catalogs or the session alone doesn't
            count, since it isn't the warehouse that runs it.
        last_copy: the number of the last COPY; -1 before the first.
        last_copy_count: how many rows it loaded.
        last_unload: the number of the last UNLOAD; -1 before the first.
        last_unload_count: how many rows it unloaded.
    """

    user: str
    database: str
    pid: int
    upstream: UpstreamConnection
    settings: dict[str, str] = field(factory=dict)
    last_query: int = -1
    last_copy: int = -1
    last_copy_count: int = 0
    last_unload: int = -1
    last_unload_count: int = 0

    @property
    def in_transaction(self) -> bool:
        """Whether the client has begun a transaction that hasn't ended."""
        return self.upstream.transaction != b"I"

    def publish_numbers(self) -> None:
        """Let PostgreSQL know the numbers, as settings of its session.

        Raises:
            RedshiftError: the transaction has failed.
        """
        named = {
            "last_query_id": self.last_query,
            "last_copy_id": self.last_copy,
            "last_copy_count": self.last_copy_count,
            "last_unload_id": self.last_unload,
            "last_unload_count": self.last_unload_count,
        }
        self.upstream.query(
            "SELECT " + ", ".join(f"set_config('dao_redshift.{name}', '{n}', false)" for name, n in named.items())
        )


def counts(sql: str) -> bool:
    """Whether it is the warehouse that runs a statement, so that it is a query that ``pg_last_query_id()`` may name."""
    first = first_word(sql)
    return first in _BULK or (first in _QUERIES and _OF_THE_LEADER.search(sql) is None)


def asks_for_numbers(sql: str) -> bool:
    """Whether a statement asks for the number of a query or a COPY."""
    return _ASKS_FOR_NUMBERS.search(sql) is not None
