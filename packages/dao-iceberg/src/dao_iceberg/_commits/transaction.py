"""Commits changes: each is planned on the newest snapshot, and planned again if another writer came first.

So every change is serializable: nothing was committed between the snapshot that it was planned on and its own. A commit
whose answer was lost is looked for by its snapshot's id. While it may still be on its way, the very same commit is sent
again: both ask that the branch is where it was, so at most one of them is made. A catalog that keeps but the newest
snapshots may not tell: then the outcome is unknown, and is said to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from attrs import evolve, field, frozen
from pyiceberg.exceptions import CommitFailedException, TableAlreadyExistsError
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot
from pyiceberg.table.update import TableUpdate

from dao.errors import (
    ConflictError,
    DaoError,
    DataError,
    NotFoundError,
    PermissionDeniedError,
    PluginError,
    StoreError,
    TransientError,
    UnsupportedError,
)
from dao.results import WriteResult
from dao.tables import RetryBudget
from dao_iceberg._commits.prepared import NewTable, Prepared, prepare, put
from dao_iceberg._commits.remembered import NOTHING, Remembered
from dao_iceberg._errors import translate
from dao_iceberg._tables.client import MAIN, Client, Snapshot
from dao_iceberg._tables.manifests import Entry, SnapshotPlan

__all__ = ["Change", "NewTable", "commit"]


@frozen(kw_only=True, eq=False)
class Change:
    """A change of a table, planned on one snapshot.

    Attributes:
        operation: ``append``, ``overwrite``, ``delete`` or ``replace``, as Iceberg means them.
        added: the data files that come.
        removed: the files that go, of data and of deletes.
        regrouped: files whose manifests are written again; see :class:`SnapshotPlan`.
        restored: an older snapshot, whose files the new one has.
        create: the table that is made.
        updates: of the table's metadata before the snapshot: schemas, specs, properties.
        summary: what the history says of it beside the counts.
        result: the result without versions.
        is_ignored: whether the call does nothing since the table is there: then its positions aren't kept.
    """

    operation: str = "append"
    added: Sequence[Any] = ()
    removed: Sequence[Entry] = ()
    regrouped: Sequence[Sequence[Entry]] = ()
    restored: IcebergSnapshot | None = None
    create: NewTable | None = None
    updates: Sequence[TableUpdate] = ()
    summary: Mapping[str, str] = field(factory=dict)
    result: WriteResult = field(factory=WriteResult)
    is_ignored: bool = False

    @property
    def acts(self) -> bool:
        """Whether there is anything to commit."""
        files = self.added or self.removed or self.regrouped or self.restored
        return bool(files or self.create or self.updates)

    @property
    def snapshot(self) -> SnapshotPlan:
        """What its snapshot is made of."""
        return SnapshotPlan(
            operation=self.operation,
            added=self.added,
            removed=self.removed,
            regrouped=self.regrouped,
            restored=self.restored,
            summary=self.summary,
        )


def commit(
    client: Client,
    table: str,
    plan: Callable[[Snapshot | None], Change],
    timeout: float,
    discard: Callable[[], None],
    remembered: Remembered = NOTHING,
    read_rest: Callable[[], None] = lambda: None,
    branch: str = MAIN,
) -> WriteResult:
    """Plan a change on the newest snapshot of a table, and commit it as the next one.

    Args:
        client: the store.
        table: the table's key.
        plan: makes the change; it gets the newest snapshot, None if there is no table, and is called again after each
            conflict.
        timeout: seconds for which it is planned again after a first conflict.
        discard: deletes the files that plans have written; called only once no commit can name them.
        remembered: what the commit keeps beside the change.
        read_rest: reads the rows of a call with an idempotency key that were not yet read, for their digest.
        branch: the branch that is changed.

    Raises:
        ConflictError: the time is used up, or the table has another position than the one that rows continue from.
        DataError: another call had the idempotency key.
        TransientError: the catalog doesn't answer; the message says whether the commit may have been made.
    """
    budget = RetryBudget(timeout)
    turn: AbstractContextManager[None] = nullcontext()
    while True:
        with turn:
            found = _attempt(client, table, plan, budget, discard, remembered, read_rest, branch)
        if isinstance(found, WriteResult):
            return found
        _wait(budget, found, discard)
        turn = client.turns.take(table, timeout)


def _attempt(
    client: Client,
    table: str,
    plan: Callable[[Snapshot | None], Change],
    budget: RetryBudget,
    discard: Callable[[], None],
    remembered: Remembered,
    read_rest: Callable[[], None],
    branch: str,
) -> WriteResult | ConflictError:
    """Plan a change and commit it; the conflict if another writer came first."""
    snapshot = None
    try:
        snapshot = client.find_to_write(table, branch)
        found = _planned(snapshot, plan, remembered, read_rest)
        if isinstance(found, WriteResult):
            discard()
            return found
        kept = evolve(remembered, positions=()) if found.is_ignored else remembered
        prepared = prepare(client, table, branch, snapshot, found.snapshot, found.create, found.updates, kept)
    except BaseException as error:
        if snapshot is not None and _was_expired(client, snapshot, branch, error):
            return ConflictError(f"another writer changed {table!r} first, and what it was is gone: {error}")
        discard()
        raise
    conflict = _send(client, prepared, budget, discard)
    return conflict or evolve(found.result, version_before=prepared.before, version_after=prepared.version)


def _was_expired(client: Client, snapshot: Snapshot, branch: str, error: BaseException) -> bool:
    """Whether an error is that files of a snapshot are gone: the table has a newer one, and that was expired."""
    if type(error) not in (StoreError, NotFoundError):
        return False
    try:
        now = client.find_to_write(snapshot.key, branch)
    except Exception:
        return False
    return now is None or now.version != snapshot.version


def _planned(
    snapshot: Snapshot | None,
    plan: Callable[[Snapshot | None], Change],
    remembered: Remembered,
    read_rest: Callable[[], None],
) -> Change | WriteResult:
    """The change that is to be committed, or the result where there is nothing to commit."""
    before = None if snapshot is None else snapshot.version
    if snapshot is not None and remembered.keyed is not None:
        done = remembered.keyed.find_result(snapshot, read_rest)
        if done is not None:
            return done
    remembered.check(snapshot)
    change = plan(snapshot)
    needs_commit = remembered.keyed is not None if change.is_ignored else remembered.needs_commit
    if not change.acts and not needs_commit:
        return evolve(change.result, version_before=before, version_after=before)
    return change


def _send(client: Client, prepared: Prepared, budget: RetryBudget, discard: Callable[[], None]) -> ConflictError | None:
    """Commit an attempt.

    Returns:
        None if it is made. If not, it never will be, and the change is to be planned again.
    """
    while True:
        try:
            put(client, prepared)
            return None
        except Exception as error:
            meant = error if isinstance(error, DaoError) else translate(error)
            refused = isinstance(error, DaoError) or isinstance(meant, _REFUSED)
            if refused and not prepared.is_open:
                _give_up(client, prepared, discard)
                raise _raised(error, meant) from error
            prepared.is_open = prepared.is_open or not isinstance(error, _CONFLICTS)
            now = _look(client, prepared, error)
            if prepared.is_made(now):
                return None
            if prepared.is_open and not prepared.is_traced(now):
                raise _unknown(prepared, error) from error
            conflict = ConflictError(f"another writer committed to {prepared.table!r} first")
            if not prepared.is_open or not prepared.may_come(now):
                prepared.discard(client)
                return conflict
            _wait_to_repeat(budget, conflict, prepared, error, meant)


_REFUSED = (PermissionDeniedError, DataError, UnsupportedError, PluginError)
"""What a catalog answers before it does anything."""

_CONFLICTS = (CommitFailedException, TableAlreadyExistsError)


def _raised(error: Exception, meant: DaoError | None) -> Exception:
    return error if meant is None else meant


def _look(client: Client, prepared: Prepared, error: Exception) -> Snapshot | None:
    """The table as it is now.

    Raises:
        TransientError: the catalog doesn't tell.
    """
    try:
        return client.find_to_write(prepared.table, prepared.branch)
    except Exception as second:
        if not prepared.is_open:
            raise
        raise _unknown(prepared, second) from error


def _unknown(prepared: Prepared, error: Exception) -> TransientError:
    return TransientError(
        f"the commit of snapshot {prepared.version} of {prepared.table!r} may have been made: the catalog doesn't tell "
        f"({type(error).__name__}); its files stay"
    )


def _give_up(client: Client, prepared: Prepared, discard: Callable[[], None]) -> None:
    prepared.discard(client)
    discard()


def _wait(budget: RetryBudget, conflict: ConflictError, discard: Callable[[], None]) -> None:
    try:
        budget.wait(conflict)
    except BaseException:
        discard()
        raise


def _wait_to_repeat(
    budget: RetryBudget, conflict: ConflictError, prepared: Prepared, error: Exception, meant: DaoError | None
) -> None:
    """Wait before the same commit is sent again.

    Raises:
        TransientError: the time is used up.
    """
    if meant is not None and not isinstance(meant, (TransientError, ConflictError)):
        raise meant from error
    if meant is None:
        raise error
    try:
        budget.wait(conflict)
    except ConflictError:
        raise _unknown(prepared, error) from error
