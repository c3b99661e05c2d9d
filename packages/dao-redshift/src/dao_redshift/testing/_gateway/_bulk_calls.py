"""COPY and UNLOAD: run on the session's connection, reported as Redshift does."""

from __future__ import annotations

from dao_redshift.testing._bulk import Loads, run_copy, run_unload
from dao_redshift.testing._gateway._context import SessionContext, Shared
from dao_redshift.testing._statements import Copy, RedshiftError, Unload
from dao_redshift.testing._wire import _messages as m


def run(what: Copy | Unload, context: SessionContext, shared: Shared) -> tuple[str, list[bytes]]:
    """Run one; return its command tag, and the notices that the client gets.

    Raises:
        RedshiftError: it failed, or the gateway has no storage.
    """
    storage = shared.bulk
    if storage is None:
        raise RedshiftError("this gateway has no S3 for COPY and UNLOAD: give RedshiftGateway its storage=")
    loads = Loads(shared.log, context.last_query, context.pid)
    if isinstance(what, Copy):
        loaded = run_copy(what, context.upstream, storage, loads)
        context.last_copy, context.last_copy_count = context.last_query, loaded.rows
        return "COPY", [m.notice(words) for words in loaded.notices]
    unloaded = run_unload(what, context.upstream, storage, loads)
    context.last_unload, context.last_unload_count = context.last_query, unloaded.rows
    return "UNLOAD", [m.notice(words) for words in unloaded.notices]
