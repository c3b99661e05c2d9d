"""Operations of ``run`` that deltalake does: as one commit that DAO recognises, run again after a conflict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from attrs import evolve
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError

from dao.errors import ConflictError, DataError, NotFoundError
from dao.results import WriteResult
from dao.tables import RetryBudget, version_at
from dao_delta._client import Client, Snapshot
from dao_delta._log import commit_key, read_commit
from dao_delta._misread import refuse_misread
from dao_delta._remembered import restored_positions
from dao_delta._versions import history_of

__all__ = [
    "add_constraint",
    "checkpoint",
    "compact",
    "drop_constraint",
    "repair",
    "restore",
    "set_properties",
    "vacuum",
    "z_order",
]

Operation = Callable[[DeltaTable, CommitProperties], Any]


def _run(client: Client, table: str, timeout: float, operation: Operation) -> tuple[WriteResult, Any]:
    """Run an operation on the newest version until it is committed or the time is up.

    Returns:
        The result with the versions, and what deltalake says of it; None where its answer was lost.

    Raises:
        ConflictError: the time is used up.
    """
    budget = RetryBudget(timeout)
    while True:
        snapshot = client.open(table)
        snapshot.check_writable(removes=False)
        before = snapshot.version  # deltalake's object goes on to the version that it makes
        token = uuid4().hex
        # With retries of its own deltalake would commit twice where a store commits and answers with an error.
        properties = CommitProperties(custom_metadata={"txnId": token}, max_commit_retries=0)
        try:
            found = operation(snapshot.table, properties)
        except Exception as error:
            made = _made(client, table, before, token)
            if made is not None:
                return WriteResult(version_before=before, version_after=made), None
            if not isinstance(error, CommitFailedError):
                raise
            budget.wait(ConflictError(f"another writer committed first: {error}"))
            continue
        made = _made(client, table, before, token)
        return WriteResult(version_before=before, version_after=before if made is None else made), found


def _made(client: Client, table: str, before: int, token: str) -> int | None:
    """The version of the commit with a ``txnId`` that came after a version; None if there is none."""
    version = before + 1
    while True:
        try:
            actions = read_commit(client.transport, commit_key(table, version))
        except NotFoundError:
            return None
        if any(action.get("commitInfo", {}).get("txnId") == token for action in actions):
            return version
        version += 1


def compact(client: Client, table: str, timeout: float, target_size: int | None) -> WriteResult:
    """Rewrite many small files as few large ones."""
    refuse_misread(client.open(table))
    result, found = _run(
        client,
        table,
        timeout,
        lambda opened, properties: opened.optimize.compact(target_size=target_size, commit_properties=properties),
    )
    return _rewritten(result, found)


def z_order(client: Client, table: str, timeout: float, columns: Sequence[str], target_size: int | None) -> WriteResult:
    """Rewrite all files with near values of some columns near one another."""
    snapshot = client.open(table)
    unknown = [name for name in columns if name not in snapshot.schema.names]
    if unknown or not columns:
        raise DataError(f"columns: found {unknown or 'none'}, expected columns of the table: {snapshot.schema.names}")
    refuse_misread(snapshot)
    result, found = _run(
        client,
        table,
        timeout,
        lambda opened, properties: opened.optimize.z_order(
            list(columns), target_size=target_size, commit_properties=properties
        ),
    )
    return _rewritten(result, found)


def _rewritten(result: WriteResult, found: Mapping[str, Any] | None) -> WriteResult:
    if found is None:
        return result
    details = {"files_removed": found.get("numFilesRemoved"), "files_added": found.get("numFilesAdded")}
    return evolve(result, rows_inserted=0, rows_deleted=0, files=found.get("numFilesAdded"), details=details)


def vacuum(
    client: Client, table: str, timeout: float, older_than: float | timedelta | None, *, dry_run: bool
) -> WriteResult:
    """Delete the files that no version younger than a time needs, and what killed writers left.

    In a table that may have deletion vectors only the files that the log says were removed: of the others deltalake
    takes the vectors themselves for leftovers.
    """
    hours = None if older_than is None else _hours(older_than)

    def operation(opened: DeltaTable, properties: CommitProperties) -> list[str]:
        readers, writers = Snapshot(client, table, opened).named_features
        return opened.vacuum(
            retention_hours=hours,
            dry_run=dry_run,
            enforce_retention_duration=False,
            commit_properties=properties,
            full="deletionVectors" not in readers | writers,
        )

    if dry_run:
        snapshot = client.open(table)
        gone = operation(snapshot.table, CommitProperties())
        result = WriteResult(version_before=snapshot.version, version_after=snapshot.version)
    else:
        result, found = _run(client, table, timeout, operation)
        gone = found or []
    return evolve(result, files=len(gone), details={"dry_run": dry_run})


def _hours(older_than: float | timedelta) -> int:
    seconds = older_than.total_seconds() if isinstance(older_than, timedelta) else float(older_than)
    if seconds < 0:
        raise DataError(f"older_than: found {older_than!r}, expected seconds of at least 0, or a timedelta")
    return -int(-seconds // 3600)  # whole hours, upwards: rather too little is deleted


def restore(client: Client, table: str, timeout: float, version: int | None, as_of: datetime | None) -> WriteResult:
    """Make an older version the newest one again."""
    newest = client.open(table)
    if (version is None) == (as_of is None):
        raise DataError("restore needs version= or as_of=, and not both")
    if as_of is not None:
        version = int(version_at(history_of(newest), as_of).version)  # type: ignore[arg-type]
    if not isinstance(version, int) or not 0 <= version <= newest.version:
        raise NotFoundError(f"there is no version {version!r} of {table!r}: the newest is {newest.version}")
    target = version

    def operation(opened: DeltaTable, properties: CommitProperties) -> Any:
        properties.app_transactions = _old_positions(client, table, target, opened.version())
        return opened.restore(target, commit_properties=properties)

    return _run(client, table, timeout, operation)[0]


def _old_positions(client: Client, table: str, target: int, newest: int) -> list[Transaction]:
    """What makes the positions of an older version those of the table again: deltalake restores files alone."""
    keys = [commit_key(table, version) for version in range(target + 1, newest + 1)]
    since = [action for key in keys for action in read_commit(client.transport, key)]
    numbers = restored_positions(client.open(table, target), since, newest + 1)
    return [Transaction(name, number) for name, number in numbers.items()]


def checkpoint(client: Client, table: str) -> WriteResult:
    """Write a checkpoint, from which readers begin."""
    snapshot = client.open(table)
    snapshot.table.create_checkpoint()
    return WriteResult(version_before=snapshot.version, version_after=snapshot.version)


def add_constraint(client: Client, table: str, timeout: float, name: str, expression: str) -> WriteResult:
    """Add a CHECK constraint that all rows fulfil."""
    snapshot = client.open(table)
    if name in snapshot.constraints:
        raise DataError(f"name: the table has a constraint {name!r} already: {snapshot.constraints[name]}")
    refuse_misread(snapshot)
    result, _ = _run(
        client,
        table,
        timeout,
        lambda opened, properties: opened.alter.add_constraint({name: expression}, commit_properties=properties),
    )
    return result


def drop_constraint(client: Client, table: str, timeout: float, name: str) -> WriteResult:
    """Drop a CHECK constraint."""
    snapshot = client.open(table)
    if name not in snapshot.constraints:
        raise NotFoundError(f"the table has no constraint {name!r}; it has {', '.join(snapshot.constraints) or 'none'}")
    result, _ = _run(
        client,
        table,
        timeout,
        lambda opened, properties: opened.alter.drop_constraint(name, commit_properties=properties),
    )
    return result


def set_properties(client: Client, table: str, timeout: float, properties: Mapping[str, Any]) -> WriteResult:
    """Set properties of a table."""
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in properties.items()}
    if texts.get("delta.enableDeletionVectors") == "true":
        raise DataError(
            "delta.enableDeletionVectors: deltalake would add the feature variantType with it, which locks older "
            "readers out; set it in Spark"
        )
    result, _ = _run(
        client,
        table,
        timeout,
        lambda opened, commit: opened.alter.set_table_properties(texts, commit_properties=commit),
    )
    return result


def repair(client: Client, table: str, timeout: float, *, dry_run: bool) -> WriteResult:
    """Take those files out of the table that are missing from the store."""
    snapshot = client.open(table)
    lost = snapshot.table.repair(dry_run=True)["files_removed"]
    result = WriteResult(version_before=snapshot.version, version_after=snapshot.version)
    if lost and not dry_run:
        result, _ = _run(
            client, table, timeout, lambda opened, commit: opened.repair(dry_run=False, commit_properties=commit)
        )
    return evolve(result, details={"dry_run": dry_run, "files_lost": list(lost)})
