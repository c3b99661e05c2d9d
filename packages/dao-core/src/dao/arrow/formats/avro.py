"""Apache Avro object container files, by fastavro."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from itertools import islice
from typing import Any

import pyarrow as pa
from attrs import field, frozen
from pyarrow import fs

from dao.arrow.formats.avro_schema import arrow_schema, avro_schema, embed_schema, embedded_schema, raw_values
from dao.arrow.formats.base import FileTask, Format, FormatWriter, Paths
from dao.arrow.formats.facts import column_facts, file_bytes
from dao.arrow.formats.faults import reading, storing
from dao.arrow.formats.nested import nest, unnest
from dao.arrow.formats.options import Check, integer, one_of, optional, valid
from dao.arrow.formats.shape import check_batch, checked, refuse_duplicates, unify, unordered
from dao.errors import DataError, UnsupportedError

__all__ = ["AvroFormat", "AvroOptions"]

_CODECS = {"deflate": "deflate", "none": "null", "bzip2": "bzip2", "xz": "xz", "zstd": "zstandard", "snappy": "snappy"}
_ROWS = 16_384


def _codec(value: Any) -> Any:
    return {None: "none", "null": "none", "zstandard": "zstd", "gzip": "deflate"}.get(value, value)


@frozen
class AvroOptions:
    """Options of Avro, all for writing.

    Attributes:
        compression: ``deflate`` (default), ``none``, ``bzip2``, ``xz``; ``zstd`` and ``snappy`` where fastavro's own
            extras for them are installed.
        compression_level: the codec's level, its own default where None.
        sync_interval: bytes of a block, about; default 16,000.
        avro_schema: the Avro record schema to write as, a mapping as in an ``.avsc`` file; made from the Arrow schema
            where None. Its field names must be the columns.
        record_name: the name of the record where the schema is made; default ``row``.
    """

    compression: str = field(default="deflate", converter=_codec, validator=valid(one_of(*_CODECS)))
    compression_level: int | None = field(default=None, validator=valid(optional(integer(-7, 22))))
    sync_interval: int = field(default=16_000, validator=valid(integer(1)))
    avro_schema: Mapping[str, Any] | None = field(
        default=None,
        validator=valid(
            Check(
                "a mapping with type 'record', or None",
                lambda value: value is None or (isinstance(value, Mapping) and value.get("type") == "record"),
            )
        ),
    )
    record_name: str = field(
        default="row",
        validator=valid(
            Check(
                "an Avro name: ASCII letters, digits and _",
                lambda v: isinstance(v, str) and v.isidentifier() and v.isascii(),
            )
        ),
    )


class AvroFormat(Format):
    """Avro files. The Arrow schema is kept in the header, so that what Avro has no type for comes back as it was."""

    name = "avro"
    suffixes = (".avro",)
    Options = AvroOptions

    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        schemas = []
        for path in paths:
            with reading(path), filesystem.open_input_stream(path, compression=None) as file:
                reader = _reader(file)
                schemas.append(checked(embedded_schema(reader.metadata) or arrow_schema(reader.writer_schema)))
        return unify(schemas, paths)

    def metadata(self, path: str, filesystem: fs.FileSystem, options: Any = None) -> dict[str, Any]:
        """As every format's; beyond that ``avro_schema`` as it stands in the file."""
        with reading(path), filesystem.open_input_stream(path, compression=None) as file:
            reader = _reader(file)
            return {
                "format": self.name,
                "path": path,
                "bytes": file_bytes(path, filesystem),
                "rows": None,
                "compression": _codec(reader.codec),
                "columns": column_facts(embedded_schema(reader.metadata) or arrow_schema(reader.writer_schema)),
                "avro_schema": reader.metadata.get("avro.schema"),
            }

    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        return _AvroWriter(sink, schema, options or AvroOptions())

    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Generator[pa.RecordBatch, None, None]:
        with filesystem.open_input_stream(path, compression=None) as file:
            reader = _reader(file)
            whole = arrow_schema(reader.writer_schema)
            original = embedded_schema(reader.metadata)
            kept = original if original is not None and original.names == whole.names else whole
            stored = pa.schema([part for part in kept if part.name in task.schema.names])
            rows = islice(reader, task.rows)
            while piece := list(islice(rows, min(task.batch_size, _ROWS))):
                arrays = [nest([row[part.name] for row in piece], part.type, _leaf) for part in stored]
                yield _batch(arrays, stored, len(piece))


def _batch(arrays: list[pa.Array], schema: pa.Schema, rows: int) -> pa.RecordBatch:
    if not arrays:
        return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _leaf(values: Any, kind: pa.DataType) -> pa.Array:
    return pa.array(values, kind)


def _reader(file: Any) -> Any:
    return _fastavro().reader(file)


def _fastavro() -> Any:
    try:
        import fastavro
    except ImportError as error:
        raise UnsupportedError("Avro needs the package fastavro: pip install 'dao-core[arrow]'") from error
    return fastavro


class _AvroWriter(FormatWriter):
    def __init__(self, sink: Any, schema: pa.Schema, options: AvroOptions) -> None:
        fastavro = _fastavro()
        refuse_duplicates(schema, "Avro")
        self._schema = schema
        made = options.avro_schema or avro_schema(schema, options.record_name)
        names = [part["name"] for part in made["fields"]]
        if names != schema.names:
            raise DataError(f"option 'avro_schema': it has the fields {names}, the data has the columns {schema.names}")
        self._closed = False
        try:
            parsed = fastavro.parse_schema(dict(made), _write_hint=False)
            from fastavro.write import Writer

            self._writer = Writer(
                sink,
                parsed,
                codec=_CODECS[options.compression],
                sync_interval=options.sync_interval,
                metadata=embed_schema(unordered(schema)) if options.avro_schema is None else None,
                compression_level=options.compression_level,
            )
        except (ValueError, KeyError, TypeError, fastavro.schema.SchemaParseException) as error:
            raise DataError(f"Avro can't store the data so: {error}") from error

    def write(self, batch: pa.RecordBatch) -> None:
        check_batch(batch, self._schema)
        columns = []
        for part, array in zip(self._schema, batch.columns, strict=True):
            with storing(f"column {part.name!r}: Avro"):
                columns.append(unnest(array, raw_values))
        names = batch.schema.names
        try:
            for row in zip(*columns, strict=True) if names else [()] * batch.num_rows:
                self._writer.write(dict(zip(names, row, strict=True)))
        except (ValueError, TypeError, OverflowError, AttributeError) as error:
            raise DataError(f"Avro can't store a row: {error}") from error

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._writer.flush()
