"""Apache ORC files, by pyarrow."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.orc as paorc
from attrs import field, frozen
from pyarrow import fs

from dao.arrow.convert import cast_array, rebuild_nested
from dao.display import even_half_made
from dao.errors import DataError
from dao_files.formats._base import Format
from dao_files.formats._compression import KeptOpen
from dao_files.formats._contract import FileTask, FormatWriter, Paths
from dao_files.formats._facts import column_facts, file_bytes
from dao_files.formats._faults import reading, storing
from dao_files.formats._options import WRITING, integer, number, one_of, texts, tuple_of, valid
from dao_files.formats._shape import check_batch, check_schema, refuse_duplicates, unify

__all__ = ["OrcFormat", "OrcOptions"]

_CODECS = ("zstd", "snappy", "zlib", "lz4", "none")

_MEMORY_BLOCK = 64 << 10
"""Bytes that the ORC library allocates at once: it compresses only multiples of them together."""


def _codec(value: Any) -> Any:
    return "none" if value in (None, "uncompressed") else value


@even_half_made
@frozen
class OrcOptions:
    """Options of ORC, all for writing.

    Attributes:
        compression: ``zstd`` (default), ``snappy``, ``zlib``, ``lz4`` or ``none``.
        compression_block_size: bytes that are compressed together, a multiple of 64 KiB, which is the default.
        compression_strategy: ``speed`` (default) or ``compression``.
        stripe_size: approximate bytes per stripe; default 64 MiB.
        row_index_stride: rows between entries of the row index; default 10,000, 0 for no index.
        dictionary_key_size_threshold: largest share of distinct values for which texts are dictionary-encoded;
            default 0: never.
        bloom_filter_columns: columns to build Bloom filters for.
        bloom_filter_fpp: false positive probability of the Bloom filters.
    """

    compression: str = field(
        metadata=WRITING,
        default="zstd",
        converter=_codec,
        validator=valid(one_of(*_CODECS)),
    )
    compression_block_size: int = field(metadata=WRITING, default=64 << 10, validator=valid(integer(1)))
    compression_strategy: str = field(
        metadata=WRITING, default="speed", validator=valid(one_of("speed", "compression"))
    )
    stripe_size: int = field(metadata=WRITING, default=64 << 20, validator=valid(integer(1)))
    row_index_stride: int = field(metadata=WRITING, default=10_000, validator=valid(integer(0)))
    dictionary_key_size_threshold: float = field(metadata=WRITING, default=0.0, validator=valid(number(0)))
    bloom_filter_columns: tuple[str, ...] = field(
        metadata=WRITING, default=(), converter=tuple_of, validator=valid(texts)
    )
    bloom_filter_fpp: float = field(metadata=WRITING, default=0.05, validator=valid(number(0)))


class OrcFormat(Format):
    """ORC files. Timestamps are read as nanoseconds, whose range is the years 1678 to 2261."""

    name = "orc"
    suffixes = (".orc",)
    magic = b"ORC"
    Options = OrcOptions

    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        schemas = []
        for path in paths:
            with reading(path), filesystem.open_input_file(path) as file:
                schemas.append(check_schema(paorc.ORCFile(file).schema))
        return unify([schema.remove_metadata() for schema in schemas], paths)

    def count(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> int | None:
        total = 0
        for path in paths:
            with reading(path), filesystem.open_input_file(path) as file:
                total += paorc.ORCFile(file).nrows
        return total

    def metadata(self, path: str, filesystem: fs.FileSystem, options: Any = None) -> dict[str, Any]:
        """Read the facts of every format, ``stripes``, ``version``, ``created_by`` and ``row_index_stride``."""
        with reading(path), filesystem.open_input_file(path) as file:
            orc = paorc.ORCFile(file)
            codec = str(orc.compression).lower()
            return {
                "format": self.name,
                "path": path,
                "bytes": file_bytes(path, filesystem),
                "rows": orc.nrows,
                "compression": "none" if codec == "uncompressed" else codec,
                "columns": column_facts(orc.schema),
                "stripes": orc.nstripes,
                "version": orc.file_version,
                "created_by": orc.software_version,
                "row_index_stride": orc.row_index_stride,
            }

    def check_writing(self, options: Any) -> None:
        size = options.compression_block_size
        if size % _MEMORY_BLOCK:
            raise DataError(f"option 'compression_block_size': found {size}, expected a multiple of {_MEMORY_BLOCK:,}")

    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        options = options or OrcOptions()
        self.check_writing(options)
        return _OrcWriter(sink, schema, options)

    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Generator[pa.RecordBatch, None, None]:
        with filesystem.open_input_file(path) as file:
            orc = paorc.ORCFile(file)
            names, asked = check_schema(orc.schema).names, set(task.schema.names)
            task.refuse_unnamed(names)
            wanted = [name for name in names if name in asked]
            # a column name with a dot would select inside a struct of that name
            chosen = wanted if wanted and not any("." in name or not name for name in names) else None
            for stripe in range(orc.nstripes):
                batch = orc.read_stripe(stripe, columns=chosen)
                yield batch if wanted == batch.schema.names else batch.select(wanted)


def _stored_as(name: str, kind: pa.DataType) -> pa.DataType:
    """Return the type that ORC stores a column as.

    Types that pyarrow's writer does not certainly support are refused: it ends the process for some, such as decimals
    of negative scale (pyarrow 26).

    Raises:
        DataError: a type that ORC can't store.
    """
    if isinstance(kind, pa.BaseExtensionType):  # ORC would store the values but lose the extension type
        raise DataError(f"column {name!r}: ORC can't hold {kind}; Parquet or Arrow IPC can")
    if pa.types.is_run_end_encoded(kind) or (pa.types.is_dictionary(kind) and not pa.types.is_nested(kind.value_type)):
        return _stored_as(name, kind.value_type)
    if pa.types.is_timestamp(kind):
        if kind.tz not in (None, "UTC"):
            raise DataError(f"column {name!r}: ORC stores no time zone but UTC, found {kind.tz!r}; cast to UTC first")
        return pa.timestamp("ns", kind.tz)
    if pa.types.is_decimal128(kind) and 0 <= kind.scale <= kind.precision:
        return kind
    if pa.types.is_struct(kind) and kind.num_fields:
        return pa.struct([pa.field(part.name, _stored_as(name, part.type), part.nullable) for part in kind])
    if pa.types.is_map(kind):
        return pa.map_(_stored_as(name, kind.key_type), _stored_as(name, kind.item_type))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(_stored_as(name, kind.value_type))
    if kind in _PLAIN:
        return _PLAIN[kind]
    if pa.types.is_fixed_size_binary(kind):
        return pa.binary()
    raise DataError(f"column {name!r}: ORC can't hold {kind}; Parquet or Arrow IPC can")


_PLAIN: Mapping[pa.DataType, pa.DataType] = {
    **{kind: kind for kind in (pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64())},
    **{kind: kind for kind in (pa.string(), pa.binary(), pa.date32())},
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.float16(): pa.float32(),
    pa.date64(): pa.date32(),
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.binary_view(): pa.binary(),
}


def _propagate_nulls(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Propagate the nulls of structs, lists and maps to their children, and compact children with an offset.

    pyarrow's writer (26) uses only a field's own nulls: where a struct inside another is null and its fields have
    hidden values, it writes these in place of the following rows' values. It loses values of arrays with an offset into
    their buffers likewise.
    """
    compact = rebuild_nested(array, kind, _propagate_nulls)
    if compact is not None:
        return compact
    return pa.concat_arrays([array, array.slice(0, 0)]) if array.offset else array


