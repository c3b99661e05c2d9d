"""Finds snapshots of a table by id, moment, branch and tag, and tells their history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot

from dao.errors import DataError, NotFoundError
from dao.results import Version
from dao.tables import version_at
from dao_iceberg._tables.client import MAIN, Client, Snapshot, missing_ref

__all__ = ["history_of", "open_version"]


def open_version(
    client: Client,
    table: str,
    version: int | None = None,
    as_of: datetime | None = None,
    branch: str | None = None,
    tag: str | None = None,
) -> Snapshot:
    """Open a snapshot of a table: by its id, the last one at or before a moment, that of a tag, or the newest.

    Args:
        client: the store.
        table: the table's key.
        version: the snapshot's id.
        as_of: a moment; of ``branch``, or of the table itself.
        branch: a branch.
        tag: a tag.

    Raises:
        NotFoundError: there is no table, no such branch, tag or snapshot, or it was expired.
        DataError: the arguments contradict one another.
    """
    given = [name for name, value in (("version", version), ("as_of", as_of), ("tag", tag)) if value is not None]
    if len(given) > 1 or (branch is not None and {*given} & {"version", "tag"}):
        raise DataError(f"{given[0]}: found with {(*given[1:], 'branch')[0]}, expected one of the two")
    newest = client.open(table, branch or MAIN)
    if tag is not None:
        ref = newest.metadata.refs.get(tag)
        if ref is None or ref.snapshot_ref_type != SnapshotRefType.TAG:
            raise missing_ref(tag, SnapshotRefType.TAG, table, newest.metadata)
        version = ref.snapshot_id
    if as_of is not None:
        version = int(version_at(history_of(newest), as_of).version)  # type: ignore[arg-type]
    if version is None:
        return newest
    if not isinstance(version, int) or isinstance(version, bool):
        raise NotFoundError(f"there is no version {version!r} of {table!r}: versions are the ids of snapshots")
    found = newest.metadata.snapshot_by_id(version)
    if found is None:
        raise NotFoundError(f"there is no snapshot {version} of {table!r}: it never was, or it was expired")
    return Snapshot(newest.client, table, newest.table, found, None)


def history_of(snapshot: Snapshot) -> Iterator[Version]:
    """The snapshots from one back to the first that is kept, the newest first."""
    by_id = {one.snapshot_id: one for one in snapshot.metadata.snapshots}
    current = snapshot.at
    while current is not None:
        yield version_of(current)
        current = None if current.parent_snapshot_id is None else by_id.get(current.parent_snapshot_id)


def version_of(snapshot: IcebergSnapshot) -> Version:
    """A snapshot as the history tells it."""
    moment = datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)
    summary = snapshot.summary
    operation = None if summary is None else summary.operation.value
    details: dict[str, Any] = {} if summary is None else dict(summary.additional_properties)
    details = {name: value for name, value in details.items() if not name.startswith("dao.")}
    return Version(snapshot.snapshot_id, moment, operation, details)
