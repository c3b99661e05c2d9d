"""Apache Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from attrs import field, frozen
from pyarrow import fs

from dao.arrow.formats.base import FileTask, Format, FormatWriter, Paths
from dao.arrow.formats.faults import reading
from dao.arrow.formats.options import (
    boolean,
    columns_or_boolean,
    integer,
    number,
    one_of,
    optional,
    per_column,
    tuple_of,
    valid,
)
from dao.arrow.formats.shape import unify
from dao.errors import DataError, StoreError

__all__ = ["ParquetFormat", "ParquetOptions"]

_CODECS = ("zstd", "snappy", "gzip", "brotli", "lz4", "none")


@frozen
class ParquetOptions:
    """Options of Parquet."""

    compression: str | Mapping[str, str] = field(default="zstd", validator=valid(per_column(one_of(*_CODECS))))
    compression_level: int | Mapping[str, int] | None = field(
        default=None, validator=valid(optional(per_column(integer(-50, 22))))
    )
    row_group_rows: int | None = field(default=None, validator=valid(optional(integer(1))))
    row_group_bytes: int | None = field(default=None, validator=valid(optional(integer(1))))
    statistics: bool | tuple[str, ...] = field(default=True, converter=tuple_of, validator=valid(columns_or_boolean))
    page_index: bool = field(default=True, validator=valid(boolean))
    dictionary: bool | tuple[str, ...] = field(default=True, converter=tuple_of, validator=valid(columns_or_boolean))
    max_decompression_ratio: float = field(default=1000.0, validator=valid(number(1)))


class ParquetFormat(Format):
    """Parquet files."""

    name = "parquet"
    suffixes = (".parquet", ".pq")
    Options = ParquetOptions

    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        if not paths:
            raise DataError("there are no files to take the schema of; give schema=")
        schemas = []
        for path in paths:
            with reading(path), filesystem.open_input_file(path) as file, pq.ParquetFile(file) as parquet:
                schemas.append(parquet.schema_arrow)
        return unify(schemas)

    def count(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> int | None:
        total = 0
        for path in paths:
            with reading(path), filesystem.open_input_file(path) as file, pq.ParquetFile(file) as parquet:
                total += parquet.metadata.num_rows
        return total

    def metadata(self, path: str, filesystem: fs.FileSystem, options: Any = None) -> dict[str, Any]:
        with reading(path), filesystem.open_input_file(path) as file, pq.ParquetFile(file) as parquet:
            return {"format": self.name, "path": path, "rows": parquet.metadata.num_rows}

    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        return _ParquetWriter(sink, schema, options or ParquetOptions())

    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Iterator[pa.RecordBatch]:
        with filesystem.open_input_file(path) as file, pq.ParquetFile(file, pre_buffer=False) as parquet:
            _refuse_bombs(parquet.metadata, options)
            names = [name for name in task.schema.names if name in parquet.schema_arrow.names]
            yield from parquet.iter_batches(task.batch_size, columns=names)


def _refuse_bombs(metadata: Any, options: ParquetOptions) -> None:
    for place in range(metadata.num_row_groups):
        group = metadata.row_group(place)
        for column in map(group.column, range(group.num_columns)):
            unpacked, packed = column.total_uncompressed_size, max(column.total_compressed_size, 1)
            if unpacked > 1 << 30 and unpacked > packed * options.max_decompression_ratio:
                raise StoreError(
                    f"column {column.path_in_schema!r} unpacks from {packed:,} to {unpacked:,} bytes, "
                    f"more than {options.max_decompression_ratio:g} to 1: max_decompression_ratio= allows more"
                )


class _ParquetWriter(FormatWriter):
    def __init__(self, sink: Any, schema: pa.Schema, options: ParquetOptions) -> None:
        level = options.compression_level
        if level is None and options.compression == "zstd":
            level = 3
        self._schema = schema
        self._writer = pq.ParquetWriter(
            sink,
            schema,
            compression=options.compression,
            compression_level=level,
            write_page_index=options.page_index,
        )

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()


_ = ds
