"""Deletes rows by a predicate: files without such rows are kept, the others go or are written again."""

from __future__ import annotations

from functools import partial
from typing import Any

from dao.arrow.predicates import Predicate, bind, parse
from dao.errors import NotFoundError
from dao.results import WriteResult
from dao_delta._actions.removing import remove_stored
from dao_delta._actions.rewriting import NewFiles, Rewriting
from dao_delta._actions.writing import layout_of
from dao_delta._commits.remembered import Keyed, Remembered
from dao_delta._commits.transaction import Change, commit
from dao_delta._tables.client import Client, Snapshot
from dao_files.lake import FileSettings

__all__ = ["delete_rows"]


def delete_rows(
    client: Client, table: str, where: Any, settings: FileSettings, timeout: float, idempotency_key: str | None
) -> WriteResult:
    """See :meth:`dao_delta.DeltaInterface.delete`."""
    predicate = parse(where)
    remembered = Remembered(Keyed.of(idempotency_key, "delete", where=str(predicate)))
    new = NewFiles(client, table, settings)
    return commit(client, table, partial(_plan, table, new, predicate), timeout, new.discard, remembered)


def _plan(table: str, new: NewFiles, where: Predicate, snapshot: Snapshot | None) -> Change:
    new.discard()
    if snapshot is None:
        raise NotFoundError(f"there is no Delta table at {table!r}")
    predicate = bind(where, snapshot.schema)
    snapshot.check_writable(removes=True)
    rewriting = Rewriting(snapshot, layout_of(snapshot), new)
    removed = remove_stored(rewriting, predicate)
    return Change(
        operation="DELETE",
        parameters={"predicate": str(where)},
        actions=rewriting.actions,
        result=WriteResult(0, 0, removed.rows, new.size, new.count),
    )
