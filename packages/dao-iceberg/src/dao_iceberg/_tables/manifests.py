"""Reads and writes manifests: which files a snapshot has, and the manifests of a new one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any
from uuid import uuid4

from attrs import define, field, frozen
from pyiceberg.io import FileIO
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    ManifestWriterV2,
    write_manifest,
    write_manifest_list,
)
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.transforms import VoidTransform

from dao.errors import DaoError, StoreError
from dao_files.storage import in_parallel
from dao_iceberg._tables.avro import read_list, read_manifest
from dao_iceberg._tables.manifest_merging import merged
from dao_iceberg._tables.summaries import summary_of

__all__ = ["Entry", "ManifestReader", "SnapshotPlan", "schema_of_spec", "write_snapshot"]

_READERS = 8
_KEPT = 50_000
"""Entries of manifests that are kept in memory: manifests never change."""

_CODEC = "gzip"


@frozen(eq=False)
class Entry:
    """A file of a snapshot.

    Attributes:
        manifest: the manifest that has it.
        entry: as the manifest has it, with what it inherits.
    """

    manifest: ManifestFile
    entry: ManifestEntry

    @property
    def file(self) -> DataFile:
        """The file."""
        return self.entry.data_file

    @property
    def path(self) -> str:
        """Its location."""
        return str(self.file.file_path)

    @property
    def sequence(self) -> int:
        """The sequence number of its rows: a delete is of older rows alone."""
        return self.entry.sequence_number or 0

    @property
    def is_data(self) -> bool:
        """Whether it has rows, and no deletes."""
        return bool(self.file.content == DataFileContent.DATA)


@define(eq=False)
class ManifestReader:
    """Reads the manifests of a store's tables, each once."""

    io: FileIO
    _entries: OrderedDict[str, list[ManifestEntry]] = field(factory=OrderedDict, init=False)
    _count: int = field(default=0, init=False)
    _lock: Any = field(factory=Lock, init=False, repr=False)

    def manifests(self, snapshot: Snapshot | None) -> list[ManifestFile]:
        """The manifests of a snapshot.

        Raises:
            StoreError: their list isn't there, or is damaged.
        """
        if snapshot is None:
            return []
        place = snapshot.manifest_list
        with _damage_in(place):
            return read_list(self.io, place)

    def live(self, manifests: Sequence[ManifestFile]) -> Iterator[Entry]:
        """The files of some manifests that are in the table, in order."""
        known = [self._known(one) for one in manifests]
        missing = (one for one, entries in zip(manifests, known, strict=True) if entries is None)
        read = in_parallel(self._read, missing, _READERS)
        for manifest, entries in zip(manifests, known, strict=True):
            for one in next(read) if entries is None else entries:
                if one.status != ManifestEntryStatus.DELETED:
                    yield Entry(manifest, one)

    def all(self, manifest: ManifestFile) -> list[Entry]:
        """The entries of a manifest, with those of files that its snapshot took out."""
        known = self._known(manifest)
        return [Entry(manifest, one) for one in (self._read(manifest) if known is None else known)]

    def _known(self, manifest: ManifestFile) -> list[ManifestEntry] | None:
        with self._lock:
            known = self._entries.get(manifest.manifest_path)
            if known is not None:
                self._entries.move_to_end(manifest.manifest_path)
            return known

    def _read(self, manifest: ManifestFile) -> list[ManifestEntry]:
        with _damage_in(manifest.manifest_path):
            found = read_manifest(self.io, manifest)
        with self._lock:
            self._count += len(found) - len(self._entries.get(manifest.manifest_path, ()))
            self._entries[manifest.manifest_path] = found
            while self._count > _KEPT and len(self._entries) > 1:
                self._count -= len(self._entries.popitem(last=False)[1])
        return found


@contextmanager
def _damage_in(place: str) -> Iterator[None]:
    """Tell whatever the reading of Avro raises as a StoreError."""
    try:
        yield
    except (DaoError, OSError):
        raise
    except Exception as error:
        raise StoreError(f"{place!r}, a list of an Iceberg table's files, is damaged: {error}") from error


def schema_of_spec(metadata: TableMetadata, spec: PartitionSpec) -> Schema:
    """The newest schema that has the columns of a spec: files of older specs stay when their columns are dropped."""
    needed = {one.source_id for one in spec.fields if not isinstance(one.transform, VoidTransform)}
    for schema in (metadata.schema(), *reversed(metadata.schemas)):
        if needed <= schema.field_ids:
            return schema
    return metadata.schema()


@frozen(kw_only=True, eq=False)
class SnapshotPlan:
    """What a new snapshot is made of.

    Attributes:
        operation: ``append``, ``overwrite``, ``delete`` or ``replace``.
        added: the data files that come.
        removed: the files that go, of data and of deletes.
        regrouped: files that stay, and whose manifests are written again: those of each new one, of one spec and kind.
        restored: an older snapshot, whose files it has instead of those of the one before.
        summary: what it says of itself beside the counts.
    """

    operation: str
    added: Sequence[DataFile] = ()
    removed: Sequence[Entry] = ()
    regrouped: Sequence[Sequence[Entry]] = ()
    restored: Snapshot | None = None
    summary: Mapping[str, str] = field(factory=dict)


