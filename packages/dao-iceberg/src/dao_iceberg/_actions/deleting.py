"""Deletes rows by a predicate: files without such rows are kept, the others go or are written again."""

from __future__ import annotations

from functools import partial
from typing import Any

from dao.arrow.predicates import Predicate, bind, parse
from dao.errors import NotFoundError
from dao.results import WriteResult
from dao_files.lake import FileSettings, files_with_rows, remove_rows
from dao_iceberg._actions.rewriting import NewFiles, Rewriting
from dao_iceberg._actions.writing import layout_of
from dao_iceberg._commits.remembered import Keyed, Remembered
from dao_iceberg._commits.transaction import Change, commit
from dao_iceberg._snapshots.facts import facts_of
from dao_iceberg._snapshots.planning import plan_files
from dao_iceberg._tables.client import Client, Snapshot

__all__ = ["delete_rows"]


def delete_rows(
    client: Client,
    table: str,
    where: Any,
    settings: FileSettings,
    timeout: float,
    idempotency_key: str | None,
    branch: str,
) -> WriteResult:
    """See :meth:`dao_iceberg.IcebergInterface.delete`."""
    predicate = parse(where)
    remembered = Remembered(Keyed.of(idempotency_key, "delete", where=str(predicate), branch=branch))
    new = NewFiles(client, settings)
    return commit(client, table, partial(_plan, table, new, predicate), timeout, new.discard, remembered, branch=branch)


def _plan(table: str, new: NewFiles, where: Predicate, snapshot: Snapshot | None) -> Change:
    new.discard()
    if snapshot is None:
        raise NotFoundError(f"there is no Iceberg table {table!r}")
    predicate = bind(where, snapshot.schema)
    snapshot.check_writable()
    files = plan_files(snapshot, predicate)
    facts = facts_of(snapshot, files)
    rewriting = Rewriting(snapshot, files, layout_of(snapshot), new)
    removed = remove_rows(rewriting, predicate, files, files_with_rows(facts, predicate), facts.partitions)
    added = new.added
    return Change(
        operation="overwrite" if added else "delete",
        added=added,
        removed=rewriting.removed,
        result=WriteResult(0, 0, removed.rows, new.size, new.count),
    )
