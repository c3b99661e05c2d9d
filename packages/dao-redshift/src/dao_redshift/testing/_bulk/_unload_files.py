"""The files that an UNLOAD writes: one after another for each slice and partition, of a size at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import define, field

from dao_redshift.testing._bulk._destination import Destination
from dao_redshift.testing._bulk._loads import Written
from dao_redshift.testing._bulk._storage import BulkStorage, Place, storage_faults

__all__ = ["FileWriter", "OpenWriter", "ParquetFile", "SliceFiles"]

ROW_GROUP = 32 * 2**20
LARGEST = int(6.2 * 2**30)


class FileWriter(Protocol):
    """What writes one file in a format."""

    @property
    def full(self) -> bool:
        """Whether the next rows are another file's."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""

    def close(self) -> None:
        """Write what is left; the file itself stays open."""


OpenWriter = Callable[[Any], FileWriter]


class _Counting:
    """A file that counts its bytes, and says what S3 refuses in Redshift's words."""

    def __init__(self, file: Any, place: Place) -> None:
        self.file, self.place, self.size, self.closed = file, place, 0, False

    def write(self, content: Any) -> int:
        with storage_faults(self.place):
            self.file.write(bytes(content))
        self.size += len(content)
        return len(content)

    def flush(self) -> None:
        """Nothing: the parts of an upload are of a size."""

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            with storage_faults(self.place):
                self.file.close()


class ParquetFile:
    """A Parquet file of row groups of a size, as many as `largest` has room for, compressed by Snappy.

    Args:
        file: where it is written.
        schema: of its rows.
        row_group: bytes in memory of a row group, which is smaller where the file is.
        largest: bytes of a file.
    """

    def __init__(self, file: Any, schema: pa.Schema, row_group: int, largest: int) -> None:
        self._writer = pq.ParquetWriter(file, schema, compression="snappy", version="1.0", store_schema=False)
        self._schema, self._row_group = schema, min(row_group, largest)
        self._left = largest // self._row_group
        self._batches: list[pa.RecordBatch] = []
        self._size = 0

    @property
    def full(self) -> bool:
        return not self._left

    def write(self, batch: pa.RecordBatch) -> None:
        self._batches.append(batch)
        self._size += batch.nbytes
        if self._size >= self._row_group:
            self._flush()

    def _flush(self) -> None:
        table = pa.Table.from_batches(self._batches, self._schema)
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self._batches, self._size = [], 0
        self._left -= 1

    def close(self) -> None:
        if self._batches:
            self._flush()
        self._writer.close()


@define
class SliceFiles:
    """The files of one slice in one folder.

    Attributes:
        destination: of the UNLOAD.
        storage: where they are written.
        open_writer: makes what writes a file.
        folder: of the partition; empty without partitions.
        number: of the slice.
        written: the files that are complete.
    """

    destination: Destination
    storage: BulkStorage
    open_writer: OpenWriter
    folder: str
    number: int
    written: list[Written] = field(factory=list)
    _file: _Counting | None = None
    _writer: FileWriter | None = None
    _rows: int = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Write rows.

        Raises:
            RedshiftError: S3 refuses.
        """
        if self._writer is None:
            place = self.destination.file(self.folder, self.number, len(self.written))
            self._file = _Counting(self.storage.writer(place), place)
            self._writer = self.open_writer(self._file)
        self._writer.write(batch)
        self._rows += batch.num_rows
        if self._writer.full:
            self.close()

    def close(self) -> None:
        """Complete the file that is open, if one is.

        Raises:
            RedshiftError: S3 refuses.
        """
        if self._writer is None or self._file is None:
            return
        self._writer.close()
        self._file.close()
        self.written.append(Written(self._file.place.url, self._file.size, self._rows))
        self._writer, self._file, self._rows = None, None, 0
