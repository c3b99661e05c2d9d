"""Writing of Parquet: batches are buffered to row groups, encodings are chosen from the first rows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dao.arrow.convert import make_list_type
from dao.errors import DataError, UnsupportedError, did_you_mean
from dao.memory import current
from dao_files.formats._contract import FormatWriter
from dao_files.formats._faults import storing
from dao_files.formats._parquet_int96 import refuse_unreadable
from dao_files.formats._parquet_options import ParquetOptions
from dao_files.formats._shape import check_batch, refuse_duplicates, without_order

__all__ = ["ParquetFileWriter", "dictionary_columns"]

_SAMPLE_ROWS = 4096
_DISTINCT_SHARE = 0.5  # share of distinct values above which a dictionary costs more than it saves


class ParquetFileWriter(FormatWriter):
    """A Parquet writer that buffers batches to full row groups, whose size is independent of the batches' sizes."""

    def __init__(self, sink: Any, schema: pa.Schema, options: ParquetOptions) -> None:
        self._sink = sink
        self._schema = schema
        self._stored_schema = readable_schema(schema)
        self._options = options
        self._group_bytes = min(options.row_group_bytes, current().group)
        self._buffered: list[pa.RecordBatch] = []
        self._rows = 0
        self._bytes = 0
        self._writer: pq.ParquetWriter | None = None
        self._closed = False
        _check_schema(schema, options)

    def write(self, batch: pa.RecordBatch) -> None:
        check_batch(batch, self._schema)
        if self._options.int96_timestamps:
            refuse_unreadable(batch, self._options.int96_unit)
        for piece in self._split(batch):
            self._buffered.append(piece)
            self._rows += piece.num_rows
            self._bytes += piece.nbytes
            if self._rows >= self._options.row_group_rows or self._bytes >= self._group_bytes:
                self.flush()

    def close(self) -> None:
        if self._closed:
            return
        self.flush()
        self._closed = True
        with storing("Parquet"):
            self._open_writer().close()

    def abort(self) -> None:
        self._closed, self._buffered = True, []
        if self._writer is not None:
            with suppress(Exception):  # else pyarrow closes the writer when it is dropped, and prints the error
                self._writer.close()

    def _split(self, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """Split a batch at the ends of row groups, by rows and by the average bytes of its rows."""
        pieces = []
        start = 0
        per_row = max(batch.nbytes / batch.num_rows, 1e-9) if batch.num_rows else 1.0
        rows, size = self._rows, float(self._bytes)
        while start < batch.num_rows:
            room = min(self._options.row_group_rows - rows, int((self._group_bytes - size) / per_row) + 1)
            piece = batch.slice(start, max(room, 1))
            pieces.append(piece)
            start += piece.num_rows
            rows, size = 0, 0.0
        return pieces

    def flush(self) -> None:
        if not self._rows:
            return
        with storing("Parquet"):
            table = pa.Table.from_batches(self._buffered, self._schema)
            if self._stored_schema is not self._schema:
                table = table.cast(self._stored_schema)
            self._open_writer().write_table(table, row_group_size=self._rows)
        self._buffered, self._rows, self._bytes = [], 0, 0

    def _open_writer(self) -> pq.ParquetWriter:
        if self._writer is None:
            sample = self._buffered[0].slice(0, _SAMPLE_ROWS) if self._buffered else None
            self._writer = pq.ParquetWriter(
                self._sink, self._stored_schema, **_writer_arguments(self._schema, self._options, sample)
            )
        return self._writer


def readable_schema(schema: pa.Schema) -> pa.Schema:
    """A schema that Arrow can read back: the same where it has no struct with a required list of fixed size.

    Arrow writes such a list as empty where its struct is null, and then refuses it for its size
    ("Expected all lists to be of size=2 but index 1 had size=0"); one that may be null is read.
    """
    fields = [field.with_type(_readable(field.type)) for field in schema]
    found = pa.schema(fields, metadata=schema.metadata)
    return schema if found.equals(schema) else found


def _readable(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(kind):
        fields = [child.with_type(_readable(child.type)) for child in kind]
        return pa.struct([f.with_nullable(True) if pa.types.is_fixed_size_list(f.type) else f for f in fields])
    if pa.types.is_map(kind):
        item = kind.item_field.with_type(_readable(kind.item_type))
        return pa.map_(kind.key_field, item, keys_sorted=kind.keys_sorted)
    lists = make_list_type(kind, lambda item: item.with_type(_readable(item.type)))
    return kind if lists is None else lists


def _check_schema(schema: pa.Schema, options: ParquetOptions) -> None:
    """Write an empty file into memory, so that unsupported types are refused before the real file has a byte."""
    refuse_duplicates(schema, "Parquet")
    if not schema.names:
        raise DataError("Parquet can't store rows without columns")
    _check_columns(schema, options)
    _check_order(schema, options)
    try:
        with (
            storing("Parquet"),
            pq.ParquetWriter(pa.BufferOutputStream(), schema, **_writer_arguments(schema, options, None)),
        ):
            pass
    except OSError as error:  # how pyarrow reports some types; the sink is in memory, so it is no I/O error
        raise DataError(f"Parquet can't store the data: {error}") from error
    except TypeError as error:
        raise UnsupportedError(f"pyarrow {pa.__version__} has no such option: {error}") from error


def _check_order(schema: pa.Schema, options: ParquetOptions) -> None:
    """Refuse ordered categories without a dictionary in the file: they would be read in the order of appearance."""
    for field in schema:
        named = not isinstance(options.dictionary, tuple) or field.name in options.dictionary
        written = options.dictionary is not False and named and field.name not in (options.encoding or {})
        if not written and not without_order(pa.schema([field])).equals(pa.schema([field])):
            raise DataError(
                f"option 'dictionary': column {field.name!r} has ordered categories, and a dictionary keeps their order"
            )


def _check_columns(schema: pa.Schema, options: ParquetOptions) -> None:
    """Refuse unknown column names inside options: a misspelled name would be ignored silently."""
    names = set(schema.names)
    for name in ("compression", "compression_level", "statistics", "dictionary", "encoding", "bloom_filters"):
        value = getattr(options, name)
        if not isinstance(value, Mapping | tuple):
            continue
        for column in value:
            if not names & {column, column.split(".")[0]}:
                raise DataError(f"option {name!r}: no column {column!r}; {did_you_mean(column, schema.names)}")


def _writer_arguments(schema: pa.Schema, options: ParquetOptions, sample: pa.RecordBatch | None) -> dict[str, Any]:
    """Build the keyword arguments of pyarrow's ParquetWriter."""
    paths = _leaf_paths(schema)
    codec = _by_leaf(options.compression, paths, "zstd")
    settings = {
        "version": options.format_version,
        "compression": codec,
        "compression_level": _compression_levels(options, codec),
        "write_statistics": _leaves_of(options.statistics, paths),
        "write_page_index": options.page_index,
        "use_dictionary": _dictionary_columns(options, paths, schema, sample),
        "column_encoding": dict(options.encoding) if options.encoding else None,
        "data_page_size": options.data_page_size,
        "dictionary_pagesize_limit": options.dictionary_page_size,
        "max_rows_per_page": options.max_rows_per_page,
        "data_page_version": options.data_page_version,
        "bloom_filter_options": _bloom_filters(options),
        "coerce_timestamps": options.coerce_timestamps,
        "allow_truncated_timestamps": options.allow_truncated_timestamps,
        "use_deprecated_int96_timestamps": options.int96_timestamps,
        "store_schema": options.store_schema,
        "write_page_checksum": options.checksums,
    }
    return {name: value for name, value in settings.items() if value is not None}


def _leaf_paths(schema: pa.Schema) -> dict[str, list[str]]:
    """Map each column to the paths of its Parquet leaves, which are the keys of pyarrow's per-column settings."""
    with pq.ParquetWriter(sink := pa.BufferOutputStream(), schema) as writer:
        del writer
    leaves = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    found = iter(leaves.column(index).path for index in range(len(leaves)))
    return {field.name: list(islice(found, _count_leaves(field.type))) for field in schema}


def _count_leaves(kind: pa.DataType) -> int:
    """Count the Parquet columns that an Arrow type is stored in."""
    if isinstance(kind, pa.BaseExtensionType):
        return _count_leaves(kind.storage_type)
    if not pa.types.is_nested(kind):
        return 1
    return sum(_count_leaves(kind.field(index).type) for index in range(kind.num_fields))


def _by_leaf(value: Any, paths: Mapping[str, list[str]], default: Any) -> Any:
    """Convert a mapping by column (or leaf path) to a mapping by leaf path; other values are returned unchanged."""
    if not isinstance(value, Mapping):
        return value
    return {path: value.get(path, value.get(column, default)) for column, leaves in paths.items() for path in leaves}


def _compression_levels(options: ParquetOptions, codec: Any) -> Any:
    level = options.compression_level
    if isinstance(level, Mapping):
        return dict(level)
    if isinstance(codec, Mapping):
        return {
            path: 3 if level is None else level for path, name in codec.items() if name == "zstd" or level is not None
        }
    return 3 if level is None and codec == "zstd" else level


def _leaves_of(value: bool | tuple[str, ...], paths: Mapping[str, list[str]]) -> bool | list[str]:
    if isinstance(value, bool):
        return value
    return [path for name in value for path in paths.get(name, [name])]


def _dictionary_columns(
    options: ParquetOptions, paths: Mapping[str, list[str]], schema: pa.Schema, sample: pa.RecordBatch | None
) -> bool | list[str]:
    if options.dictionary == "auto":
        plain = _nearly_unique(sample) if sample is not None else set()
        return _others(schema, plain.union(options.encoding or ()), paths)
    chosen = _leaves_of(cast("bool | tuple[str, ...]", options.dictionary), paths)
    if not options.encoding:
        return chosen
    names = [path for leaves in paths.values() for path in leaves] if chosen is True else chosen or []
    return [path for path in names if path not in options.encoding]


def dictionary_columns(schema: pa.Schema, rows: pa.Table) -> bool | list[str]:
    """The ``use_dictionary`` of a ``pyarrow.parquet.ParquetWriter``: all leaf columns but those that hardly repeat.

    A dictionary of values that don't repeat is built and given up: it takes as long as the rest of the encoding.

    Args:
        schema: the columns of the file.
        rows: the first rows of it.

    >>> rows = pa.table({"id": range(20_000), "city": ["Rome", "Oslo"] * 10_000})
    >>> dictionary_columns(rows.schema, rows)
    ['city']
    """
    sample = rows.slice(0, _SAMPLE_ROWS).combine_chunks().to_batches()
    plain = _nearly_unique(sample[0]) if sample else set()
    return _others(schema, plain, _leaf_paths(schema)) if plain else True


def _others(schema: pa.Schema, plain: set[str], paths: Mapping[str, list[str]]) -> bool | list[str]:
    return _leaves_of(tuple(name for name in schema.names if name not in plain), paths) if plain else True


def _nearly_unique(sample: pa.RecordBatch) -> set[str]:
    """Find the columns that are not nested and whose values in the sample are nearly all distinct."""
    if sample.num_rows < _SAMPLE_ROWS // 4:
        return set()
    found = set()
    for column in sample.schema:
        if pa.types.is_nested(column.type) or pa.types.is_dictionary(column.type) or pa.types.is_boolean(column.type):
            continue
        values = sample.column(column.name)
        try:
            distinct = pc.count_distinct(values).as_py()
        except pa.ArrowNotImplementedError:
            continue
        if distinct > _DISTINCT_SHARE * (len(values) - values.null_count) > 0:
            found.add(column.name)
    return found


def _bloom_filters(options: ParquetOptions) -> dict[str, Any] | None:
    if not options.bloom_filters:
        return None
    if isinstance(options.bloom_filters, Mapping):
        return {name: dict(settings) for name, settings in options.bloom_filters.items()}
    return dict.fromkeys(options.bloom_filters, True)
