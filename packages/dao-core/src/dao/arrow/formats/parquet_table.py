"""A whole Parquet read on all cores: pyarrow's dataset over files that need no reshaping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import fs

from dao.arrow.formats.faults import reading
from dao.arrow.formats.parquet_facts import row_count
from dao.arrow.formats.parquet_options import ParquetOptions
from dao.arrow.formats.shape import select_fields
from dao.errors import DaoError

if TYPE_CHECKING:
    from dao.arrow.formats.parquet import ParquetFormat

__all__ = ["read_whole"]

# from pyarrow 21 on both readers have this switch, and ParquetFile has it on by default
_EXTENSIONS = {"arrow_extensions_enabled": True} if int(pa.__version__.split(".")[0]) >= 21 else {}


def read_whole(
    format: ParquetFormat,
    paths: list[str],
    filesystem: fs.FileSystem,
    options: ParquetOptions,
    *,
    schema: pa.Schema | None = None,
    partitions: Sequence[Mapping[str, str | None]] | None = None,
    partition_schema: pa.Schema | None = None,
    columns: Sequence[str] | None = None,
    where: Any = None,
    batch_size: int | None = None,
    limit: int | None = None,
) -> pa.Table | None:
    """The table, or None where a scan has to make it: files that differ, partitions, a limit, a predicate.

    An error is None too: the scan that follows meets it again and names the file.
    """
    if where is not None or partitions is not None or limit is not None or not paths or options.read_dictionary:
        return None
    common = _common_schema(format, paths, filesystem, options)
    if common is None:
        return None
    found, rows = common
    if schema is not None and not schema.equals(found):
        return None
    if len(set(found.names)) < len(found.names) or not found.names or (columns is not None and not columns):
        return None
    output = select_fields(found, columns)
    import pyarrow.dataset as ds  # it imports pandas where that is installed: 50 MiB that a stream does without

    reader = ds.ParquetFileFormat(
        coerce_int96_timestamp_unit=options.int96_unit,
        **_EXTENSIONS,
        page_checksum_verification=options.checksums,
        pre_buffer=not isinstance(filesystem, fs.LocalFileSystem),
    )
    try:
        fragments = [reader.make_fragment(path, filesystem) for path in paths]
        dataset = ds.FileSystemDataset(fragments, found, reader, filesystem)
        table = dataset.to_table(columns=output.names, cache_metadata=False)
    except (pa.ArrowException, OSError, ValueError, TypeError, MemoryError):
        return None
    # with rows missing pyarrow gives the shortest column's without a word: the scan says which file it is
    return table if table.schema.equals(output) and table.num_rows == rows else None


def _common_schema(
    format: ParquetFormat, paths: list[str], filesystem: fs.FileSystem, options: ParquetOptions
) -> tuple[pa.Schema, int] | None:
    """The schema of all files, if they have one and none is a bomb, and their rows."""
    from dao.arrow.formats.parquet import open_parquet, refuse_bombs

    first: pa.Schema | None = None
    rows = 0
    for path in paths:
        try:
            with reading(path), open_parquet(path, filesystem, options) as parquet:
                refuse_bombs(parquet, filesystem, path, options, list(range(parquet.metadata.num_row_groups)), None)
                schema = parquet.schema_arrow
                rows += row_count(parquet.metadata)
        except DaoError:
            return None
        if first is None:
            first = schema
        elif not schema.equals(first):
            return None
    return None if first is None else (first, rows)
