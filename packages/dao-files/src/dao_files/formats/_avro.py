"""Apache Avro object container files: fastavro codes rows, columns are built from stored values."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from itertools import islice
from typing import Any

import pyarrow as pa
from attrs import field, frozen
from pyarrow import fs

from dao.arrow.convert import cast_array
from dao.display import even_half_made
from dao.errors import DataError, StoreError
from dao_files.formats._avro_file import MAX_EMPTY_ROWS, AvroFile, least_bytes, load_fastavro
from dao_files.formats._avro_schema import arrow_schema, avro_schema, embed_schema, original_schema
from dao_files.formats._avro_values import build_leaf, raw_values
from dao_files.formats._base import Format
from dao_files.formats._contract import FileTask, FormatWriter, Paths
from dao_files.formats._facts import column_facts, file_bytes
from dao_files.formats._faults import reading, storing
from dao_files.formats._nested import nest, unnest
from dao_files.formats._options import READING, WRITING, Check, check_level, integer, one_of, optional, valid
from dao_files.formats._shape import check_batch, check_schema, refuse_duplicates, unify, without_order

__all__ = ["AvroFormat", "AvroOptions"]

_CODECS = {"deflate": "deflate", "none": "null", "bzip2": "bzip2", "xz": "xz", "zstd": "zstandard", "snappy": "snappy"}
_LEVELS = {"deflate": (-1, 9), "zstd": (-7, 22)}
"""The levels of the codecs for which fastavro doesn't ignore them."""

_ROWS = 16_384


def _canonical_codec(value: Any) -> Any:
    return {None: "none", "null": "none", "zstandard": "zstd", "gzip": "deflate"}.get(value, value)


@even_half_made
@frozen
class AvroOptions:
    """Options of Avro.

    Attributes:
        max_block_bytes: reading: largest size of a block in bytes, compressed and decompressed (default 64 MiB), so
            that a damaged or hostile file can't exhaust memory.
        compression: writing: ``deflate`` (default), ``none``, ``bzip2``, ``xz``; ``zstd`` and ``snappy`` where
            fastavro's own extras for them are installed. Reading supports all of them.
        compression_level: writing: the level of ``deflate`` or ``zstd``; the codec's default where None.
        sync_interval: writing: approximate bytes per block; default 16,000.
        avro_schema: writing: the Avro record schema to write, a mapping as in an ``.avsc`` file; derived from the Arrow
            schema where None. Its field names must equal the column names; columns are cast to its types without loss.
        record_name: writing: the name of the record where the schema is derived; default ``row``.
    """

    max_block_bytes: int = field(metadata=READING, default=64 << 20, validator=valid(integer(1)))
    compression: str = field(
        metadata=WRITING, default="deflate", converter=_canonical_codec, validator=valid(one_of(*_CODECS))
    )
    compression_level: int | None = field(metadata=WRITING, default=None, validator=valid(optional(integer(-7, 22))))
    sync_interval: int = field(metadata=WRITING, default=16_000, validator=valid(integer(1)))
    avro_schema: Mapping[str, Any] | None = field(
        metadata=WRITING,
        default=None,
        validator=valid(
            Check(
                "a mapping with type 'record', or None",
                lambda value: value is None or (isinstance(value, Mapping) and value.get("type") == "record"),
            )
        ),
    )
    record_name: str = field(
        metadata=WRITING,
        default="row",
        validator=valid(
            Check(
                "an Avro name: ASCII letters, digits and _",
                lambda v: isinstance(v, str) and v.isidentifier() and v.isascii(),
            )
        ),
    )