class _OrcWriter(FormatWriter):
    def __init__(self, sink: Any, schema: pa.Schema, options: OrcOptions) -> None:
        refuse_duplicates(schema, "ORC")
        if not schema.names:
            raise DataError("ORC can't store rows without columns")
        self._schema = schema
        self._stored = pa.schema([(part.name, _stored_as(part.name, part.type)) for part in schema])
        ids = {name: column_id for column_id, name in enumerate(schema.names, 1)}
        missing = [name for name in options.bloom_filter_columns if name not in ids]
        if missing:
            raise DataError(f"option 'bloom_filter_columns': no column {missing[0]!r}; known: {schema.names}")
        self._closed = False
        self._kept = KeptOpen(sink)
        self._writer = paorc.ORCWriter(
            pa.PythonFile(self._kept, mode="w"),
            compression="uncompressed" if options.compression == "none" else options.compression,
            compression_block_size=options.compression_block_size,
            compression_strategy=options.compression_strategy,
            stripe_size=options.stripe_size,
            row_index_stride=options.row_index_stride,
            dictionary_key_size_threshold=options.dictionary_key_size_threshold,
            bloom_filter_columns=[ids[name] for name in options.bloom_filter_columns] or None,
            bloom_filter_fpp=options.bloom_filter_fpp,
        )
        self._writer.write(self._stored.empty_table())  # so that a file without rows has the schema

    def write(self, batch: pa.RecordBatch) -> None:
        check_batch(batch, self._schema)
        arrays = []
        for part, array in zip(self._stored, batch.columns, strict=True):
            with storing(f"column {part.name!r}: ORC"):
                stored = cast_array(array, part.type)
                arrays.append(_propagate_nulls(stored, part.type) if pa.types.is_nested(part.type) else stored)
        with storing("ORC"):
            self._writer.write(pa.Table.from_arrays(arrays, schema=self._stored))
        self._kept.check()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._writer.close()
            self._kept.check()

    def abort(self) -> None:
        self._kept.drop()
