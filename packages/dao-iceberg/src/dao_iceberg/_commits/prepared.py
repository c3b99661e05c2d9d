"""One attempt of a commit: its manifests are written, and the catalog is asked to make it the newest snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from attrs import define, evolve, field, frozen
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import StagedTable
from pyiceberg.table.metadata import TableMetadata, TableMetadataV2
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER, SortOrder
from pyiceberg.table.update import (
    AddPartitionSpecUpdate,
    AddSchemaUpdate,
    AddSnapshotUpdate,
    AddSortOrderUpdate,
    AssertCreate,
    AssertCurrentSchemaId,
    AssertDefaultSpecId,
    AssertRefSnapshotId,
    AssertTableUUID,
    AssignUUIDUpdate,
    RemovePropertiesUpdate,
    RemoveSnapshotRefUpdate,
    SetCurrentSchemaUpdate,
    SetDefaultSortOrderUpdate,
    SetDefaultSpecUpdate,
    SetLocationUpdate,
    SetPropertiesUpdate,
    SetSnapshotRefUpdate,
    TableRequirement,
    TableUpdate,
    UpgradeFormatVersionUpdate,
    update_table_metadata,
)

from dao_iceberg._commits.remembered import Remembered, positions_property, void_calls
from dao_iceberg._commits.tidying import tidying
from dao_iceberg._tables.client import Client, Snapshot
from dao_iceberg._tables.manifests import SnapshotPlan, write_snapshot
from dao_iceberg._tables.properties import metadata_location

__all__ = ["NewTable", "Prepared", "branch_update", "drop_updates", "prepare", "put"]

_FORMAT_VERSION = 2


@frozen(kw_only=True, eq=False)
class NewTable:
    """A table that is made.

    Attributes:
        columns: its columns, with ids.
        spec: how it is partitioned.
        order: how its rows are sorted.
        properties: of the table.
        location: where its files are; None for that of its key.
    """

    columns: Schema
    spec: PartitionSpec = UNPARTITIONED_PARTITION_SPEC
    order: SortOrder = UNSORTED_SORT_ORDER
    properties: Mapping[str, str] = field(factory=dict)
    location: str | None = None

    def metadata(self, location: str) -> TableMetadata:
        """The metadata of the table without a snapshot."""
        return TableMetadataV2(
            location=location,
            table_uuid=uuid4(),
            schemas=[self.columns],
            current_schema_id=self.columns.schema_id,
            last_column_id=self.columns.highest_field_id,
            partition_specs=[self.spec],
            default_spec_id=self.spec.spec_id,
            last_partition_id=self.spec.last_assigned_field_id,
            sort_orders=[self.order],
            default_sort_order_id=self.order.order_id,
            properties=dict(self.properties),
        )

    def updates(self, metadata: TableMetadata) -> tuple[TableUpdate, ...]:
        """The updates that make the table."""
        return (
            AssignUUIDUpdate(uuid=metadata.table_uuid),
            UpgradeFormatVersionUpdate(format_version=_FORMAT_VERSION),
            AddSchemaUpdate(schema_=self.columns),
            SetCurrentSchemaUpdate(schema_id=-1),
            AddPartitionSpecUpdate(spec=self.spec),
            SetDefaultSpecUpdate(spec_id=-1),
            AddSortOrderUpdate(sort_order=self.order),
            SetDefaultSortOrderUpdate(sort_order_id=-1),
            SetLocationUpdate(location=metadata.location),
            SetPropertiesUpdate(updates=dict(self.properties)),
        )


@define(eq=False, kw_only=True)
class Prepared:
    """One attempt.

    Attributes:
        table: the table's key.
        branch: the branch that is changed.
        before: the snapshot that the branch must have; None for none.
        creates: whether the table must not be there.
        version: the id of the new snapshot.
        updates: what the catalog is asked to change.
        requirements: what must be true then.
        base: the table as pyiceberg has it.
        files: the locations of the manifests, and of the metadata that the catalog wrote for it.
        is_open: whether it may have been made, or may still be: an answer was lost.
    """

    table: str
    branch: str
    before: int | None
    creates: bool
    version: int
    updates: tuple[TableUpdate, ...]
    requirements: tuple[TableRequirement, ...]
    base: Any
    files: list[str]
    is_open: bool = False

    def is_made(self, now: Snapshot | None) -> bool:
        """Whether the table has the snapshot, or is the new one."""
        if now is None:
            return False
        if self.creates and now.metadata.table_uuid == self.base.metadata.table_uuid:
            return True
        return now.metadata.snapshot_by_id(self.version) is not None or self.version in self._line(now)

    def is_traced(self, now: Snapshot | None) -> bool:
        """Whether the table as it is tells if the commit was made: a catalog may keep few snapshots, or one alone."""
        if now is None or now.metadata.table_uuid != self.base.metadata.table_uuid:
            return True
        line = self._line(now)
        return not line or self._required in line or now.metadata.snapshot_by_id(line[-1]) is not None

    def _line(self, now: Snapshot) -> list[int]:
        """The snapshots of the branch, from the newest to the first, to one that the commit knows, or to a lost one."""
        ref = now.metadata.refs.get(self.branch)
        at, line = None if ref is None else ref.snapshot_id, list[int]()
        while at is not None:
            line.append(at)
            found = None if at in (self.version, self._required) else now.metadata.snapshot_by_id(at)
            at = None if found is None else found.parent_snapshot_id
        return line

    def may_come(self, now: Snapshot | None) -> bool:
        """Whether the commit could still be made if it is on its way: the table is where it was."""
        if now is None:
            return self.creates
        if self.creates or now.metadata.table_uuid != self.base.metadata.table_uuid:
            return False
        ref = now.metadata.refs.get(self.branch)
        return (None if ref is None else ref.snapshot_id) == self._required

    @property
    def _required(self) -> int | None:
        refs = (one.snapshot_id for one in self.requirements if isinstance(one, AssertRefSnapshotId))
        found: int | None = next(refs, None)
        return found

    def discard(self, client: Client) -> None:
        """Delete its files, as far as the store lets it. It must not be made any more."""
        with tidying("manifests that were not committed", self.table):
            client.transport.delete(map(client.locations.key_of, self.files))
            self.files.clear()


def prepare(
    client: Client,
    table: str,
    branch: str,
    snapshot: Snapshot | None,
    plan: SnapshotPlan,
    create: NewTable | None,
    updates: Sequence[TableUpdate],
    remembered: Remembered,
) -> Prepared:
    """Write the manifests of a new snapshot.

    Args:
        client: the store.
        table: the table's key.
        branch: the branch that is changed.
        snapshot: the version that it is made of; None for a new table.
        plan: of the snapshot.
        create: the new table.
        updates: of the table's metadata before it.
        remembered: what the commit keeps.
    """
    if snapshot is None:
        assert create is not None
        location = create.location or client.location_of(table)
        metadata = create.metadata(location)
        updates = create.updates(metadata)
        folder = metadata_location(location, create.properties)
        base: Any = StagedTable(client.identifier(table), metadata, f"{folder}/new", client.io, client.catalogs.get())
        requirements: tuple[TableRequirement, ...] = (AssertCreate(),)
    else:
        base, folder = snapshot.table, snapshot.metadata_folder
        requirements = _requirements(snapshot, branch)
        metadata = update_table_metadata(snapshot.metadata, tuple(updates)) if updates else snapshot.metadata
    parent = None if snapshot is None else snapshot.at
    written: list[str] = []
    try:
        version = metadata.new_snapshot_id()
        plan = evolve(plan, summary={**plan.summary, **remembered.summary(snapshot)})
        manifests = [] if snapshot is None else snapshot.manifests
        made = write_snapshot(plan, version, metadata, parent, manifests, client.reader, folder, written.append)
    except BaseException:
        with tidying("manifests that were not committed", table):
            client.transport.delete(map(client.locations.key_of, written))
        raise
    kept = remembered.properties(snapshot, version, branch)
    return Prepared(
        table=table,
        branch=branch,
        before=None if parent is None else parent.snapshot_id,
        creates=snapshot is None,
        version=version,
        updates=(
            *updates,
            *([SetPropertiesUpdate(updates=kept)] if kept else []),
            AddSnapshotUpdate(snapshot=made),
            branch_update(metadata, branch, version),
        ),
        requirements=requirements,
        base=base,
        files=written,
    )


def branch_update(metadata: TableMetadata, branch: str, version: int) -> TableUpdate:
    """Sets a branch to a snapshot, and keeps for how long the branch keeps its own."""
    old = metadata.refs.get(branch)
    return SetSnapshotRefUpdate(
        ref_name=branch,
        type=SnapshotRefType.BRANCH,
        snapshot_id=version,
        max_ref_age_ms=None if old is None else old.max_ref_age_ms,
        max_snapshot_age_ms=None if old is None else old.max_snapshot_age_ms,
        min_snapshots_to_keep=None if old is None else old.min_snapshots_to_keep,
    )


def drop_updates(now: Snapshot, names: Sequence[str]) -> list[TableUpdate]:
    """The updates that drop branches and tags, with the positions of the branches, and calls that were theirs alone."""
    gone = [one for one in map(positions_property, names) if one in now.properties]
    gone += void_calls(now.metadata, now.metadata.refs.keys() - set(names))
    dropped: list[TableUpdate] = [RemoveSnapshotRefUpdate(ref_name=name) for name in names]
    return [*dropped, RemovePropertiesUpdate(removals=gone)] if gone else dropped


def _requirements(snapshot: Snapshot, branch: str) -> tuple[TableRequirement, ...]:
    metadata = snapshot.metadata
    ref = metadata.refs.get(branch)
    return (
        AssertTableUUID(uuid=metadata.table_uuid),
        AssertRefSnapshotId(ref=branch, snapshot_id=None if ref is None else ref.snapshot_id),
        AssertCurrentSchemaId(current_schema_id=metadata.current_schema_id),
        AssertDefaultSpecId(default_spec_id=metadata.default_spec_id),
    )


def put(client: Client, prepared: Prepared) -> None:
    """Ask the catalog to make the commit. It also notes the metadata that the catalog writes for it.

    Raises:
        Exception: of pyiceberg, of a database or service below it, or of the transport.
    """
    if prepared.creates:
        client.make_namespace(prepared.table)
    with client.catalogs.noting(prepared.files.append):
        response = client.catalogs.get().commit_table(prepared.base, prepared.requirements, prepared.updates)
    with tidying("old metadata", prepared.table):
        client.catalogs.get()._delete_old_metadata(client.io, prepared.base.metadata, response.metadata)
