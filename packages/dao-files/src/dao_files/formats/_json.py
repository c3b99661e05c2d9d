"""JSON documents (one array or one object per file) and NDJSON (one object per line)."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from typing import Any, ClassVar

import pyarrow as pa
from attrs import field, frozen
from pyarrow import fs

from dao.errors import DataError, StoreError
from dao_files.formats._base import Format
from dao_files.formats._compression import CompressedSink, compression_option, open_input, resolve_compression
from dao_files.formats._contract import FileTask, FormatWriter, Paths
from dao_files.formats._facts import file_bytes
from dao_files.formats._faults import reading, storing
from dao_files.formats._json_parser import DOCUMENT_HINT, read_documents, read_lines
from dao_files.formats._json_values import DigitsNeeded, build_array, infer_type, to_values, unify_types
from dao_files.formats._options import READING, WRITING, integer, one_of, optional, valid
from dao_files.formats._shape import check_batch, refuse_duplicates

__all__ = ["VALUE_COLUMN", "JsonFormat", "JsonOptions", "NdjsonFormat"]

VALUE_COLUMN = "value"
"""The column of rows that are not objects: ``[1, 2]`` has one column with two rows."""

_ROWS = 16_384  # rows built at once: Python objects take many times the memory of their Arrow array
_TEXT_BATCH_ROWS = 4_096


@frozen
class JsonOptions:
    """Options of JSON and NDJSON.

    Attributes:
        compression: ``"infer"`` (default) from the file name; ``gzip``, ``zstd``, ``bz2``, ``lz4``, ``xz`` or None.
        infer_rows: reading: rows per file that the schema is inferred from; None (default) for all, which reads the
            files once more. A later row that does not fit is an error. ``schema=`` needs no inference.
        max_record_bytes: reading: the largest size of a row in bytes (default 64 MiB), so that a damaged or hostile
            file can't exhaust memory.
        nan: writing: how NaN and the infinities, which JSON lacks, are written: ``"error"`` (default) refuses them,
            ``"null"`` writes null, ``"text"`` writes ``"NaN"``, ``"Infinity"``, ``"-Infinity"``, which a double column
            of ``schema=`` reads back.
        indent: writing: spaces to indent a JSON document by; None (default) for one row per line. NDJSON takes None.
    """

    compression: str | None = field(default="infer", validator=valid(compression_option))
    infer_rows: int | None = field(metadata=READING, default=None, validator=valid(optional(integer(1))))
    max_record_bytes: int = field(metadata=READING, default=64 << 20, validator=valid(integer(1)))
    nan: str = field(metadata=WRITING, default="error", validator=valid(one_of("error", "null", "text")))
    indent: int | None = field(metadata=WRITING, default=None, validator=valid(optional(integer(0, 16))))


Parser = Callable[[Callable[[int], bytes], int, bool, str], Iterator[Any]]


class JsonFormat(Format):
    """JSON documents: an array of objects, one row each; a single value is one row."""

    name = "json"
    suffixes: ClassVar[tuple[str, ...]] = (".json",)
    Options = JsonOptions
    has_schema = False
    _parse: ClassVar[Parser] = staticmethod(read_documents)

    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        if not paths:
            raise DataError("there are no files to take a schema from; give schema=")
        options = options or JsonOptions()
        found: dict[str, pa.DataType] = {}
        for path in paths:
            with reading(path), open_input(path, filesystem, options.compression) as stream:
                rows = islice(self._rows(stream, options, exact=False), options.infer_rows)
                while piece := list(islice(rows, _ROWS)):
                    for name, kind in _infer(piece).items():
                        found[name] = unify_types(found.get(name, pa.null()), kind)
        return pa.schema(list(found.items()))

    def metadata(self, path: str, filesystem: fs.FileSystem, options: Any = None) -> dict[str, Any]:
        options = options or JsonOptions()
        with reading(path), open_input(path, filesystem, options.compression):
            return {
                "format": self.name,
                "path": path,
                "bytes": file_bytes(path, filesystem),
                "rows": None,
                "compression": resolve_compression(options.compression, path),
                "columns": None,
            }

    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        return _JsonWriter(sink, schema, options or JsonOptions(), path, lines=False)

    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Generator[pa.RecordBatch, None, None]:
        size = min(task.batch_size, _ROWS)
        done = 0
        for exact in (False, True):
            with open_input(path, filesystem, options.compression) as stream:
                rows = islice(self._rows(stream, options, exact), done, task.rows)
                try:
                    for batch in self._batches(rows, size, task):
                        done += batch.num_rows
                        yield batch
                except DigitsNeeded:
                    continue
                return

    def _batches(self, rows: Iterator[dict[str, Any]], size: int, task: FileTask) -> Iterator[pa.RecordBatch]:
        while piece := list(islice(rows, size)):
            for row in piece if task.named is not None else ():
                task.refuse_unnamed(row)
            yield _batch(piece, task.schema)

    def _rows(self, stream: pa.NativeFile, options: JsonOptions, exact: bool) -> Iterator[dict[str, Any]]:
        values = type(self)._parse(stream.read, options.max_record_bytes, exact, "max_record_bytes")
        return (value if type(value) is dict else {VALUE_COLUMN: value} for value in values)


class NdjsonFormat(JsonFormat):
    """NDJSON, also known as JSON Lines: one object per line."""

    name = "ndjson"
    suffixes = (".ndjson", ".jsonl")
    _parse: ClassVar[Parser] = staticmethod(read_lines)

    def _rows(self, stream: pa.NativeFile, options: JsonOptions, exact: bool) -> Iterator[dict[str, Any]]:
        rows = super()._rows(stream, options, exact)
        for first in rows:
            items = first.get(VALUE_COLUMN)
            if type(items) is list and items and type(items[0]) is dict and len(first) == 1:
                raise StoreError(f"its first line is an array of objects; {DOCUMENT_HINT}")
            yield first
            yield from rows

    def check_writing(self, options: Any) -> None:
        if options.indent is not None:
            raise DataError(f"option 'indent': found {options.indent!r}, expected None: NDJSON has one row per line")

    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        options = options or JsonOptions()
        self.check_writing(options)
        return _JsonWriter(sink, schema, options, path, lines=True)


def _infer(rows: list[dict[str, Any]]) -> dict[str, pa.DataType]:
    kind = infer_type(rows)
    found = {}
    for part in kind:
        found[part.name] = part.type
    return found


def _batch(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = []
    for column in schema:
        name = column.name
        try:
            arrays.append(build_array([row.get(name) for row in rows], column.type))
        except DataError as error:
            raise DataError(f"column {name!r}: {error}") from error
    if not arrays:
        return pa.RecordBatch.from_struct_array(pa.array([{}] * len(rows), pa.struct([])))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class _JsonWriter(FormatWriter):
    def __init__(self, sink: Any, schema: pa.Schema, options: JsonOptions, path: str, *, lines: bool) -> None:
        name = "NDJSON" if lines else "JSON"
        refuse_duplicates(schema, name)
        with storing(name):  # a type that JSON lacks is refused before anything is written
            for column in schema:
                to_values(pa.nulls(1, column.type), options.nan)
        self._schema = schema
        self._options = options
        self._lines = lines
        self._rows = 0
        self._closed = False
        self._sink = CompressedSink(sink, options.compression, path)

    def write(self, batch: pa.RecordBatch) -> None:
        check_batch(batch, self._schema)
        for start in range(0, batch.num_rows, _TEXT_BATCH_ROWS):
            self._write(batch.slice(start, _TEXT_BATCH_ROWS))

    def _write(self, batch: pa.RecordBatch) -> None:
        columns = []
        for column, array in zip(batch.schema, batch.columns, strict=True):
            try:
                with storing("JSON"):
                    columns.append(to_values(array, self._options.nan))
            except DataError as error:
                raise DataError(f"column {column.name!r}: {error}") from error
        names = batch.schema.names
        rows = zip(*columns, strict=True) if names else [()] * batch.num_rows
        encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=self._options.indent).encode
        texts = [encode(dict(zip(names, row, strict=True))) for row in rows]
        if self._lines:
            self._write_text("".join(f"{text}\n" for text in texts))
        else:
            self._write_text(("[\n" if self._rows == 0 else ",\n") + ",\n".join(texts))
        self._rows += len(texts)

    def _write_text(self, text: str) -> None:
        self._sink.write(text.encode("utf-8"))

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if not self._lines:
            self._write_text("\n]\n" if self._rows else "[]\n")
        self._sink.close()

    def abort(self) -> None:
        self._sink.drop()
