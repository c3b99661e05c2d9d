"""Writes rows into the data files of a table: one file per partition until it is large enough, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import define, field, frozen

from dao.errors import DataError
from dao.memory import current
from dao.progress import advance
from dao_delta._footers import mark_of
from dao_delta._log import Action, log_path, now
from dao_delta._partition_values import partition_folder
from dao_delta._statistics import statistics_of
from dao_files.formats import dictionary_columns
from dao_files.manifest import Transport, Writer

__all__ = ["DataFiles", "FileSettings", "Layout", "partition_text"]

Values = tuple[Any, ...]

_CHANGE_DATA = "_change_data"
"""The folder of the change data feed, see the Delta protocol, "Change Data Files"."""


@frozen(kw_only=True)
class FileSettings:
    """How data files are written.

    Attributes:
        compression: the codec of Parquet.
        target_size: bytes after which a new file is begun.
    """

    compression: str = "snappy"
    target_size: int = 256 << 20


@frozen
class Layout:
    """What decides how rows lie in files.

    Attributes:
        schema: the table's columns.
        partition_by: the partition columns, which are in the log and not in the files.
        indexed: how many columns get statistics.
    """

    schema: pa.Schema
    partition_by: tuple[str, ...] = ()
    indexed: int = 32

    @property
    def stored(self) -> pa.Schema:
        """The columns that are in the files."""
        return pa.schema([one for one in self.schema if one.name not in self.partition_by])


@define(eq=False)
class _OpenFile:
    """A file that is being written."""

    key: str
    path: str
    sink: _Sink
    writer: pq.ParquetWriter
    found: list[Any]
    rows: int = 0


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
class DataFiles:
    """New data files of one table, not yet in its log.

    Attributes:
        transport: the store.
        table: the table's key.
        layout: of the files.
        settings: how they are written.
        change_data: whether they are of the change data feed, which has files and ``cdc`` actions of its own.
        actions: the ``add`` or ``cdc`` actions of the complete files.
        partitions: the partition values of the complete files.
        rows: rows in them.
        size: bytes of them.
    """

    transport: Transport
    table: str
    layout: Layout
    settings: FileSettings = field(factory=FileSettings)
    change_data: bool = False
    actions: list[Action] = field(factory=list)
    partitions: list[Values] = field(factory=list)
    rows: int = 0
    size: int = 0
    _keys: list[str] = field(factory=list)
    _open: dict[Values, _OpenFile] = field(factory=dict)
    _held: dict[Values, list[pa.RecordBatch]] = field(factory=dict)
    _bytes: dict[Values, int] = field(factory=dict)
    _dictionaries: bool | list[str] = True
    _looked_at: int = 0

    def write(self, batches: Iterator[pa.RecordBatch]) -> None:
        """Write all batches, which have the layout's schema, and complete the files.

        Whatever is raised, :meth:`discard` removes what was written.
        """
        for batch in batches:
            self.add(batch)
            advance(rows=batch.num_rows)
        self.finish()

    def add(self, batch: pa.RecordBatch) -> None:
        """Write a batch, or hold it until there are rows enough for a row group."""
        budget = current()
        group = min(budget.group, 4 * budget.chunk)
        for values, part in self._split(batch):
            self._hold(values, part)
            if self._bytes[values] >= group:
                self._flush(values)
        while sum(self._bytes.values()) > budget.waiting:
            self._flush(max(self._bytes, key=self._bytes.__getitem__))

    def finish(self) -> None:
        """Complete the files."""
        for values in list(self._held):
            self._flush(values)
        for values in list(self._open):
            self._complete(values)

    def discard(self) -> None:
        """Delete the files. They must not be in the log."""
        for opened in self._open.values():
            opened.sink.abort()
            opened.writer.close()
        self._open.clear()
        self.transport.delete(self._keys)
        self._keys.clear()
        self.actions.clear()

    def _split(self, batch: pa.RecordBatch) -> Iterator[tuple[Values, pa.RecordBatch]]:
        if batch.num_rows == 0:
            return
        names = self.layout.partition_by
        if not names:
            yield (), batch
            return
        stored = batch.select(self.layout.stored.names)
        for rows, values in split_by_values(batch, names):
            yield values, stored if len(rows) == batch.num_rows else stored.take(rows)

    def _hold(self, values: Values, part: pa.RecordBatch) -> None:
        self._held.setdefault(values, []).append(part)
        self._bytes[values] = self._bytes.get(values, 0) + part.nbytes

    def _flush(self, values: Values) -> None:
        """Write the rows that are held for a partition as a row group."""
        batches = self._held.pop(values)
        del self._bytes[values]
        rows = pa.Table.from_batches(batches, self.layout.stored)
        opened = self._open.get(values) or self._begin(values, rows)
        opened.writer.write_table(rows, row_group_size=max(rows.num_rows, 1))
        opened.rows += rows.num_rows
        if opened.sink.tell() >= self.settings.target_size:
            self._complete(values)

    def _begin(self, values: Values, rows: pa.Table) -> _OpenFile:
        while len(self._open) >= current().open_files:
            self._complete(next(iter(self._open)))
        folder = partition_folder(dict(zip(self.layout.partition_by, map(partition_text, values), strict=True)))
        start = "cdc-00000" if self.change_data else f"part-{mark_of(self.layout.stored)}"
        name = f"{start}-{uuid4()}-c000.{self.settings.compression}.parquet"
        path = "/".join(filter(None, (_CHANGE_DATA if self.change_data else "", folder, name)))
        key = f"{self.table}/{path}"
        sink = _Sink(self.transport.writer(key, if_absent=False))
        found: list[Any] = []
        writer = pq.ParquetWriter(
            pa.PythonFile(sink, "w"),
            self.layout.stored,
            compression=self.settings.compression,
            use_dictionary=self._dictionary_columns(rows),
            store_schema=False,
            metadata_collector=found,
        )
        self._open[values] = opened = _OpenFile(key, path, sink, writer, found)
        return opened

    def _dictionary_columns(self, rows: pa.Table) -> bool | list[str]:
        """Which columns have dictionaries: to look takes as long as to write, and most partitions are alike."""
        if rows.num_rows > 2 * self._looked_at:
            self._dictionaries, self._looked_at = dictionary_columns(self.layout.stored, rows), rows.num_rows
        return self._dictionaries

    def _complete(self, values: Values) -> None:
        opened = self._open[values]
        opened.writer.close()
        self._keys.append(opened.key)
        size = opened.sink.finish()
        del self._open[values]
        texts = dict(zip(self.layout.partition_by, map(partition_text, values), strict=True))
        action: dict[str, Any] = {"path": log_path(opened.path), "partitionValues": texts, "size": size}
        if self.change_data:
            self.actions.append({"cdc": {**action, "dataChange": False}})
        else:
            stats = statistics_of(opened.found[0], self.layout.stored, self.layout.indexed)
            self.actions.append({"add": {**action, "modificationTime": now(), "dataChange": True, "stats": stats}})
        self.partitions.append(values)
        self.rows += opened.rows
        self.size += size


def split_by_values(batch: pa.RecordBatch, names: Sequence[str]) -> Iterator[tuple[pa.Array, Values]]:
    """The numbers of the rows with each combination of values in some columns, in order, and the values."""
    code = pa.repeat(pa.scalar(0, pa.int64()), batch.num_rows)
    for name in names:
        encoded = batch.column(name).dictionary_encode(null_encoding="encode")
        code = pc.add(pc.multiply(code, len(encoded.dictionary)), encoded.indices.cast(pa.int64()))
    order = pc.sort_indices(code)
    runs = pc.run_end_encode(code.take(order), run_end_type=pa.int64())
    begin = 0
    for end in runs.run_ends.to_pylist():
        rows = order.slice(begin, end - begin)
        first = rows[0].as_py()
        yield rows, tuple(batch.column(name)[first].as_py() for name in names)
        begin = end


def partition_text(value: Any) -> str | None:
    """A partition value as the log keeps it; see the Delta protocol, "Partition Value Serialization".

    Raises:
        DataError: it is an empty text, which the log can't tell from null.
    """
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case datetime():
            return (
                (value.astimezone(UTC) if value.tzinfo else value).replace(tzinfo=None).isoformat(" ", "microseconds")
            )
        case date():
            return value.isoformat()
        case "":
            raise DataError("a partition column has an empty text, which Delta can't tell from null; replace it")
    return str(value)
