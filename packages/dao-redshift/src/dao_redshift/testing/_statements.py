"""What a client's statement becomes: records that the translator hands to the session, and what they run on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from attrs import field, frozen

__all__ = ["COMPARING", "Answer", "Copy", "Option", "RedshiftError", "Run", "Statement", "Unload", "Upstream"]

COMPARING = "_dao_redshift_texts, pg_catalog"
"""What is last on each session's search_path: operators that compare texts as Redshift does, then PostgreSQL's own."""


class RedshiftError(Exception):
    """What a client gets as an ErrorResponse.

    Attributes:
        message: what went wrong, as Redshift says it where it has the same fault.
        sqlstate: five letters; ``0A000`` where the gateway has not what was asked for.
        detail: the error's second text, empty if there is none.
    """

    def __init__(self, message: str, sqlstate: str = "0A000", detail: str = "") -> None:
        super().__init__(message)
        self.message, self.sqlstate, self.detail = message, sqlstate, detail


@frozen
class Run:
    """SQL for PostgreSQL in place of the client's.

    Attributes:
        sql: one statement with the client's parameters; its result is the client's.
        before: statements without parameters that run first, in the same transaction.
        after: statements without parameters that run when `sql` has succeeded, in the same transaction.
        tag: the command tag that the client gets; None for PostgreSQL's own.
    """

    sql: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    tag: str | None = None


@frozen
class Answer:
    """An answer that needs no database, such as the one to ``SHOW query_group``: text columns and their rows."""

    tag: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()


Option = str | int | tuple[str, ...] | bool


@frozen
class Copy:
    """A ``COPY table FROM 's3://...'``.

    Attributes:
        table: the target as SQL for PostgreSQL, quoted.
        columns: the names of its column list, in order; None without a list.
        location: the URL of a key, a prefix or a manifest.
        format: ``PARQUET``, ``CSV``, ``JSON``, ``TEXT``...
        options: every other option by its name in upper case; True where it has no value.
        credentials: the names and values of ``IAM_ROLE``, ``ACCESS_KEY_ID``... Never shown.
    """

    table: str
    columns: tuple[str, ...] | None
    location: str
    format: str
    options: Mapping[str, Option] = field(factory=dict)
    credentials: Mapping[str, str] = field(factory=dict, repr=False)


@frozen
class Unload:
    """An ``UNLOAD ('query') TO 's3://prefix'``.

    Attributes:
        query: the query as SQL for PostgreSQL.
        location: the URL of the prefix.
        format: ``PARQUET``, ``CSV``, ``JSON`` or ``TEXT``.
        options: every other option by its name in upper case; True where it has no value.
        credentials: as in a :class:`Copy`. Never shown.
    """

    query: str
    location: str
    format: str
    options: Mapping[str, Option] = field(factory=dict)
    credentials: Mapping[str, str] = field(factory=dict, repr=False)


Statement = Run | Answer | Copy | Unload


class Upstream(Protocol):
    """The client's own connection to PostgreSQL, in the client's transaction."""

    def query(self, sql: str) -> list[tuple[str | None, ...]]:
        """Run one statement; return its rows as PostgreSQL's texts, None for NULL.

        Raises:
            RedshiftError: with PostgreSQL's message and SQLSTATE.
        """
        ...

    def describe(self, sql: str) -> list[tuple[str, int, int]]:
        """The columns of a query's result: name, oid of the type, modifier. It isn't run; a domain is its base type.

        Raises:
            RedshiftError: with PostgreSQL's message and SQLSTATE.
        """
        ...

    def copy_in(self, sql: str, chunks: Iterable[bytes]) -> int:
        """Run a ``COPY ... FROM STDIN`` with these bytes; return the number of rows.

        An error of `chunks` ends the COPY with a CopyFail and is raised.

        Raises:
            RedshiftError: with PostgreSQL's message and SQLSTATE.
        """
        ...

    def copy_out(self, sql: str) -> Iterator[bytes]:
        """Run a ``COPY ... TO STDOUT``; give its bytes as they come.

        Raises:
            RedshiftError: with PostgreSQL's message and SQLSTATE.
        """
        ...
