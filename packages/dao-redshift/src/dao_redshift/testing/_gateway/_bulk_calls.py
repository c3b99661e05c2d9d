"""COPY and UNLOAD: run on the session's connection, reported as Redshift does."""

from __future__ import annotations

from dao_redshift.testing._gateway._context import SessionContext, Shared
from dao_redshift.testing._statements import Copy, RedshiftError, Unload


def run(what: Copy | Unload, _context: SessionContext, _shared: Shared) -> tuple[str, list[bytes]]:
    """Run one; return its command tag, and the notices that the client gets.

    Raises:
        RedshiftError: it failed, or the gateway has no storage.
    """
    raise RedshiftError(f"{type(what).__name__.upper()} isn't implemented")
