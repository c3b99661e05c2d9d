"""Expires old versions of a table, and deletes the files that no other version needs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from attrs import define, evolve, field
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import SnapshotRef, SnapshotRefType
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot
from pyiceberg.table.update import AssertRefSnapshotId, RemoveSnapshotsUpdate, SetPropertiesUpdate, TableUpdate

from dao.errors import DataError
from dao.results import WriteResult
from dao_iceberg._actions.reachable import age_of, check_may_delete, files_of, manifests_of, metadata_files, now
from dao_iceberg._commits.altering import Alteration, alter
from dao_iceberg._commits.prepared import drop_updates
from dao_iceberg._commits.remembered import positions_of, positions_property, stored_positions
from dao_iceberg._tables.client import MAIN, Client, Snapshot
from dao_iceberg._tables.properties import number_in

__all__ = ["expire"]

_AGE, _KEPT = "history.expire.max-snapshot-age-ms", "history.expire.min-snapshots-to-keep"
_REF_AGE = "history.expire.max-ref-age-ms"
_DAYS = 5 * 24 * 3600_000
_FOR_EVER = 1 << 62


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
    age = None if older_than is None else age_of(older_than, 0)
    expiry = _Expiry(client, now(), age, keep)
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
        now: the moment, in milliseconds of the epoch.
        age: the age, in milliseconds, at which versions are expired; None for what the table says.
        keep: how many of a branch stay at least; None for what the table says.
        expired: the versions.
        doomed: the files that they need.
    """

    client: Client
    now: float
    age: float | None
    keep: int | None
    expired: set[int] = field(factory=set, init=False)
    doomed: set[str] = field(factory=set, init=False)

    def plan(self, newest: Snapshot) -> Alteration:
        metadata = newest.metadata
        refs = {name: one for name, one in metadata.refs.items() if name == MAIN or not self._is_over(one, metadata)}
        kept = self._kept(metadata, list(refs.values()))
        gone = [one for one in metadata.snapshots if one.snapshot_id not in kept]
        self.expired = {one.snapshot_id for one in gone}
        stay = manifests_of(self.client, (one for one in metadata.snapshots if one.snapshot_id in kept))
        manifests = {path: one for path, one in manifests_of(self.client, gone).items() if path not in stay}
        self.doomed = {*metadata_files(metadata, gone), *manifests, *files_of(self.client, manifests.values())}
        for location in self.doomed:
            self.client.locations.key_of(location)  # what is outside of the store is refused before anything is done
        names = sorted(metadata.refs.keys() - refs.keys())
        result = WriteResult(0, 0, 0, details={"versions": len(gone), "names": names})
        if not gone and not names:
            return Alteration(result=result)
        updates = [*drop_updates(newest, names), *_positions(newest, refs)]
        if gone:
            updates.append(RemoveSnapshotsUpdate(snapshot_ids=sorted(self.expired)))
        there = [AssertRefSnapshotId(ref=name, snapshot_id=one.snapshot_id) for name, one in metadata.refs.items()]
        return Alteration(updates=updates, requirements=there, result=result)

    def _is_over(self, ref: SnapshotRef, metadata: TableMetadata) -> bool:
        """Whether a name is older than it may get: it is as old as its version."""
        at = metadata.snapshot_by_id(ref.snapshot_id)
        most = ref.max_ref_age_ms or number_in(metadata.properties, _REF_AGE, _FOR_EVER)
        return at is not None and self.now - at.timestamp_ms > most

    def _kept(self, metadata: TableMetadata, refs: Sequence[SnapshotRef]) -> set[int]:
        """The versions that stay: those with a name, the newest ones of each branch, and young ones.

        As Java's Iceberg has it, what a branch says of itself prevails, and then what the call says.
        """
        by_id = {one.snapshot_id: one for one in metadata.snapshots}
        age = number_in(metadata.properties, _AGE, _DAYS) if self.age is None else self.age
        least = number_in(metadata.properties, _KEPT, 1) if self.keep is None else self.keep
        kept = {one.snapshot_id for one in refs}
        in_a_line = set(kept)
        for ref in refs:
            if ref.snapshot_ref_type == SnapshotRefType.BRANCH:
                line = list(_line(by_id, ref.snapshot_id))
                in_a_line |= {one.snapshot_id for one in line}
                own = age if ref.max_snapshot_age_ms is None else ref.max_snapshot_age_ms
                kept |= self._newest(line, ref.min_snapshots_to_keep or least, own)
        others = [one for one in metadata.snapshots if one.snapshot_id not in in_a_line]
        return kept | {one.snapshot_id for one in others if self._is_young(one, age)}

    def _newest(self, line: Sequence[IcebergSnapshot], least: int, age: float) -> set[int]:
        old = (place for place, one in enumerate(line) if place >= least and not self._is_young(one, age))
        return {one.snapshot_id for one in line[: next(old, len(line))]}

    def _is_young(self, snapshot: IcebergSnapshot, age: float) -> bool:
        return bool(snapshot.timestamp_ms > self.now - age)


def _line(by_id: dict[int, IcebergSnapshot], version: int | None) -> Iterator[IcebergSnapshot]:
    current = None if version is None else by_id.get(version)
    while current is not None:
        yield current
        current = None if current.parent_snapshot_id is None else by_id.get(current.parent_snapshot_id)


def _positions(newest: Snapshot, refs: Mapping[str, SnapshotRef]) -> Iterator[TableUpdate]:
    """Takes away positions that don't count: once their version is expired, they would seem to count."""
    for name, ref in refs.items():
        if ref.snapshot_ref_type == SnapshotRefType.BRANCH:
            at = newest.metadata.snapshot_by_id(ref.snapshot_id)
            branch = Snapshot(newest.client, newest.key, newest.table, at, name)
            counting = positions_of(branch)
            if counting != stored_positions(branch):
                yield SetPropertiesUpdate(updates={positions_property(name): json.dumps(counting)})
