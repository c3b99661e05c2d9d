"""Copy-on-write: new files in place of those in which rows change, and the change data feed of these rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import pyarrow as pa
from attrs import define, field, frozen

from dao.memory import current
from dao_delta._client import Client, Snapshot
from dao_delta._log import Action, remove_file
from dao_delta._parquet import DataFiles, Layout, partition_text
from dao_delta._stored import StoredFile, StoredFiles, mapping_of
from dao_files.lake import FileSettings
from dao_files.storage import in_parallel

__all__ = ["ChangeFeed", "NewFiles", "Rewriting", "in_threads"]

T = TypeVar("T")
R = TypeVar("R")

_WORKERS = 2
_TOGETHER = 8 << 20
"""Bytes of the stored files that become one. A file costs milliseconds whatever is in it, and would again next time;
larger ones stay apart, so that what their statistics rule out stays so."""

_CHANGE_TYPE = pa.field("_change_type", pa.string())


def in_threads(work: Callable[[T], R], files: Iterable[T]) -> list[R]:
    """The results of work on each file or group of files, two at a time, in their order."""
    return list(in_parallel(work, files, min(_WORKERS, current().rewriters)))


@define(eq=False)
class NewFiles:
    """All files that one attempt of a change writes.

    Attributes:
        client: the store.
        table: the table's key.
        settings: how files are written.
    """

    client: Client
    table: str
    settings: FileSettings
    _all: list[DataFiles] = field(factory=list)

    def begin(self, layout: Layout, *, change_data: bool = False) -> DataFiles:
        """A new set of files, which is discarded with the others. Sets may be written by several threads."""
        made = DataFiles(self.client.transport, self.table, layout, change_data, settings=self.settings)
        self._all.append(made)
        return made

    def discard(self) -> None:
        """Delete the files. They must not be in the log."""
        while self._all:
            self._all.pop().discard()

    @property
    def actions(self) -> list[Action]:
        """The actions that add the files to the table, and to its change data feed."""
        return [action for files in self._all for action in files.actions]

    @property
    def size(self) -> int:
        """Bytes of the data files."""
        return sum(files.size for files in self._all if not files.change_data)

    @property
    def count(self) -> int:
        """How many data files there are."""
        return sum(len(files.actions) for files in self._all if not files.change_data)


@frozen
class ChangeFeed:
    """The change data of some rows of a commit; nothing is written where the table keeps no feed.

    A commit has either the changes of all its rows, or none: then readers take its added and removed files for them.

    Attributes:
        files: of the feed; None for no feed.
    """

    files: DataFiles | None

    def add(self, rows: pa.RecordBatch, kind: str) -> None:
        """Note a change of rows, which have the table's columns.

        Args:
            rows: the rows.
            kind: ``insert``, ``delete``, ``update_preimage`` or ``update_postimage``.
        """
        if self.files is not None and rows.num_rows:
            columns = [*rows.columns, pa.repeat(pa.scalar(kind), rows.num_rows)]
            self.files.add(pa.RecordBatch.from_arrays(columns, schema=self.files.layout.schema))

    def finish(self) -> None:
        """Complete the files."""
        if self.files is not None:
            self.files.finish()


@define(eq=False)
class Rewriting:
    """The files of one version in which rows change.

    Attributes:
        snapshot: the version.
        layout: of the table afterwards.
        new: where the files go that are written.
        removed: the actions that take files out.
    """

    snapshot: Snapshot
    layout: Layout
    new: NewFiles
    removed: list[Action] = field(factory=list)

    @property
    def stored(self) -> StoredFiles:
        """Reads files of the version in the columns that the table has afterwards."""
        return StoredFiles(self.snapshot.client.transport, self.layout.schema, mapping_of(self.snapshot))

    def feed(self) -> ChangeFeed:
        """Where changes are noted, by one thread."""
        if not self.snapshot.has_change_feed:
            return ChangeFeed(None)
        schema = self.layout.schema.append(_CHANGE_TYPE)
        layout = Layout(schema, self.layout.partition_by, self.layout.indexed)
        return ChangeFeed(self.new.begin(layout, change_data=True))

    def remove(self, file: StoredFile) -> None:
        """Take a file out."""
        texts = {name: partition_text(value) for name, value in file.partition.items()}
        self.removed.append(remove_file(file.path, texts, file.size, self.snapshot.vector_of(file.path)))

    def together(self, files: Iterable[StoredFile]) -> list[list[StoredFile]]:
        """Files in groups to be written again as one: small ones of one partition, in their order."""
        most = min(_TOGETHER, self.new.settings.target_size)
        groups: list[list[StoredFile]] = []
        last: dict[tuple[Any, ...], list[StoredFile]] = {}
        room: dict[tuple[Any, ...], int] = {}
        for file in files:
            partition = tuple(file.partition.values())
            if file.size > room.get(partition, 0):
                groups.append([])
                last[partition], room[partition] = groups[-1], max(most, file.size)
            last[partition].append(file)
            room[partition] -= file.size
        return groups

    def replace(
        self, files: Sequence[StoredFile], rows: Callable[[StoredFile, ChangeFeed], Iterator[pa.RecordBatch]]
    ) -> None:
        """Write a group of files again.

        Args:
            files: the files.
            rows: gives the new rows of one of them, and notes what changes.
        """
        feed = self.feed()
        self.new.begin(self.layout).write(batch for file in files for batch in rows(file, feed))
        feed.finish()
        for file in files:
            self.remove(file)

    def note_whole(self, files: Sequence[StoredFile], kind: str) -> None:
        """Note a change of all rows of some files."""
        if self.snapshot.has_change_feed:
            in_threads(lambda file: self._note(file, kind), files)

    def _note(self, file: StoredFile, kind: str) -> None:
        feed = self.feed()
        for batch in self.stored.read(file):
            feed.add(batch, kind)
        feed.finish()

    @property
    def actions(self) -> list[Any]:
        """Everything that the files ask of the commit."""
        return [*self.removed, *self.new.actions]
