"""Apache Parquet: row groups pruned by their statistics, columns projected, bombs refused before they are unpacked.

Two ways to read: :meth:`ParquetFormat.read_table` decodes columns and row groups on all cores and holds the whole
result; :meth:`ParquetFormat.read_file` decodes a bounded number of rows at a time. pyarrow's dataset scanner decodes
whole row groups ahead, 500 MiB and more for files of ordinary size even with a readahead of one, so the lazy way does
without.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from dao.arrow.formats.base import FileTask, Format, FormatWriter, Paths
from dao.arrow.formats.faults import reading
from dao.arrow.formats.parquet_bounds import promise
from dao.arrow.formats.parquet_facts import describe, row_count
from dao.arrow.formats.parquet_footer import column_chunks
from dao.arrow.formats.parquet_options import ParquetOptions
from dao.arrow.formats.parquet_table import read_whole
from dao.arrow.formats.parquet_writer import ParquetFileWriter
from dao.arrow.formats.pruning import surviving
from dao.arrow.formats.shape import checked, unify
from dao.errors import StoreError

__all__ = ["ParquetFormat"]

_BUFFER = 256 << 10  # read of a column chunk at once: without it pyarrow reads the chunks of a row group whole
_BATCH_BYTES = 16 << 20  # of encoded data per batch, about
_SUSPICIOUS_BYTES = 1 << 30


class ParquetFormat(Format):
    """Parquet files."""

    name = "parquet"
    suffixes = (".parquet", ".pq")
    Options = ParquetOptions

    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        return unify([self._schema(path, filesystem, options or ParquetOptions()) for path in paths], paths)

    def _schema(self, path: str, filesystem: fs.FileSystem, options: ParquetOptions) -> pa.Schema:
        with reading(path), open_parquet(path, filesystem, options) as parquet:
            return checked(parquet.schema_arrow)

    def count(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> int | None:
        total = 0
        for path in paths:
            with reading(path), open_parquet(path, filesystem, options or ParquetOptions()) as parquet:
                total += row_count(parquet.metadata)
        return total

    def metadata(self, path: str, filesystem: fs.FileSystem, options: Any = None) -> dict[str, Any]:
        """As every format's; beyond that ``row_groups`` with the statistics of each column, ``created_by``, ``version``
        and the file's own ``key_values``.
        """
        with reading(path), open_parquet(path, filesystem, options or ParquetOptions()) as parquet:
            return describe(parquet, path, filesystem)

    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        return ParquetFileWriter(sink, schema, options or ParquetOptions())

    def read_table(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None, **arguments: Any) -> pa.Table:
        found = read_whole(self, list(paths), filesystem, options or ParquetOptions(), **arguments)
        return super().read_table(paths, filesystem, options, **arguments) if found is None else found

    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Generator[pa.RecordBatch, None, None]:
        with open_parquet(path, filesystem, options) as parquet:
            names = parquet.schema_arrow.names
            wanted = None if task.schema.names == names else [name for name in names if name in task.schema.names]
            for place in matching_groups(parquet, path, filesystem, task):
                refuse_bombs(parquet, filesystem, path, options, [place], wanted)
                group = parquet.metadata.row_group(place)
                found = 0
                for batch in parquet.iter_batches(_batch_rows(group, task), row_groups=[place], columns=wanted):
                    found += batch.num_rows
                    yield batch
                if found != group.num_rows:  # pyarrow gives the shortest column's rows without a word
                    raise StoreError(f"row group {place} holds {found} rows where the footer says {group.num_rows}")


@contextmanager
def open_parquet(path: str, filesystem: fs.FileSystem, options: ParquetOptions) -> Iterator[pq.ParquetFile]:
    """An open Parquet file. On a local disk its pages are read as they are needed; from afar a row group at once."""
    local = isinstance(filesystem, fs.LocalFileSystem)
    with (
        filesystem.open_input_file(path) as file,
        pq.ParquetFile(
            file,
            pre_buffer=not local,
            buffer_size=_BUFFER if local else 0,
            coerce_int96_timestamp_unit=options.int96_unit,
            read_dictionary=list(options.read_dictionary) or None,
            page_checksum_verification=options.checksums,
        ) as parquet,
    ):
        yield parquet


def matching_groups(parquet: pq.ParquetFile, path: str, filesystem: fs.FileSystem, task: FileTask) -> list[int]:
    """The row groups whose statistics don't rule the predicate out.

    pyarrow's own way, ``ParquetFileFragment.subset``, ends the process on a damaged footer (26).
    """
    whole = list(range(parquet.metadata.num_row_groups))
    names = parquet.schema_arrow.names
    if task.predicate is None or len(set(names)) < len(names) or not set(task.schema.names) <= set(names):
        return whole
    whole_schema = parquet.schema_arrow
    # Where the types differ, the statistics are of another type than the predicate's constants.
    told = {field.name for field in task.schema if whole_schema.field(field.name).type == field.type}
    units = _stored_units(parquet)
    promises = []
    for chunks in column_chunks(path, filesystem):
        known = pc.scalar(True)
        for chunk in chunks:
            if chunk.path in told and units.get(chunk.path, True):
                known = promise(chunk.path, chunk, whole_schema.field(chunk.path).type) & known
        promises.append(known)
    return surviving(task.predicate, task.schema, promises)


_UNITS = {"s": "", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


def _stored_units(parquet: pq.ParquetFile) -> dict[str, bool]:
    """For each timestamp column whether the file stores it in the unit of its Arrow type."""
    return {
        field.name: f"timeUnit={_UNITS[field.type.unit]}" in str(parquet.schema.column(place).logical_type)
        for field in parquet.schema_arrow
        if pa.types.is_timestamp(field.type)
        for place in range(len(parquet.schema))
        if parquet.schema.column(place).path == field.name
    }


def refuse_bombs(
    parquet: pq.ParquetFile,
    filesystem: fs.FileSystem,
    path: str,
    options: ParquetOptions,
    groups: list[int],
    columns: list[str] | None,
) -> None:
    """Stop before unpacking a column chunk that claims far more than its packed bytes plausibly hold.

    Both must hold: over 1 GiB unpacked, and a ratio over ``max_decompression_ratio``. Honest writers stay far below the
    one (chunks of a few hundred MiB) or the other (dictionaries and run lengths come before compression).

    Raises:
        StoreError: such a chunk; the message names the option to raise.
    """
    for place in groups:
        if parquet.metadata.row_group(place).total_byte_size <= _SUSPICIOUS_BYTES:
            continue
        for chunk in column_chunks(path, filesystem)[place]:
            if columns is not None and chunk.path.split(".")[0] not in columns:
                continue
            unpacked, packed = chunk.unpacked, max(chunk.packed, 1)
            if unpacked > _SUSPICIOUS_BYTES and unpacked > packed * options.max_decompression_ratio:
                raise StoreError(
                    f"column {chunk.path!r} claims to unpack from {packed:,} to {unpacked:,} bytes, more "
                    f"than {options.max_decompression_ratio:g} to 1; if the file is trusted, max_decompression_ratio="
                    f"{unpacked // packed + 1} reads it"
                )


def _batch_rows(group: Any, task: FileTask) -> int:
    """Rows per batch such that a batch of wide rows stays small."""
    per_row = max(group.total_byte_size, 1) / max(group.num_rows, 1)
    rows = min(task.batch_size, max(int(_BATCH_BYTES / per_row), 1))
    return rows if task.rows is None else max(min(rows, task.rows), 1)
