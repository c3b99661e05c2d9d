"""What a Parquet file's footer says, as plain values."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq
from pyarrow import fs

from dao.arrow.formats.facts import column_facts, file_bytes, plain

__all__ = ["describe", "has_encrypted_columns"]


def describe(parquet: pq.ParquetFile, path: str, filesystem: fs.FileSystem) -> dict[str, Any]:
    """The footer of an open file: rows, columns, row groups with sizes, codecs, encodings and statistics."""
    footer = parquet.metadata
    hidden = has_encrypted_columns(parquet, path, filesystem)
    groups = [_group(footer.row_group(place), hidden) for place in range(footer.num_row_groups)]
    codecs = sorted({column["compression"] for group in groups for column in group["columns"] or ()})
    return {
        "format": "parquet",
        "path": path,
        "bytes": file_bytes(path, filesystem),
        "rows": footer.num_rows,
        "compression": codecs[0] if len(codecs) == 1 else codecs or None,
        "columns": column_facts(parquet.schema_arrow),
        "created_by": footer.created_by,
        "version": footer.format_version,
        "key_values": {
            key.decode("utf-8", "replace"): value.decode("utf-8", "replace")
            for key, value in (footer.metadata or {}).items()
            if key != b"ARROW:schema"
        },
        "row_groups": groups,
    }


def has_encrypted_columns(parquet: pq.ParquetFile, path: str, filesystem: fs.FileSystem) -> bool:
    """True where the footer is plain but columns may be encrypted.

    Such a footer is signed, so it is longer than what was decoded of it. To look at an encrypted column's metadata
    without its key ends the process (pyarrow 26), so this is asked first.
    """
    with filesystem.open_input_file(path) as file:
        length = int.from_bytes(file.read_at(4, file.size() - 8), "little")
    return length != int(parquet.metadata.serialized_size)


def _group(group: Any, hidden: bool) -> dict[str, Any]:
    columns = None if hidden else [_column(group.column(place)) for place in range(group.num_columns)]
    return {
        "rows": group.num_rows,
        "bytes": None if columns is None else sum(column["bytes"] for column in columns),
        "uncompressed_bytes": group.total_byte_size,
        "columns": columns,
    }


def _column(column: Any) -> dict[str, Any]:
    return {
        "name": column.path_in_schema,
        "compression": column.compression.lower().replace("uncompressed", "none"),
        "encodings": list(column.encodings),
        "bytes": column.total_compressed_size,
        "uncompressed_bytes": column.total_uncompressed_size,
        "values": column.num_values,
        "page_index": bool(column.has_column_index and column.has_offset_index),
        "statistics": _statistics(column),
    }


def _statistics(column: Any) -> dict[str, Any] | None:
    try:
        statistics = column.statistics if column.is_stats_set else None
        if statistics is None:
            return None
        bounds = (statistics.min, statistics.max) if statistics.has_min_max else (None, None)
        return {
            "min": plain(bounds[0]),
            "max": plain(bounds[1]),
            "nulls": statistics.null_count if statistics.has_null_count else None,
            "distinct": statistics.distinct_count if statistics.has_distinct_count else None,
        }
    except (ValueError, OverflowError, NotImplementedError, OSError):
        return None  # bounds that Python can't show, such as dates after the year 9999
