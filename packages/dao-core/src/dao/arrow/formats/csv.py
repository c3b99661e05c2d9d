"""CSV and its relatives (tab, semicolon, pipe separated)."""

from __future__ import annotations

from collections.abc import Generator
from itertools import chain
from typing import Any

import pyarrow as pa
from pyarrow import fs

from dao.arrow.formats.base import FileTask, Format, FormatWriter, Paths
from dao.arrow.formats.compression import open_input, resolve_compression
from dao.arrow.formats.csv_options import CsvOptions
from dao.arrow.formats.csv_rows import first_row, pieces
from dao.arrow.formats.csv_types import infer_types, parse_piece, parsed_as
from dao.arrow.formats.csv_writer import CsvFileWriter
from dao.arrow.formats.facts import file_bytes
from dao.arrow.formats.faults import reading
from dao.arrow.formats.shape import unify
from dao.errors import DataError, StoreError

__all__ = ["CsvFormat"]


class CsvFormat(Format):
    """CSV files."""

    name = "csv"
    suffixes = (".csv", ".tsv")
    Options = CsvOptions
    has_schema = False

    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        options = options or CsvOptions()
        return _join_files([self._infer(path, filesystem, options) for path in paths], paths)

    def _infer(self, path: str, filesystem: fs.FileSystem, options: CsvOptions) -> pa.Schema:
        with reading(path), open_input(path, filesystem, options.compression) as stream:
            file = _CsvFile(stream, options, path, None)
            if options.infer_types:
                types = infer_types(file.pieces, file.names, options, file.delimiter)
            else:
                types = [pa.string()] * len(file.names)
            return pa.schema(list(zip(file.names, types, strict=True)))

    def metadata(self, path: str, filesystem: fs.FileSystem, options: Any = None) -> dict[str, Any]:
        options = options or CsvOptions()
        with reading(path):
            return {
                "format": self.name,
                "path": path,
                "bytes": file_bytes(path, filesystem),
                "rows": None,
                "compression": resolve_compression(options.compression, path),
                "columns": None,
            }

    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        return CsvFileWriter(sink, schema, options or CsvOptions(), path)

    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Generator[pa.RecordBatch, None, None]:
        types = {field.name: _read_as(field, options) for field in task.schema}
        with open_input(path, filesystem, options.compression) as stream:
            file = _CsvFile(stream, options, path, task.declared)
            columns = [name for name in task.schema.names if name in file.names]
            kinds = {name: types[name] for name in columns} or {file.names[0]: pa.string()} if file.names else {}
            for piece in file.pieces:
                table = parse_piece(piece, file.names, options, file.delimiter, columns=list(kinds), types=kinds)
                yield from table.select(columns).to_batches(task.batch_size)


def _read_as(field: pa.Field, options: CsvOptions) -> pa.DataType:
    """The type to parse a column as: pyarrow applies formats to timestamps alone, so dates take that way."""
    kind = parsed_as(field.name, field.type)
    return pa.timestamp("s") if options.date_format and pa.types.is_date(kind) else kind


class _CsvFile:
    """An open file: its column names and the pieces that hold its rows, the header taken off."""

    def __init__(self, stream: pa.NativeFile, options: CsvOptions, path: str, declared: pa.Schema | None) -> None:
        self.delimiter = options.delimiter_of(path)
        found = pieces(stream, options, self.delimiter)
        first = next(found, b"")
        if options.header is True:
            self.names, first = _header(first, options, self.delimiter)
            if not self.names and declared is None:
                raise StoreError("the file is empty, it has no header; header=False or schema= reads it as no rows")
        elif isinstance(options.header, tuple):
            self.names = list(options.header)
        elif declared is not None:
            self.names = declared.names
        else:
            row, _ = first_row(first, options, self.delimiter)
            self.names = [f"f{place}" for place in range(len(row))]
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise DataError(
                f"the columns {', '.join(map(repr, twice))} are there more than once; header=[names] with skip_rows=1 "
                "names them apart"
            )
        self.pieces = chain([first] if first else [], found)


def _header(first: bytes, options: CsvOptions, delimiter: str) -> tuple[list[str], bytes]:
    while True:
        row, rest = first_row(first, options, delimiter)
        if row or not first:
            return row, rest
        first = rest  # a blank line before the header


def _join_files(schemas: list[pa.Schema], paths: Paths) -> pa.Schema:
    """One schema for all files: a column that is a number here and a text there is a text in all."""
    from dao.arrow.formats.csv_types import join_types

    found: dict[str, pa.DataType] = {}
    for schema in schemas:
        for field in schema:
            found[field.name] = join_types(found.get(field.name, pa.null()), field.type)
    return unify([pa.schema(list(found.items()))] if schemas else [], paths)
