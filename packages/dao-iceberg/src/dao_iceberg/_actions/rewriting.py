"""Copy-on-write: new files in place of those in which rows change; see :class:`dao_files.lake.Rewriting`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from attrs import define, field, frozen
from pyiceberg.manifest import DataFile

from dao_files.lake import FileSettings
from dao_iceberg._snapshots.planning import StoredFile
from dao_iceberg._snapshots.stored import StoredFiles
from dao_iceberg._tables.client import Client, Snapshot
from dao_iceberg._tables.files import IcebergFiles, Layout
from dao_iceberg._tables.manifests import Entry
from dao_iceberg._tables.properties import file_settings

__all__ = ["NewFiles", "Rewriting"]


@define(eq=False)
class NewFiles:
    """All files that one attempt of a change writes.

    Attributes:
        client: the store.
        settings: how files are written.
    """

    client: Client
    settings: FileSettings
    _all: list[IcebergFiles] = field(factory=list, init=False)

    def begin(self, layout: Layout) -> IcebergFiles:
        """A new set of files, which is discarded with the others. Sets may be written by several threads."""
        made = IcebergFiles(self.client.transport, self.client.locations, layout, settings=self.settings)
        self._all.append(made)
        return made

    def discard(self) -> None:
        """Delete the files. No snapshot may name them."""
        while self._all:
            self._all.pop().discard()

    @property
    def added(self) -> list[DataFile]:
        """The files as a manifest has them."""
        return [one for files in self._all for one in files.added]

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(files.size for files in self._all)

    @property
    def count(self) -> int:
        """How many files there are."""
        return sum(len(files.added) for files in self._all)


@frozen
class _NoFeed:
    """Iceberg has no feed of changes: they are found in the files that come and go."""

    is_kept: bool = False

    def add(self, rows: pa.RecordBatch, kind: str) -> None:
        """Nothing is noted."""

    def finish(self) -> None:
        """Nothing is noted."""


_NO_FEED = _NoFeed()


@define(eq=False)
class Rewriting:
    """The files of one snapshot in which rows change.

    Attributes:
        snapshot: the snapshot.
        files: its files that may change.
        layout: of the table afterwards.
        new: where the files go that are written.
        removed: the files that go.
    """

    snapshot: Snapshot
    files: Sequence[StoredFile]
    layout: Layout
    new: NewFiles
    removed: list[Entry] = field(factory=list, init=False)
    stored: StoredFiles = field(init=False)
    has_rules: bool = field(default=False, init=False)

    @stored.default
    def _reader(self) -> StoredFiles:
        return StoredFiles(self.snapshot, self.files, self.layout.columns)

    @property
    def schema(self) -> pa.Schema:
        """The columns that the table has afterwards."""
        return self.layout.schema

    def given_schema(self, arriving: pa.Schema) -> pa.Schema:
        """All columns: none is computed."""
        return self.schema

    def checked(self, rows: pa.RecordBatchReader) -> Iterable[pa.RecordBatch]:
        """The rows: a table of Iceberg has no constraints."""
        yield from rows

    def read(self, file: StoredFile, names: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows of a file in their order, without those that are deleted."""
        return self.stored.read(file, names)

    def rows_of(self, file: StoredFile) -> int:
        """How many rows of a file aren't deleted."""
        return self.stored.visible(file)

    def is_inside(self, rows: pa.RecordBatch, file: StoredFile) -> pa.Array:
        """All: the files that are written for a file are of any partition."""
        return pa.repeat(pa.scalar(True), rows.num_rows)

    def remove(self, file: StoredFile) -> None:
        """Take a file out."""
        self.removed.append(file.entry)

    def size_of(self, file: StoredFile) -> int:
        """How many bytes a file has."""
        return int(file.entry.file.file_size_in_bytes)

    def partition_of(self, file: StoredFile) -> tuple[Any, ...]:
        """The spec and the partition values of a file."""
        return file.entry.file.spec_id, *file.entry.file.partition

    @property
    def target_size(self) -> int:
        """Bytes after which a new file is begun."""
        return file_settings(self.new.settings, self.layout.properties).target_size

    def replace(self, files: Sequence[StoredFile], rows: Callable[[Any], Iterator[pa.RecordBatch]]) -> None:
        """Write a group of files again."""
        self.insert(rows(_NO_FEED))
        for file in files:
            self.remove(file)

    def insert(self, rows: Iterator[pa.RecordBatch]) -> None:
        """Write rows into new files."""
        self.new.begin(self.layout).write(rows)

    def feed(self) -> _NoFeed:
        """Nothing is noted."""
        return _NO_FEED

    def note_whole(self, files: Sequence[StoredFile], kind: str) -> None:
        """Nothing is noted."""
