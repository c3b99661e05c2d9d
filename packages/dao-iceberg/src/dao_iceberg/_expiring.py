"""Expires old versions of a table, and deletes the files that no other version needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from attrs import define, evolve, field
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import SnapshotRef, SnapshotRefType
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot
from pyiceberg.table.update import AssertRefSnapshotId, RemoveSnapshotsUpdate, SetPropertiesUpdate, TableUpdate

from dao.errors import DataError
from dao.results import WriteResult
from dao_iceberg._altering import Alteration, alter
from dao_iceberg._client import Client, Snapshot
from dao_iceberg._reachable import check_may_delete, cutoff, files_of, manifests_of, metadata_files
from dao_iceberg._remembered import positions_of, positions_property, stored_positions

__all__ = ["expire"]

_AGE, _KEPT = "history.expire.max-snapshot-age-ms", "history.expire.min-snapshots-to-keep"
_DAYS = 5 * 24 * 3600.0


def expire(
    client: Client,
    table: str,
    timeout: float,
    older_than: float | timedelta | None,
    keep: int | None,
    *,
    dry_run: bool,
) -> WriteResult:
    """See :meth:`dao_iceberg.IcebergInterface.run_expire`."""
    if keep is not None and keep < 1:
        raise DataError(f"keep: found {keep!r}, expected a number of at least 1: the newest version stays")
    snapshot = client.open(table)
    age = snapshot.properties.get(_AGE, "")
    before = cutoff(older_than, int(age) / 1000 if age.isdigit() else _DAYS)
    expiry = _Expiry(client, before, keep)
    if dry_run:
        found = expiry.plan(snapshot)
        gone = expiry.doomed - _needed(client, snapshot.metadata, expiry.expired)
        result = evolve(found.result, version_before=snapshot.version, version_after=snapshot.version)
        return evolve(result, files=len(gone), details={**result.details, "dry_run": True})
    check_may_delete(snapshot)
    result = alter(client, table, expiry.plan, timeout)
    gone = set[str]()
    if expiry.doomed:
        gone = expiry.doomed - _needed(client, client.open(table).metadata, set())
        client.transport.delete(map(client.locations.key_of, gone))
    return evolve(result, files=len(gone), details={**result.details, "dry_run": False})


def _needed(client: Client, metadata: TableMetadata, without: set[int]) -> set[str]:
    """The files of all versions but some."""
    kept = [one for one in metadata.snapshots if one.snapshot_id not in without]
    manifests = manifests_of(client, kept)
    return {*metadata_files(metadata, kept), *manifests, *files_of(client, manifests.values())}


@define(eq=False)
class _Expiry:
    """One expiry, and what its last plan has found.

    Attributes:
        client: the store.
        before: versions of this moment and older ones are expired, in milliseconds of the epoch.
        keep: how many of a branch stay at least; None for what the table says.
        expired: the versions.
        doomed: the files that they need.
    """

    client: Client
    before: float
    keep: int | None
    expired: set[int] = field(factory=set, init=False)
    doomed: set[str] = field(factory=set, init=False)

    def plan(self, now: Snapshot) -> Alteration:
        metadata = now.metadata
        kept = self._kept(metadata)
        gone = [one for one in metadata.snapshots if one.snapshot_id not in kept]
        self.expired = {one.snapshot_id for one in gone}
        stay = manifests_of(self.client, (one for one in metadata.snapshots if one.snapshot_id in kept))
        manifests = {path: one for path, one in manifests_of(self.client, gone).items() if path not in stay}
        self.doomed = {*metadata_files(metadata, gone), *manifests, *files_of(self.client, manifests.values())}
        for location in self.doomed:
            self.client.locations.key_of(location)  # what is outside of the store is refused before anything is done
        result = WriteResult(0, 0, 0, details={"versions": len(gone)})
        if not gone:
            return Alteration(result=result)
        refs = [AssertRefSnapshotId(ref=name, snapshot_id=one.snapshot_id) for name, one in metadata.refs.items()]
        updates = [*_positions(now), RemoveSnapshotsUpdate(snapshot_ids=sorted(self.expired))]
        return Alteration(updates=updates, requirements=refs, result=result)

    def _kept(self, metadata: TableMetadata) -> set[int]:
        """The versions that stay: young ones, those with a name, and the newest ones of each branch."""
        by_id = {one.snapshot_id: one for one in metadata.snapshots}
        kept = {one.snapshot_id for one in metadata.refs.values()}
        in_a_line: set[int] = set()
        for ref in metadata.refs.values():
            line = list(_line(by_id, ref.snapshot_id))
            in_a_line |= {one.snapshot_id for one in line}
            if ref.snapshot_ref_type == SnapshotRefType.BRANCH:
                kept |= self._kept_of(ref, line, metadata)
        return kept | {
            one.snapshot_id for one in metadata.snapshots if one.snapshot_id not in in_a_line and self._is_young(one)
        }

    def _kept_of(self, ref: SnapshotRef, line: list[IcebergSnapshot], metadata: TableMetadata) -> set[int]:
        least = self.keep if self.keep is not None else ref.min_snapshots_to_keep
        if least is None:
            text = metadata.properties.get(_KEPT, "")
            least = int(text) if text.isdigit() else 1
        kept = set()
        for number, one in enumerate(line):
            if number >= least and not self._is_young(one):
                break
            kept.add(one.snapshot_id)
        return kept

    def _is_young(self, snapshot: IcebergSnapshot) -> bool:
        return bool(snapshot.timestamp_ms > self.before)


def _line(by_id: dict[int, IcebergSnapshot], version: int | None) -> Iterator[IcebergSnapshot]:
    current = None if version is None else by_id.get(version)
    while current is not None:
        yield current
        current = None if current.parent_snapshot_id is None else by_id.get(current.parent_snapshot_id)


def _positions(now: Snapshot) -> Iterator[TableUpdate]:
    """Takes away positions that don't count: once their version is expired, they would seem to count."""
    for name, ref in now.metadata.refs.items():
        if ref.snapshot_ref_type == SnapshotRefType.BRANCH:
            at = now.metadata.snapshot_by_id(ref.snapshot_id)
            branch = Snapshot(now.client, now.key, now.table, at, name)
            counting = positions_of(branch)
            if counting != stored_positions(branch):
                yield SetPropertiesUpdate(updates={positions_property(name): json.dumps(counting)})
