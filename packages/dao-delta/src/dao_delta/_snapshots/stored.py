"""Reads the data files that a table's log names, one by one, as streams in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import field, frozen

from dao.arrow.convert import repeated
from dao.errors import DataError, NotFoundError, StoreError, UnsupportedError
from dao.memory import current
from dao_delta._tables.client import Snapshot, partitions_of
from dao_delta._tables.columns import ColumnMapping
from dao_delta._tables.footers import Footer
from dao_delta._tables.keys import plain_path
from dao_files.lake import FolderTransport
from dao_files.manifest import Stat, Transport, native_file

__all__ = ["StoredFile", "StoredFiles", "gone_error", "mapping_of", "missing_file", "stored_files"]

_BATCH_ROWS = 1 << 18


@frozen
class StoredFile:
    """A data file.

    Attributes:
        path: its path as the log has it.
        key: where it is.
        size: bytes.
        rows: rows, if the log says.
        partition: its partition values by column.
        kept: by row, whether it isn't hidden by a deletion vector; None for no vector. Rows beyond its end are kept.
    """

    path: str
    key: str
    size: int
    rows: int | None
    partition: Mapping[str, Any]
    kept: pa.Array | None = None

    @property
    def hidden(self) -> int:
        """How many rows are hidden."""
        return 0 if self.kept is None else int(pc.sum(pc.invert(self.kept)).as_py() or 0)


def stored_files(snapshot: Snapshot) -> list[StoredFile]:
    """The data files of a version, in the order of :attr:`Snapshot.files`.

    Raises:
        UnsupportedError: a file is outside the table's folder, or a deletion vector belongs to none.
    """
    names = ["path", "size_bytes", "num_records", *(f"partition.{name}" for name in snapshot.partition_by)]
    vectors = snapshot.kept_rows
    known = set(map(plain_path, snapshot.files["path"].to_pylist()))
    if vectors.keys() - known:  # else their rows would be seen
        raise UnsupportedError(f"deletion vectors of {snapshot.key!r} are of files that it doesn't have")
    return [
        StoredFile(
            row["path"],
            f"{snapshot.key}/{plain_path(row['path'])}",
            row["size_bytes"],
            row["num_records"],
            partitions_of(snapshot, row),
            vectors.get(plain_path(row["path"])),
        )
        for row in snapshot.files.select(names).to_pylist()
    ]


def gone_error(snapshot: Snapshot, found: object) -> StoreError:
    """The error for a data file that isn't there: those of older versions may be deleted, those of the newest not."""
    if snapshot.is_newest:
        return StoreError(f"a data file of {snapshot.key!r} is gone; run('repair') says which: {found}")
    return NotFoundError(
        f"version {snapshot.version} of {snapshot.key!r} isn't kept any more: vacuum deleted files of it"
    )


@contextmanager
def missing_file(snapshot: Snapshot, file: StoredFile) -> Iterator[None]:
    """Raises what it means for a version if one of its files can't be read since it isn't there."""
    try:
        yield
    except StoreError as error:
        try:
            snapshot.client.transport.head(file.key)
        except NotFoundError:
            raise gone_error(snapshot, error) from error
        raise


def mapping_of(snapshot: Snapshot) -> ColumnMapping:
    """Under which names a table's columns are in its files."""
    return ColumnMapping(snapshot.fields, snapshot.properties.get("delta.columnMapping.mode", "none"))


