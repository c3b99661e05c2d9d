"""Branches and tags of a table, and write-audit-publish: a branch becomes the table's newest version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial

import pyarrow as pa
from pyiceberg.table.refs import SnapshotRef, SnapshotRefType
from pyiceberg.table.update import (
    AssertRefSnapshotId,
    SetPropertiesUpdate,
    SetSnapshotRefUpdate,
    TableUpdate,
)

from dao.errors import AlreadyExistsError, ConflictError, DataError, NotFoundError
from dao.results import WriteResult
from dao_iceberg._commits.altering import Alteration, alter
from dao_iceberg._commits.prepared import branch_update, drop_updates
from dao_iceberg._commits.remembered import line_of, positions_of, positions_property
from dao_iceberg._snapshots.versions import open_version
from dao_iceberg._tables.client import MAIN, Client, Snapshot, missing_ref

__all__ = ["create_ref", "drop_ref", "publish", "refs_of"]

_COLUMNS = pa.schema(
    {"name": pa.string(), "kind": pa.string(), "version": pa.int64(), "timestamp": pa.timestamp("ms", "UTC")}
)


def refs_of(snapshot: Snapshot) -> pa.Table:
    """See :meth:`dao_iceberg.IcebergInterface.run_refs`."""
    made = {one.snapshot_id: one.timestamp_ms for one in snapshot.metadata.snapshots}
    rows = [
        (name, ref.snapshot_ref_type.value, ref.snapshot_id, made.get(ref.snapshot_id))
        for name, ref in snapshot.metadata.refs.items()
    ]
    rows.sort(key=lambda row: (row[0] != MAIN, row[1], row[0]))
    return pa.Table.from_pylist([dict(zip(_COLUMNS.names, row, strict=True)) for row in rows], _COLUMNS)


def create_ref(
    client: Client,
    table: str,
    timeout: float,
    kind: SnapshotRefType,
    name: str,
    version: int | None,
    as_of: datetime | None,
    branch: str | None,
) -> WriteResult:
    """Give a version of a table a name."""
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise DataError(f"name: found {name!r}, expected a text of printable characters")
    at = open_version(client, table, version, as_of, branch)
    if at.version is None:
        raise NotFoundError(f"the table {table!r} has no version yet")
    return alter(client, table, partial(_plan_new, kind, name, at.version), timeout)


def _plan_new(kind: SnapshotRefType, name: str, version: int, now: Snapshot) -> Alteration:
    if name in now.metadata.refs or name == MAIN:
        raise AlreadyExistsError(f"there is a branch or tag {name!r} of {now.key!r} already")
    if now.metadata.snapshot_by_id(version) is None:
        raise NotFoundError(f"snapshot {version} of {now.key!r} was expired")
    update = SetSnapshotRefUpdate(ref_name=name, type=kind, snapshot_id=version)
    return Alteration(updates=[update], requirements=[AssertRefSnapshotId(ref=name, snapshot_id=None)])


def drop_ref(client: Client, table: str, timeout: float, kind: SnapshotRefType, name: str) -> WriteResult:
    """Drop a branch or a tag; its versions stay until they are expired."""
    if name == MAIN:
        raise DataError(f"name: {MAIN!r} is the table itself, which can't be dropped")
    return alter(client, table, partial(_plan_drop, kind, name), timeout)


def _plan_drop(kind: SnapshotRefType, name: str, now: Snapshot) -> Alteration:
    ref = _ref(now, kind, name)
    return Alteration(
        updates=drop_updates(now, [name]), requirements=[AssertRefSnapshotId(ref=name, snapshot_id=ref.snapshot_id)]
    )


def _ref(now: Snapshot, kind: SnapshotRefType, name: str) -> SnapshotRef:
    found = now.metadata.refs.get(name)
    if found is None or found.snapshot_ref_type != kind:
        raise missing_ref(name, kind, now.key, now.metadata)
    return found


def publish(client: Client, table: str, timeout: float, branch: str) -> WriteResult:
    """Make the newest version of a branch that of the table."""
    if branch == MAIN:
        raise DataError(f"branch: {MAIN!r} is the table itself, expected another branch")
    return alter(client, table, partial(_plan_publish, branch), timeout)


def _plan_publish(branch: str, now: Snapshot) -> Alteration:
    metadata = now.metadata
    head = _ref(now, SnapshotRefType.BRANCH, branch).snapshot_id
    line = line_of(metadata, head)
    if head in line_of(metadata, now.version):
        return Alteration(result=WriteResult(details={"versions": 0}))
    if now.version is not None and now.version not in line:
        raise ConflictError(
            f"{now.key!r} was changed since the branch {branch!r} began or was published: make the branch again from "
            "its newest version"
        )
    made = len(line - line_of(metadata, now.version))
    refs = ((MAIN, now.version), (branch, head))
    return Alteration(
        updates=[branch_update(metadata, MAIN, head), *_positions(now, branch, head)],
        requirements=[AssertRefSnapshotId(ref=name, snapshot_id=version) for name, version in refs],
        result=WriteResult(details={"versions": made}),
    )


def _positions(now: Snapshot, branch: str, head: int) -> Sequence[TableUpdate]:
    """The positions of a branch as those of the table."""
    at = now.metadata.snapshot_by_id(head)
    found = positions_of(Snapshot(now.client, now.key, now.table, at, branch))
    if found == positions_of(now):
        return []
    return [SetPropertiesUpdate(updates={positions_property(MAIN): json.dumps(found)})]
