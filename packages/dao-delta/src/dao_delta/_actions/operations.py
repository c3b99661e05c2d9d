"""Operations of ``run`` that deltalake does: as one commit that DAO recognises, run again after a conflict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from attrs import evolve
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import CommitFailedError

from dao.errors import ConflictError, DataError, NotFoundError, UnsupportedError
from dao.results import WriteResult
from dao.tables import RetryBudget
from dao_delta._snapshots.misread import refuse_misread
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.log import commit_key, log_path, read_commit
from dao_delta._tables.properties import checked_properties
from dao_delta._tables.schemas import check_feed

__all__ = [
    "checkpoint",
    "compact",
    "repair",
    "set_properties",
    "z_order",
]

Operation = Callable[[DeltaTable, CommitProperties], Any]


def _run(
    client: Client, table: str, timeout: float, operation: Operation, *, moves_files: bool = False
) -> tuple[WriteResult, Any]:
    """Run an operation on the newest version until it is committed or the time is up.

    Args:
        client: the store.
        table: the table's key.
        timeout: seconds for which it is run again after a first conflict.
        operation: what deltalake does.
        moves_files: whether it may take files out of the table.

    Returns:
        The result with the versions, and what deltalake says of it; None where its answer was lost.

    Raises:
        ConflictError: the time is used up.
        UnsupportedError: the table has a feature that deltalake doesn't write.
    """
    budget = RetryBudget(timeout)
    while True:
        snapshot = client.open(table)
        snapshot.check_writable(removes=False)
        if moves_files:
            _check_paths(snapshot)
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
            if client.open(table).version == before:  # no writer came first: deltalake can't write such a table
                raise UnsupportedError(f"deltalake can't do this to {table!r}: {error}") from error
            budget.wait(ConflictError(f"another writer committed first: {error}"))
            continue
        made = _made(client, table, before, token)
        return WriteResult(version_before=before, version_after=before if made is None else made), found


def _check_paths(snapshot: Snapshot) -> None:
    """Check that deltalake names the files of a table as the log does: what it takes out under another name stays.

    Raises:
        UnsupportedError: it doesn't; Spark leaves more characters as they are. Or a file is outside of the store.
    """
    snapshot.check_inside()
    paths = snapshot.files["path"].to_pylist()
    other = next((path for path in paths if "://" not in path and path != log_path(unquote(path))), None)
    if other is not None:
        raise UnsupportedError(
            f"the table {snapshot.key!r} has a file that deltalake would take for another one, {other!r}: only Spark "
            "can do this; or write the table again, with mode='overwrite'"
        )


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
    _check_size(target_size)
    refuse_misread(client.open(table))
    result, found = _run(
        client,
        table,
        timeout,
        lambda opened, properties: opened.optimize.compact(target_size=target_size, commit_properties=properties),
        moves_files=True,
    )
    return _rewritten(result, found)


def _check_size(target_size: int | None) -> None:
    if target_size is not None and (isinstance(target_size, bool) or not 0 < target_size < 1 << 63):
        raise DataError(f"target_size: found {target_size!r}, expected bytes, at least 1")


def z_order(client: Client, table: str, timeout: float, columns: Sequence[str], target_size: int | None) -> WriteResult:
    """Rewrite all files with near values of some columns near one another."""
    _check_size(target_size)
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
        moves_files=True,
    )
    return _rewritten(result, found)


def _rewritten(result: WriteResult, found: Mapping[str, Any] | None) -> WriteResult:
    if found is None:
        return result
    details = {"files_removed": found.get("numFilesRemoved"), "files_added": found.get("numFilesAdded")}
    return evolve(result, rows_inserted=0, rows_deleted=0, files=found.get("numFilesAdded"), details=details)


def checkpoint(client: Client, table: str) -> WriteResult:
    """Write a checkpoint, from which readers begin."""
    snapshot = client.open(table)
    snapshot.table.create_checkpoint()
    return WriteResult(version_before=snapshot.version, version_after=snapshot.version)


def set_properties(client: Client, table: str, timeout: float, properties: Mapping[str, Any]) -> WriteResult:
    """Set properties of a table."""
    texts = checked_properties(properties)

    def set_checked(opened: DeltaTable, commit: CommitProperties) -> None:
        check_feed([field.name for field in opened.schema().fields], texts)
        opened.alter.set_table_properties(texts, commit_properties=commit)

    result, _ = _run(
        client,
        table,
        timeout,
        set_checked,
    )
    return result


def repair(client: Client, table: str, timeout: float, *, dry_run: bool) -> WriteResult:
    """Take those files out of the table that are missing from the store."""
    snapshot = client.open(table)
    lost = snapshot.table.repair(dry_run=True)["files_removed"]
    result = WriteResult(version_before=snapshot.version, version_after=snapshot.version)
    if lost and not dry_run:
        result, _ = _run(
            client,
            table,
            timeout,
            lambda opened, commit: opened.repair(dry_run=False, commit_properties=commit),
            moves_files=True,
        )
    return evolve(result, details={"dry_run": dry_run, "files_lost": list(lost)})
