"""Copy-on-write: new files in place of those in which rows change, and the change data feed of these rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field, frozen

from dao_delta._snapshots.expressions import checked_rows, given_schema, has_rules
from dao_delta._snapshots.parquet import DataFiles, Layout, partition_text
from dao_delta._snapshots.stored import StoredFile, StoredFiles, mapping_of
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.log import Action, remove_file
from dao_files.lake import FileSettings, in_threads

__all__ = ["ChangeFeed", "NewFiles", "Rewriting"]

_CHANGE_TYPE = pa.field("_change_type", pa.string())


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

    @property
    def is_kept(self) -> bool:
        """Whether anything is written."""
        return self.files is not None

    def add(self, rows: pa.RecordBatch, kind: str) -> None:
        """See :meth:`dao_files.lake.Feed.add`."""
        if self.files is not None and rows.num_rows:
            columns = [*rows.columns, pa.repeat(pa.scalar(kind), rows.num_rows)]
            self.files.add(pa.RecordBatch.from_arrays(columns, schema=self.files.layout.schema))

    def finish(self) -> None:
        """Complete the files."""
        if self.files is not None:
            self.files.finish()


@define(eq=False)
class Rewriting:
    """The files of one version in which rows change: see :class:`dao_files.lake.Rewriting`.

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

    @property
    def schema(self) -> pa.Schema:
        """The columns that the table has afterwards."""
        return self.layout.schema

    @property
    def has_rules(self) -> bool:
        """Whether the table has constraints or generated columns."""
        return has_rules(self.snapshot)

    def given_schema(self, arriving: pa.Schema) -> pa.Schema:
        """The columns that rows must have: all but generated ones that they leave out."""
        return given_schema(self.schema, self.snapshot, arriving)

    def checked(self, rows: pa.RecordBatchReader) -> Iterable[pa.RecordBatch]:
        """Rows with the table's generated columns, for which its constraints hold."""
        yield from checked_rows(rows, self.schema, self.snapshot)

    def read(self, file: StoredFile, names: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows of a file."""
        return self.stored.read(file, names)

    def rows_of(self, file: StoredFile) -> int:
        """How many rows of a file aren't hidden."""
        return self.stored.rows_of(file) - file.hidden

    def size_of(self, file: StoredFile) -> int:
        """How many bytes a file has."""
        return file.size

    def partition_of(self, file: StoredFile) -> tuple[Any, ...]:
        """The partition values of a file."""
        return tuple(file.partition.values())

    @property
    def target_size(self) -> int:
        """Bytes after which a new file is begun."""
        return self.new.settings.target_size

    def is_inside(self, rows: pa.RecordBatch, file: StoredFile) -> pa.Array:
        """Which rows belong into the partition of a file."""
        stays = pa.repeat(pa.scalar(True), rows.num_rows)
        for name, value in file.partition.items():
            column = rows.column(name)
            wanted = pa.scalar(value, column.type)
            own = column.is_null() if value is None else pc.fill_null(pc.equal(column, wanted), False)
            stays = pc.and_(stays, own)
        return stays

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

    def replace(self, files: Sequence[StoredFile], rows: Callable[[ChangeFeed], Iterator[pa.RecordBatch]]) -> None:
        """Write a group of files again.

        Args:
            files: the files.
            rows: gives their new rows, and notes what changes.
        """
        feed = self.feed()
        self.new.begin(self.layout).write(rows(feed))
        feed.finish()
        for file in files:
            self.remove(file)

    def insert(self, rows: Iterator[pa.RecordBatch]) -> None:
        """Write rows into new files."""
        self.new.begin(self.layout).write(rows)

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