@frozen
class StoredFiles:
    """A reader of data files.

    Attributes:
        transport: the store.
        schema: the columns in which rows are given. Those that a file lacks are null, if they may be: it is older than
            they are.
        mapping: under which names files have them.
    """

    transport: Transport
    schema: pa.Schema = field()
    mapping: ColumnMapping = field(factory=ColumnMapping)

    def rows_of(self, file: StoredFile) -> int:
        """How many rows a file has, by the log or else by the file."""
        if file.rows is not None:
            return file.rows
        with self._open(file) as opened:
            return int(opened.metadata.num_rows)

    def footer(self, file: StoredFile) -> Footer:
        """The columns that a file has.

        Raises:
            StoreError: the file isn't there, or is damaged.
        """
        with self._open(file) as opened:
            return Footer(opened.schema_arrow, tuple(_int96_leaves(opened.schema)))

    def read(self, file: StoredFile, names: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows of a file in their order.

        Args:
            file: the file.
            names: the columns; all by default.

        Raises:
            StoreError: the file isn't there, or is damaged.
            UnsupportedError: it has values that the table's types can't hold, or lacks a column that isn't nullable.
        """
        schema = self.schema if names is None else pa.schema([self.schema.field(name) for name in names])
        with self._open(file) as opened:
            places = {one.name: self._place(opened, one.name, file) for one in schema}
            stored = [place for place in places.values() if place is not None]
            seen = 0
            for batch in self._batches(file, opened, stored):
                columns = [self._column(file, batch, one, places[one.name]) for one in schema]
                rows = pa.RecordBatch.from_arrays(columns, schema=schema) if columns else batch.select([])
                yield rows if file.kept is None else _visible(rows, file.kept, seen)
                seen += batch.num_rows

    def _place(self, opened: pq.ParquetFile, name: str, file: StoredFile) -> str | None:
        try:
            return None if name in file.partition else self.mapping.find(opened.schema_arrow, name)
        except pa.ArrowInvalid as error:
            raise UnsupportedError(f"the file {file.key!r} can't be read for column {name!r}: {error}") from error

    def _batches(self, file: StoredFile, opened: pq.ParquetFile, names: list[str]) -> Iterator[pa.RecordBatch]:
        """Columns of a file's rows; batches without columns where there are none.

        INT96 is decoded in microseconds, and checked: Arrow cuts what is below, and wraps what is beyond.
        """
        total = opened.metadata.num_rows
        if not names:
            for begin in range(0, total, _BATCH_ROWS):
                yield _bare(min(_BATCH_ROWS, total - begin))
            return
        # Arrow's threads must not get rows in Python's memory, as those from afar are: see dao_files.formats.
        reading = {"batch_size": _rows_of_batch(opened), "use_threads": isinstance(self.transport, FolderTransport)}
        batches = opened.iter_batches(columns=names, **reading)
        leaves = _int96_in(opened, names)
        if not leaves:
            yield from batches
            return
        from dao_files.formats import WITNESSES, witnessed

        try:
            yield from witnessed(batches, [self._open(file, unit) for unit in WITNESSES], "us", leaves, **reading)
        except DataError as error:
            raise UnsupportedError(
                f"the file {file.key!r} has INT96 timestamps that microseconds, and so Delta, can't hold: {error}"
            ) from error

    def _open(self, file: StoredFile, unit: str = "us") -> pq.ParquetFile:
        try:
            if isinstance(self.transport, FolderTransport):
                source = pa.OSFile(self.transport.path_of(file.key))
            else:
                source = native_file(self.transport, Stat(file.key, file.size))
            return pq.ParquetFile(source, coerce_int96_timestamp_unit=unit, pre_buffer=False)
        except FileNotFoundError as error:
            raise StoreError(f"the file {file.key!r}, which the table's log names, is not there") from error
        except pa.ArrowInvalid as error:
            raise StoreError(f"the file {file.key!r} is damaged: {error}") from error

    def _column(self, file: StoredFile, batch: pa.RecordBatch, wanted: pa.Field, place: str | None) -> pa.Array:
        if wanted.name in file.partition:
            return repeated(file.partition[wanted.name], wanted.type, batch.num_rows)
        if place is None and not wanted.nullable:
            raise UnsupportedError(
                f"the file {file.key!r} lacks column {wanted.name!r}, which is required by the table"
            )
        if place is None:
            return pa.nulls(batch.num_rows, wanted.type)
        found = batch.column(place)
        try:
            return self.mapping.fit(found, wanted)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise UnsupportedError(
                f"the file {file.key!r} has {found.type} in column {wanted.name!r}, which is {wanted.type} in the "
                f"table, and can't be read as it: {error}"
            ) from error


def _visible(rows: pa.RecordBatch, kept: pa.Array, begin: int) -> pa.RecordBatch:
    """The rows that a deletion vector doesn't hide."""
    mask = kept.slice(begin, rows.num_rows)
    if len(mask) < rows.num_rows:
        mask = pa.concat_arrays([mask, pa.repeat(pa.scalar(True), rows.num_rows - len(mask))])
    return rows.filter(mask)


def _int96_in(opened: pq.ParquetFile, names: Sequence[str]) -> list[str]:
    """The leaves of type INT96 in some columns of a file."""
    leaves = _int96_leaves(opened.schema)
    return [leaf for leaf in leaves if any(f"{leaf}.".startswith(f"{name}.") for name in names)]


def _int96_leaves(stored: pq.ParquetSchema) -> list[str]:
    """The leaves of type INT96. For them alone the formats are imported, which takes a fifth of a first read."""
    if all(stored.column(number).physical_type != "INT96" for number in range(len(stored))):
        return []
    from dao_files.formats import int96_leaves

    return int96_leaves(stored)


def _bare(rows: int) -> pa.RecordBatch:
    """A batch of some rows without a column that is asked for."""
    return pa.RecordBatch.from_arrays([pa.nulls(rows)], names=[""])


def _rows_of_batch(opened: pq.ParquetFile) -> int:
    metadata = opened.metadata
    size = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    fitting = current().batch * max(metadata.num_rows, 1) // max(size, 1)
    return int(max(1, min(_BATCH_ROWS, fitting)))
