"""Arrow IPC: the file format (random access, ``.arrow``) and the stream format (``.arrows``). Both read either kind."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from attrs import field, frozen
from pyarrow import fs

from dao.display import even_half_made
from dao.errors import DataError, StoreError
from dao_files.formats._base import Format
from dao_files.formats._contract import FileTask, FormatWriter, Paths
from dao_files.formats._facts import column_facts, file_bytes
from dao_files.formats._faults import reading, storing
from dao_files.formats._ipc_codec import read_codec
from dao_files.formats._near import copy_batch, is_near
from dao_files.formats._options import READING, WRITING, Check, boolean, one_of, valid
from dao_files.formats._shape import check_batch, check_schema, unify

__all__ = ["ArrowFormat", "ArrowOptions", "ArrowStreamFormat"]

_MAGIC = b"ARROW1"
_STREAM_START = 8  # offset of the stream inside a file, after the magic bytes and two bytes of padding
_known = Check("'zstd', 'lz4' or None", one_of(None, "zstd", "lz4").accepts)


def _no_codec(value: Any) -> Any:
    return None if value == "none" else value


@even_half_made
@frozen
class ArrowOptions:
    """Options of Arrow IPC.

    Attributes:
        compression: writing: ``zstd``, ``lz4`` or None (default), which lets readers map the file into memory.
        validate: reading: validate offsets, indices and UTF-8 of each batch, and the end mark of a stream (default), so
            that a damaged or cut file raises an error rather than crashing later. False trusts the file.
    """

    compression: str | None = field(metadata=WRITING, default=None, converter=_no_codec, validator=valid(_known))
    validate: bool = field(metadata=READING, default=True, validator=valid(boolean))


class ArrowFormat(Format):
    """Arrow IPC files."""

    name = "arrow"
    suffixes: ClassVar[tuple[str, ...]] = (".arrow", ".feather", ".ipc")
    magic = b"ARROW1"
    Options = ArrowOptions
    _stream: ClassVar[bool] = False

    def keeps_order(self, values: pa.DataType) -> bool:
        return True

    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        schemas = []
        for path in paths:
            with reading(path), _open_reader(path, filesystem) as (reader, *_):
                schemas.append(reader.schema)
        return unify(schemas, paths)

    def count(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> int | None:
        total = 0
        for path in paths:
            with reading(path), _open_reader(path, filesystem) as (reader, is_file, _):
                if not is_file:
                    return None
                total += sum(batch.num_rows for batch in _batches(reader))
        return total

    def metadata(self, path: str, filesystem: fs.FileSystem, options: Any = None) -> dict[str, Any]:
        """Read the facts of every format, ``kind`` (file or stream), ``batches`` and the schema's ``key_values``."""
        with reading(path), _open_reader(path, filesystem) as (reader, is_file, file):
            rows = [batch.num_rows for batch in _batches(reader)] if is_file else None
            return {
                "format": self.name,
                "path": path,
                "bytes": file_bytes(path, filesystem),
                "rows": None if rows is None else sum(rows),
                "compression": read_codec(file, _STREAM_START if is_file else 0),
                "columns": column_facts(reader.schema),
                "kind": "file" if is_file else "stream",
                "batches": None if rows is None else len(rows),
                "key_values": {
                    key.decode("utf-8", "replace"): value.decode("utf-8", "replace")
                    for key, value in (reader.schema.metadata or {}).items()
                },
            }

    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        return _ArrowWriter(sink, schema, options or ArrowOptions(), self._stream)

    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Generator[pa.RecordBatch, None, None]:
        near = is_near(filesystem)
        with _open_reader(path, filesystem, task) as (reader, is_file, file):
            for batch in _whole_stream(reader, file) if options.validate and not is_file else _batches(reader):
                if options.validate:
                    batch.validate(full=True)
                yield batch if near else copy_batch(batch)


class ArrowStreamFormat(ArrowFormat):
    """Arrow IPC streams."""

    name = "arrow_stream"
    suffixes = (".arrows",)
    magic = b"\xff\xff\xff\xff"
    _stream = True


def _batches(reader: Any) -> Iterator[pa.RecordBatch]:
    if isinstance(reader, pa.RecordBatchFileReader):
        return map(reader.get_batch, range(reader.num_record_batches))
    return iter(reader)


def _whole_stream(reader: Any, file: Any) -> Iterator[pa.RecordBatch]:
    """The batches of a stream, which pyarrow takes for complete wherever the file ends between two of them."""
    while True:
        before = file.tell()
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            break
        yield batch
    if file.tell() == before:
        raise StoreError(
            "the Arrow stream has no end mark: whoever wrote it did not close it, so rows may be missing; "
            "validate=False reads it as it is"
        )


@contextmanager
def _open_reader(
    path: str, filesystem: fs.FileSystem, task: FileTask | None = None
) -> Iterator[tuple[pa.RecordBatchFileReader | pa.RecordBatchStreamReader, bool, Any]]:
    """Open a reader that decodes only the task's columns.

    Also yields whether the file is in the file format, and the open file.

    Arrow opens the file format with its own threads, so a remote file is read as the stream that it contains.
    """
    near = is_near(filesystem)
    with filesystem.open_input_file(path) as file:
        is_file = file.read_at(len(_MAGIC), 0) == _MAGIC
        make = pa.ipc.open_file if is_file and near else pa.ipc.open_stream
        start = _STREAM_START if is_file and not near else 0
        options = pa.ipc.IpcReadOptions(use_threads=near)
        file.seek(start)
        reader = make(file, options=options)
        check_schema(reader.schema)
        if task is not None:
            task.refuse_unnamed(reader.schema.names)
            chosen = set(task.schema.names)
            indices = [index for index, name in enumerate(reader.schema.names) if name in chosen]
            if 0 < len(indices) < len(reader.schema):
                file.seek(start)
                options.included_fields = indices
                reader = make(file, options=options)
        yield reader, is_file, file


class _ArrowWriter(FormatWriter):
    """A writer that appends new dictionary values from batch to batch, as the file format requires."""

    def __init__(self, sink: Any, schema: pa.Schema, options: ArrowOptions, stream: bool) -> None:
        self._schema = schema
        self._dictionaries: dict[int, pa.Array] = {}
        settings = pa.ipc.IpcWriteOptions(compression=options.compression, emit_dictionary_deltas=True)
        make = pa.ipc.new_stream if stream else pa.ipc.new_file
        with storing("Arrow IPC"):
            self._writer = make(sink, schema, options=settings)

    def write(self, batch: pa.RecordBatch) -> None:
        check_batch(batch, self._schema)
        with storing("Arrow IPC"):
            arrays = [self._extend_dictionary(index, array) for index, array in enumerate(batch.columns)]
            self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema) if arrays else batch)

    def _extend_dictionary(self, column: int, array: pa.Array) -> pa.Array:
        if not pa.types.is_dictionary(array.type):
            return array
        known = self._dictionaries.get(column)
        if known is None or known.equals(array.dictionary):
            self._dictionaries[column] = array.dictionary
            return array
        new = array.dictionary.filter(pc.invert(pc.is_in(array.dictionary, value_set=known)))
        grown = pa.concat_arrays([known, new.unique()]) if len(new) else known
        self._dictionaries[column] = grown
        new_indices = pc.index_in(array.dictionary, value_set=grown).cast(array.type.index_type)
        if new_indices.null_count and not grown.null_count:
            raise DataError("a dictionary has a null among its values")
        indices = new_indices.take(array.indices)
        return pa.DictionaryArray.from_arrays(indices, grown, ordered=array.type.ordered)

    def close(self) -> None:
        self._writer.close()
