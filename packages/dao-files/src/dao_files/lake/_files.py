"""Writes rows into data files of a table format: one file per partition until it is large enough, in bounded memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import define, field, frozen

from dao.errors import DaoError
from dao.memory import current
from dao.progress import advance
from dao_files._workers import WORKERS, in_parallel
from dao_files.formats import dictionary_columns
from dao_files.manifest import Transport, Writer

__all__ = ["FileSettings", "OpenFile", "PartitionedFiles", "Values", "split_by_values"]

Values = tuple[Any, ...]

_CODES = 1 << 63
"""How many combinations of values a number can tell apart."""


@frozen(kw_only=True)
class FileSettings:
    """How data files are written.

    Attributes:
        compression: the codec of Parquet.
        target_size: bytes after which a new file is begun.
        group_size: bytes of rows in memory after which a new row group is begun; memory may be too small for as many.
    """

    compression: str = "snappy"
    target_size: int = 256 << 20
    group_size: int = 128 << 20


class _Sink:
    """A writer of a transport as a file object that pyarrow writes to."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._size = 0
        self._aborted = False
        self.closed = False

    def write(self, data: Any) -> int:
        size = len(memoryview(data).cast("B"))
        if not self._aborted:  # closing pyarrow's writer of a file that is given up writes its footer
            self._writer.write(data)
        self._size += size
        return size

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Nothing is held here."""

    def close(self) -> None:
        self.closed = True

    def writable(self) -> bool:
        return True

    def finish(self) -> int:
        """Make the object; returns its size in bytes."""
        self._writer.close()
        return self._size

    def abort(self) -> None:
        """Give it up."""
        self._aborted = True
        self._writer.abort()


@define(eq=False)
class OpenFile:
    """A file that is being written.

    Attributes:
        key: where it is.
        rows: rows in it.
        metadata: what Parquet knows of it, once it is complete.
    """

    key: str
    sink: _Sink
    writer: pq.ParquetWriter
    found: list[Any]
    rows: int = 0

    @property
    def metadata(self) -> pq.FileMetaData:
        """What Parquet knows of it, once it is complete."""
        return self.found[0]

    def give_up(self) -> None:
        """Drop what was written; no error is raised."""
        with suppress(DaoError, OSError):
            self.sink.abort()
        with suppress(Exception):  # pyarrow has no way to give a writer up, and one that failed can't be completed
            self.writer.close()


@frozen(eq=False)
class _Group:
    """Rows of a partition that become a row group, and the columns that have dictionaries if they begin a file."""

    values: Values
    rows: pa.Table
    dictionaries: bool | list[str]


@define(eq=False, slots=False)
class PartitionedFiles(ABC):
    """New data files of one table, which no commit names yet. A format says where they are, and what it notes of them.

    Attributes:
        transport: the store.
        settings: how the files are written.
        partitions: the partition values of the complete files.
        rows: rows in them.
        size: bytes of them.
    """

    transport: Transport
    settings: FileSettings = field(factory=FileSettings, kw_only=True)
    partitions: list[Values] = field(factory=list, init=False)
    rows: int = field(default=0, init=False)
    size: int = field(default=0, init=False)
    _keys: list[str] = field(factory=list, init=False)
    _open: dict[Values, OpenFile] = field(factory=dict, init=False)
    _held: dict[Values, list[pa.RecordBatch]] = field(factory=dict, init=False)
    _bytes: dict[Values, int] = field(factory=dict, init=False)
    _dictionaries: bool | list[str] = field(default=True, init=False)
    _looked_at: int = field(default=0, init=False)

    @property
    @abstractmethod
    def stored(self) -> pa.Schema:
        """The columns that are in the files."""

    @abstractmethod
    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[Values, pa.RecordBatch]]:
        """The rows of a batch by partition, in the columns that are in the files."""

    @abstractmethod
    def new_key(self, values: Values) -> str:
        """Where a new file of a partition goes."""

    @abstractmethod
    def note(self, values: Values, opened: OpenFile, size: int) -> None:
        """Note what a commit says of a complete file.

        Args:
            values: its partition.
            opened: the file.
            size: its bytes.
        """

    @abstractmethod
    def forget(self) -> None:
        """Forget what was noted."""

    def parquet_options(self, rows: pa.Table) -> Mapping[str, Any]:
        """Further options of pyarrow's writer for a file that begins with some rows."""
        return {}

    def arranged(self, rows: pa.Table) -> pa.Table:
        """The rows of a row group in the order in which they are written."""
        return rows

    def written(self, opened: OpenFile, rows: pa.Table) -> None:  # noqa: B027 - most formats need no more
        """Look at rows that were written to a file."""

    def write(self, batches: Iterator[pa.RecordBatch]) -> None:
        """Write all batches, which have the table's columns, and complete the files.

        Whatever is raised, :meth:`discard` removes what was written.
        """
        for batch in batches:
            self.add(batch)
            advance(rows=batch.num_rows)
        self.finish()

    def add(self, batch: pa.RecordBatch) -> None:
        """Write a batch, or hold it until there are rows enough for a row group."""
        budget = current()
        group = min(budget.group, 4 * budget.chunk, self.settings.group_size)
        if batch.num_rows:
            for values, part in self.split(batch):
                self._hold(values, part)
                if self._bytes[values] >= group:
                    self._flush(values)
        while sum(self._bytes.values()) > budget.waiting:
            self._flush(max(self._bytes, key=self._bytes.__getitem__))

    def finish(self) -> None:
        """Complete the files, several at a time: each waits for its store, and Arrow encodes without Python's lock."""
        every = dict.fromkeys((*self._open, *self._held))  # the open ones first, which makes room for the others
        done = in_parallel(self._finished, map(self._taken, every), min(WORKERS, current().open_files))
        for values, (opened, size) in zip(every, done, strict=True):
            self._note(values, opened, size)

    def discard(self) -> None:
        """Delete the files. No commit may name them.

        No error is raised, since it would hide the one that led here; what stays is in no commit.
        """
        for opened in self._open.values():
            opened.give_up()
        self._open.clear()
        with suppress(DaoError, OSError):
            self.transport.delete(self._keys)
        self._keys.clear()
        self.forget()

    def _hold(self, values: Values, part: pa.RecordBatch) -> None:
        self._held.setdefault(values, []).append(part)
        self._bytes[values] = self._bytes.get(values, 0) + part.nbytes

    def _flush(self, values: Values) -> None:
        """Write the rows that are held for a partition, and complete its file if it is large enough."""
        while values not in self._open and len(self._open) >= current().open_files:
            self._complete(next(iter(self._open)))
        self._write(self._taken(values))
        if self._open[values].sink.tell() >= self.settings.target_size:
            self._complete(values)

    def _taken(self, values: Values) -> _Group:
        """The rows that are held for a partition, which are held no longer."""
        rows = pa.Table.from_batches(self._held.pop(values, []), self.stored)
        self._bytes.pop(values, None)
        return _Group(values, rows, self._dictionary_columns(rows))

    def _write(self, group: _Group) -> None:
        """Write rows as a row group."""
        opened = self._open.get(group.values) or self._begin(group)
        rows = self.arranged(group.rows)
        opened.writer.write_table(rows, row_group_size=self._group_rows(rows))
        opened.rows += rows.num_rows
        self.written(opened, rows)

    def _group_rows(self, rows: pa.Table) -> int:
        """How many rows a row group has: what came as one large batch becomes several."""
        groups = -(-rows.nbytes // self.settings.group_size)
        return max(1, -(-int(rows.num_rows) // max(1, int(groups))))

    def _begin(self, group: _Group) -> OpenFile:
        key = self.new_key(group.values)
        sink = _Sink(self.transport.writer(key, if_absent=False))
        found: list[Any] = []
        try:
            writer = self._writer(sink, group, found)
        except BaseException:  # it has written its first bytes
            with suppress(DaoError, OSError):
                sink.abort()
            raise
        self._open[group.values] = opened = OpenFile(key, sink, writer, found)
        return opened

    def _writer(self, sink: _Sink, group: _Group, found: list[Any]) -> pq.ParquetWriter:
        return pq.ParquetWriter(
            pa.PythonFile(sink, "w"),
            self.stored,
            compression=self.settings.compression,
            use_dictionary=group.dictionaries,
            store_schema=False,
            metadata_collector=found,
            **self.parquet_options(group.rows),
        )

    def _dictionary_columns(self, rows: pa.Table) -> bool | list[str]:
        """Which columns have dictionaries: to look takes as long as to write, and most partitions are alike."""
        if rows.num_rows > 2 * self._looked_at:
            self._dictionaries, self._looked_at = dictionary_columns(self.stored, rows), rows.num_rows
        return self._dictionaries

    def _complete(self, values: Values) -> None:
        self._note(values, *self._finished(self._taken(values)))

    def _finished(self, group: _Group) -> tuple[OpenFile, int]:
        """The complete file of a partition, with its last rows, and its bytes.

        Several threads may do this at once, for partitions of their own.
        """
        if group.rows.num_rows:
            self._write(group)
        opened = self._open[group.values]
        opened.writer.close()
        self._keys.append(opened.key)
        size = opened.sink.finish()
        del self._open[group.values]
        return opened, size

    def _note(self, values: Values, opened: OpenFile, size: int) -> None:
        self.note(values, opened, size)
        self.partitions.append(values)
        self.rows += opened.rows
        self.size += size


def split_by_values(batch: pa.RecordBatch, names: Sequence[str]) -> Iterator[tuple[pa.Array, Values]]:
    """The numbers of the rows with each combination of values in some columns, in order, and the values."""
    code = pa.repeat(pa.scalar(0, pa.int64()), batch.num_rows)
    most = 1
    for name in names:
        encoded = batch.column(name).dictionary_encode(null_encoding="encode")
        if most * len(encoded.dictionary) >= _CODES:
            code, most = code.dictionary_encode().indices.cast(pa.int64()), batch.num_rows
        code = pc.add(pc.multiply(code, len(encoded.dictionary)), encoded.indices.cast(pa.int64()))
        most *= len(encoded.dictionary)
    order = pc.sort_indices(code)
    runs = pc.run_end_encode(code.take(order), run_end_type=pa.int64())
    begin = 0
    for end in runs.run_ends.to_pylist():
        rows = order.slice(begin, end - begin)
        first = rows[0].as_py()
        yield rows, tuple(batch.column(name)[first].as_py() for name in names)
        begin = end