class AvroFormat(Format):
    """Avro files. The header embeds the Arrow schema, so that columns whose type Avro lacks are read back unchanged."""

    name = "avro"
    suffixes = (".avro",)
    magic = b"Obj\x01"
    Options = AvroOptions

    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        schemas = []
        for path in paths:
            with reading(path), filesystem.open_input_stream(path, compression=None) as file:
                schemas.append(check_schema(_schema(AvroFile(file, _block_limit(options)))))
        return unify(schemas, paths)

    def metadata(self, path: str, filesystem: fs.FileSystem, options: Any = None) -> dict[str, Any]:
        """Read the facts of every format, and ``avro_schema`` as the file stores it (JSON text)."""
        with reading(path), filesystem.open_input_stream(path, compression=None) as file:
            avro = AvroFile(file, _block_limit(options))
            return {
                "format": self.name,
                "path": path,
                "bytes": file_bytes(path, filesystem),
                "rows": None,
                "compression": _canonical_codec(avro.codec),
                "columns": column_facts(_schema(avro)),
                "avro_schema": avro.metadata["avro.schema"],
            }

    def check_writing(self, options: Any) -> None:
        if options.compression_level is not None:
            check_level(options.compression_level, options.compression, _LEVELS)

    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        options = options or AvroOptions()
        self.check_writing(options)
        return _AvroWriter(sink, schema, options)

    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Generator[pa.RecordBatch, None, None]:
        with filesystem.open_input_stream(path, compression=None) as file:
            avro = AvroFile(file, _block_limit(options))
            whole, asked = _schema(avro), set(task.schema.names)
            task.refuse_unnamed(whole.names)
            stored = pa.schema([part for part in whole if part.name in asked])
            rows = islice(avro.rows(), task.rows)
            while piece := list(islice(rows, min(task.batch_size, _ROWS))):
                arrays = [nest([row[part.name] for row in piece], part.type, build_leaf) for part in stored]
                batch = _batch(arrays, stored, len(piece))
                batch.validate(full=True)  # times beyond a day, decimals of more digits
                yield batch


def _block_limit(options: AvroOptions | None) -> int:
    return (options or AvroOptions()).max_block_bytes


def _schema(avro: AvroFile) -> pa.Schema:
    return original_schema(avro.metadata, avro.schema) or arrow_schema(avro.schema)


def _batch(arrays: list[pa.Array], schema: pa.Schema, rows: int) -> pa.RecordBatch:
    if not arrays:
        return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class _AvroWriter(FormatWriter):
    def __init__(self, sink: Any, schema: pa.Schema, options: AvroOptions) -> None:
        fastavro = load_fastavro()
        refuse_duplicates(schema, "Avro")
        self._schema = self._stored = schema
        record = options.avro_schema or avro_schema(schema, options.record_name)
        names = [part["name"] for part in record["fields"]]
        if names != schema.names:
            raise DataError(f"option 'avro_schema': it has the fields {names}, the data has the columns {schema.names}")
        self._closed = False
        try:
            parsed = fastavro.parse_schema(dict(record), _write_hint=False)
            self._rows_left = MAX_EMPTY_ROWS if least_bytes(parsed) == 0 else None
            if options.avro_schema is not None:
                self._stored = arrow_schema(parsed)
            from fastavro.write import Writer

            self._writer = Writer(
                sink,
                parsed,
                codec=_CODECS[options.compression],
                sync_interval=options.sync_interval,
                metadata=embed_schema(without_order(schema)) if options.avro_schema is None else None,
                compression_level=options.compression_level,
            )
        except (ValueError, KeyError, TypeError, StoreError, fastavro.schema.SchemaParseException) as error:
            raise DataError(f"Avro can't store this schema: {error}") from error

    def write(self, batch: pa.RecordBatch) -> None:
        check_batch(batch, self._schema)
        self._check_empty(batch)
        columns = []
        for part, array in zip(self._stored, batch.columns, strict=True):
            with storing(f"column {part.name!r}: Avro"):
                columns.append(unnest(cast_array(array, part.type), raw_values))
        names = batch.schema.names
        try:
            for row in zip(*columns, strict=True) if names else [()] * batch.num_rows:
                self._writer.write(dict(zip(names, row, strict=True)))
        except (ValueError, TypeError, OverflowError, AttributeError) as error:
            raise DataError(f"Avro can't store a row: {error}") from error

    def _check_empty(self, batch: pa.RecordBatch) -> None:
        """Refuse more zero-byte rows than the reader accepts in a file."""
        if self._rows_left is not None:
            self._rows_left -= batch.num_rows
            if self._rows_left < 0:
                raise DataError(f"Avro can't store more than {MAX_EMPTY_ROWS:,} rows that take no bytes")

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._writer.flush()
