"""Apache Parquet: row group pruning by statistics, projection, and refusal of decompression bombs before decompression.

Two ways to read: :meth:`ParquetFormat.read_table` decodes row groups on all cores and holds the whole result;
:meth:`ParquetFormat.read_file` decodes a bounded number of rows at a time. Neither uses pyarrow's dataset scanner: it
decodes whole row groups ahead, 500 MiB and more for files of ordinary size even with a readahead of one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import fs

from dao.errors import StoreError
from dao.memory import current
from dao.tables import EVERYTHING, Selection
from dao_files._workers import in_parallel
from dao_files.formats._base import Format
from dao_files.formats._contract import FileTask, FormatWriter, Paths
from dao_files.formats._faults import reading
from dao_files.formats._parquet_bounds import guarantee
from dao_files.formats._parquet_dictionaries import as_dictionaries, check_read_dictionary
from dao_files.formats._parquet_facts import describe, row_count
from dao_files.formats._parquet_group import RowGroup, fetch_ahead
from dao_files.formats._parquet_options import ParquetOptions, check_levels
from dao_files.formats._parquet_source import Footer, ParquetSource, open_source
from dao_files.formats._parquet_writer import ParquetFileWriter
from dao_files.formats._pruning import prune
from dao_files.formats._scan import scan
from dao_files.formats._scan_plan import OneFile, plan_scan
from dao_files.formats._shape import unify
from dao_files.formats._whole import read_whole

__all__ = ["ParquetFormat"]

T = TypeVar("T")

_BUFFER = 256 << 10  # bytes of a column chunk per read: without it pyarrow reads the chunks of a row group whole
_REMOTE_BUFFER = 1 << 20  # the same for remote files
_SUSPICIOUS_BYTES = 1 << 30
_FEW_ROWS = 1 << 14  # rows of a small file up to which its statistics are not used
_OPENERS = 8  # footers read concurrently


class ParquetFormat(Format):
    """Parquet files."""

    name = "parquet"
    suffixes = (".parquet", ".pq", ".parq")
    magic = b"PAR1"
    Options = ParquetOptions

    def keeps_order(self, values: pa.DataType) -> bool:
        return bool(pa.types.is_string(values) or pa.types.is_large_string(values))

    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        return unify(_read_footers(paths, filesystem, options, lambda footer: footer.schema), paths)

    def check_columns(self, schema: pa.Schema, options: Any) -> None:
        check_read_dictionary(schema, options.read_dictionary)

    def returned_schema(self, schema: pa.Schema, paths: Paths, filesystem: fs.FileSystem, options: Any) -> pa.Schema:
        if not options.read_dictionary or not paths:
            return schema
        found = self.infer_schema(paths, filesystem, options)
        check_read_dictionary(found, options.read_dictionary)
        return as_dictionaries(schema, found, options.read_dictionary)

    def count(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> int | None:
        return sum(_read_footers(paths, filesystem, options, lambda footer: row_count(footer.metadata)))

    def metadata(self, path: str, filesystem: fs.FileSystem, options: Any = None) -> dict[str, Any]:
        """Read the facts of every format, ``row_groups`` with the statistics of each column, ``created_by``,
        ``version`` and the file's own ``key_values``.
        """
        with reading(path):
            return describe(open_source(path, filesystem, options or ParquetOptions()))

    def check_writing(self, options: Any) -> None:
        check_levels(options)

    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        options = options or ParquetOptions()
        self.check_writing(options)
        return ParquetFileWriter(sink, schema, options)

    def read_table(
        self,
        paths: Paths,
        filesystem: fs.FileSystem,
        options: Any = None,
        selection: Selection = EVERYTHING,
        **known: Any,
    ) -> pa.Table:
        plan = plan_scan(self, paths, filesystem, options or ParquetOptions(), selection, **known)
        if plan.limit is not None or not plan.output.names:
            return scan(plan).read_all()

        def pieces(file: OneFile) -> list[RowGroup]:
            source = open_source(file.path, filesystem, plan.options)
            file.task.refuse_unnamed(source.schema.names)
            return [make_row_group(source, index, file.task) for index in prune_row_groups(source, file.task)]

        return read_whole(plan, pieces)

    def might_hold(
        self,
        paths: Paths,
        filesystem: fs.FileSystem,
        options: Any = None,
        selection: Selection = EVERYTHING,
        **known: Any,
    ) -> bool:
        plan = plan_scan(self, paths, filesystem, options or ParquetOptions(), selection, **known)
        return any(_may_have_rows(plan.of_file(index)) for index in range(len(plan.paths)))

    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Generator[pa.RecordBatch, None, None]:
        source = open_source(path, filesystem, options)
        task.refuse_unnamed(source.schema.names)
        groups = [make_row_group(source, index, task) for index in prune_row_groups(source, task)]
        with closing(fetch_ahead(groups, current().fetched)) as fetching:
            for group, fetched in fetching:
                rows = _batch_rows(source.metadata.row_group(group.index), task)
                yield from group.batches(fetched, rows, _BUFFER if source.near else _REMOTE_BUFFER)


def _read_footers(
    paths: Paths, filesystem: fs.FileSystem, options: ParquetOptions | None, extract: Callable[[Footer], T]
) -> list[T]:
    """Read the footers of files concurrently, and apply ``extract`` to each."""

    def read_footer(path: str) -> T:
        with reading(path):
            return extract(open_source(path, filesystem, options or ParquetOptions()).footer)

    with closing(in_parallel(read_footer, paths, _OPENERS, ahead=_OPENERS)) as found:
        return list(found)


def _may_have_rows(file: OneFile) -> bool:
    with reading(file.path):
        return bool(prune_row_groups(open_source(file.path, file.plan.filesystem, file.plan.options), file.task))


def make_row_group(source: ParquetSource, index: int, task: FileTask) -> RowGroup:
    """Create a row group that is safe to decode.

    Raises:
        StoreError: the row group is a decompression bomb; see :func:`refuse_bombs`.
    """
    group = RowGroup(source, index, task)
    refuse_bombs(source, index, group.columns)
    return group


def prune_row_groups(source: ParquetSource, task: FileTask) -> list[int]:
    """Return the indices of the row groups whose statistics don't rule out the predicate.

    pyarrow's equivalent, ``ParquetFileFragment.subset``, ends the process on a damaged footer (26).
    """
    every = list(range(source.metadata.num_row_groups))
    names = source.schema.names
    if task.predicate is None or not set(task.schema.names) <= set(names) or _is_small(source):
        return every
    # Where the types differ, the statistics are of another type than the predicate's constants.
    comparable = {
        name for name in task.predicate_columns if source.schema.field(name).type == task.schema.field(name).type
    }
    units = _stored_units(source)
    guarantees = []
    for chunks in source.chunks:
        known = pc.scalar(True)
        for chunk in chunks:
            if chunk.path in comparable and units.get(chunk.path, True):
                known = guarantee(chunk.path, chunk, source.schema.field(chunk.path).type) & known
        guarantees.append(known)
    return prune(task.predicate, task.schema, guarantees)


def _is_small(source: ParquetSource) -> bool:
    """Check whether evaluating statistics takes longer than decoding all rows, whose bytes are in memory already."""
    return source.footer.whole is not None and source.metadata.num_rows <= _FEW_ROWS


_UNITS = {"s": "", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


def _stored_units(source: ParquetSource) -> dict[str, bool]:
    """Map each timestamp column to whether the file stores it in the unit of its Arrow type."""
    units = {field.name: _UNITS[field.type.unit] for field in source.schema if pa.types.is_timestamp(field.type)}
    if not units:
        return {}
    stored = source.metadata.schema
    columns = [stored.column(index) for index in range(len(stored))]
    return {
        column.path: f"timeUnit={units[column.path]}" in str(column.logical_type)
        for column in columns
        if column.path in units
    }


def refuse_bombs(source: ParquetSource, index: int, columns: list[str] | None) -> None:
    """Refuse a row group with a column chunk whose claimed decompressed size is implausible.

    That is a size over 1 GiB and a ratio over ``max_decompression_ratio``. Legitimate writers stay far below the size
    (chunks of a few hundred MiB) or the ratio (dictionaries and run lengths are applied before compression).

    Raises:
        StoreError: such a chunk; the message names the option to raise.
    """
    if source.metadata.row_group(index).total_byte_size <= _SUSPICIOUS_BYTES:
        return
    ratio = source.options.max_decompression_ratio
    for chunk in source.chunks[index]:
        if columns is not None and chunk.path.split(".")[0] not in columns:
            continue
        unpacked, packed = chunk.unpacked, max(chunk.packed, 1)
        if unpacked > _SUSPICIOUS_BYTES and unpacked > packed * ratio:
            raise StoreError(
                f"column {chunk.path!r} claims to unpack from {packed:,} to {unpacked:,} bytes, more than {ratio:g} to "
                f"1; if the file is trusted, max_decompression_ratio={unpacked // packed + 1} reads it"
            )


def _batch_rows(group: Any, task: FileTask) -> int:
    """Compute the rows per batch so that a batch of wide rows stays within the memory budget."""
    per_row = max(group.total_byte_size, 1) / max(group.num_rows, 1)
    rows = min(task.batch_size, max(int(current().batch / per_row), 1))
    return rows if task.rows is None else max(min(rows, task.rows), 1)