def write_snapshot(
    plan: SnapshotPlan,
    version: int,
    metadata: TableMetadata,
    parent: Snapshot | None,
    manifests: Sequence[ManifestFile],
    reader: ManifestReader,
    folder: str,
    note: Callable[[str], None],
) -> Snapshot:
    """Write the manifests and the manifest list of a new snapshot, which isn't seen before the metadata names it.

    Manifests without files that go are kept as they are, until there are many: then they are written again as one.

    Args:
        plan: what it is made of.
        version: its id.
        metadata: of the table, with the schema and specs that the snapshot has.
        parent: the snapshot before.
        manifests: those of the parent.
        reader: of the store.
        folder: the location of the table's metadata.
        note: called with the location of each file before it is written.
    """
    writer = _Writer(metadata, reader.io, folder, version, note)
    base = parent if plan.restored is None else plan.restored
    manifests = manifests if plan.restored is None else reader.manifests(plan.restored)
    made = [*writer.added(plan.added), *writer.regrouped(plan.regrouped), *writer.left(plan, manifests, reader)]
    sequence = metadata.next_sequence_number()
    path = writer.path(f"snap-{writer.snapshot_id}-0-{uuid4()}.avro")
    with write_manifest_list(
        format_version=metadata.format_version,
        output_file=reader.io.new_output(path),
        snapshot_id=writer.snapshot_id,
        parent_snapshot_id=None if parent is None else parent.snapshot_id,
        sequence_number=sequence,
        avro_compression=_CODEC,
    ) as listed:
        listed.add_manifests(made)
    return Snapshot(
        snapshot_id=writer.snapshot_id,
        parent_snapshot_id=None if parent is None else parent.snapshot_id,
        manifest_list=path,
        sequence_number=sequence,
        summary=summary_of(plan.operation, plan.added, [one.file for one in plan.removed], plan.summary, base),
        schema_id=metadata.current_schema_id,
    )


def _has_files(manifest: ManifestFile) -> bool:
    """Whether files of a manifest may be in the table, not only those that its snapshot took out."""
    return bool(manifest.has_added_files() or manifest.has_existing_files())


@define(eq=False)
class _Writer:
    """Writes the manifests of one snapshot."""

    metadata: TableMetadata
    io: FileIO
    folder: str
    snapshot_id: int
    note: Callable[[str], None]

    def path(self, name: str) -> str:
        """The location of a new file of the table's metadata."""
        location = f"{self.folder}/{name}"
        self.note(location)
        return location

    def added(self, files: Iterable[DataFile]) -> Iterator[ManifestFile]:
        """New manifests, one for each spec, of the files that come."""
        by_spec: dict[int, list[DataFile]] = {}
        for file in files:
            by_spec.setdefault(file.spec_id, []).append(file)
        for spec_id, group in by_spec.items():
            entries = [self._entry(ManifestEntryStatus.ADDED, file, None) for file in group]
            yield self._written(spec_id, ManifestContent.DATA, entries)

    def regrouped(self, groups: Iterable[Sequence[Entry]]) -> Iterator[ManifestFile]:
        """New manifests of files that stay."""
        for group in groups:
            manifest = group[0].manifest
            entries = [self._entry(ManifestEntryStatus.EXISTING, one.file, one.entry) for one in group]
            yield self._written(manifest.partition_spec_id, manifest.content, entries)

    def left(
        self, plan: SnapshotPlan, manifests: Sequence[ManifestFile], reader: ManifestReader
    ) -> Iterator[ManifestFile]:
        """The manifests that it begins with, without the files that go, and without those that are regrouped."""
        gone: dict[str, set[str]] = {}
        for one in plan.removed:
            gone.setdefault(one.manifest.manifest_path, set()).add(one.path)
        again = {one.manifest.manifest_path for group in plan.regrouped for one in group}
        assert gone.keys() <= {one.manifest_path for one in manifests}, "files of other snapshots can't be taken out"
        left = [one for one in manifests if one.manifest_path not in again]
        for group in merged([one for one in left if _has_files(one)], self.metadata.properties):
            first = group[0]
            if len(group) == 1 and first.manifest_path not in gone:
                yield first
            elif entries := self._without(reader.live(group), gone):
                yield self._written(first.partition_spec_id, first.content, entries)

    def _without(self, entries: Iterable[Entry], gone: Mapping[str, set[str]]) -> list[ManifestEntry]:
        """Entries of manifests, of which some files go.

        Args:
            entries: of files that are in the table.
            gone: the paths of the files that go, by their manifest.
        """
        found = []
        for one in entries:
            goes = one.path in gone.get(one.manifest.manifest_path, ())
            status = ManifestEntryStatus.DELETED if goes else ManifestEntryStatus.EXISTING
            found.append(self._entry(status, one.file, one.entry))
        return found

    def _entry(self, status: ManifestEntryStatus, file: DataFile, old: ManifestEntry | None) -> ManifestEntry:
        own = old is None or status == ManifestEntryStatus.DELETED
        return ManifestEntry.from_args(
            status=status,
            snapshot_id=self.snapshot_id if own or old is None else old.snapshot_id,
            sequence_number=None if old is None else old.sequence_number,
            file_sequence_number=None if old is None else old.file_sequence_number,
            data_file=file,
        )

    def _written(self, spec_id: int, content: ManifestContent, entries: Sequence[ManifestEntry]) -> ManifestFile:
        spec = self.metadata.specs()[spec_id]
        schema, output = schema_of_spec(self.metadata, spec), self.io.new_output(self.path(f"{uuid4()}-m0.avro"))
        if content == ManifestContent.DELETES:
            made: Any = _DeleteManifestWriter(spec, schema, output, self.snapshot_id, _CODEC)
        else:
            made = write_manifest(
                format_version=self.metadata.format_version,
                spec=spec,
                schema=schema,
                output_file=output,
                snapshot_id=self.snapshot_id,
                avro_compression=_CODEC,
            )
        with made as writer:
            for one in entries:
                writer.add_entry(one)
        found: ManifestFile = writer.to_manifest_file()
        return found


class _DeleteManifestWriter(ManifestWriterV2):  # type: ignore[misc]  # mypy skips pyiceberg
    """Manifests of delete files, which pyiceberg can't write; version 1 of the format has none."""

    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}
