"""The metadata of a Parquet footer as JSON-compatible values."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dao_files.formats._facts import column_facts, plain
from dao_files.formats._parquet_bounds import bounds
from dao_files.formats._parquet_footer import ColumnChunk
from dao_files.formats._parquet_source import ParquetSource

__all__ = ["describe", "row_count"]

_NULLS, _DISTINCT = 3, 4  # Statistics in parquet.thrift


def describe(source: ParquetSource) -> dict[str, Any]:
    """Describe a file's footer: rows, columns, row groups with sizes, codecs, encodings and statistics."""
    footer = source.metadata
    types = {field.name: field.type for field in source.schema if not pa.types.is_nested(field.type)}
    groups = [_describe_group(footer.row_group(index), chunks, types) for index, chunks in enumerate(source.chunks)]
    codecs = sorted({column["compression"] for group in groups for column in group["columns"]})
    return {
        "format": "parquet",
        "path": source.path,
        "bytes": source.size,
        "rows": row_count(footer),
        "compression": codecs[0] if len(codecs) == 1 else codecs or None,
        "columns": column_facts(source.schema),
        "created_by": footer.created_by,
        "version": footer.format_version,
        "key_values": {
            key.decode("utf-8", "replace"): value.decode("utf-8", "replace")
            for key, value in (footer.metadata or {}).items()
            if key != b"ARROW:schema"
        },
        "row_groups": groups,
    }


def row_count(footer: pq.FileMetaData) -> int:
    """Sum the rows of all row groups, as some writers leave the footer's own total at zero."""
    return sum(footer.row_group(index).num_rows for index in range(footer.num_row_groups))


def _describe_group(group: Any, chunks: list[ColumnChunk], types: dict[str, pa.DataType]) -> dict[str, Any]:
    return {
        "rows": group.num_rows,
        "bytes": sum(chunk.packed for chunk in chunks),
        "uncompressed_bytes": group.total_byte_size,
        "columns": [_describe_column(chunk, types.get(chunk.path)) for chunk in chunks],
    }


def _describe_column(chunk: ColumnChunk, kind: pa.DataType | None) -> dict[str, Any]:
    return {
        "name": chunk.path,
        "compression": chunk.codec,
        "encodings": list(chunk.encodings),
        "bytes": chunk.packed,
        "uncompressed_bytes": chunk.unpacked,
        "values": chunk.values,
        "page_index": chunk.page_index,
        "statistics": _describe_statistics(chunk, kind) if chunk.statistics else None,
    }


def _describe_statistics(chunk: ColumnChunk, kind: pa.DataType | None) -> dict[str, Any]:
    least, greatest = (None, None) if kind is None else bounds(chunk, kind)
    return {
        "min": _to_json(least),
        "max": _to_json(greatest),
        "nulls": chunk.statistics.get(_NULLS),
        "distinct": chunk.statistics.get(_DISTINCT),
    }


def _to_json(value: pa.Scalar | None) -> Any:
    if value is None:
        return None
    return str(value) if pa.types.is_temporal(value.type) else plain(value.as_py())
