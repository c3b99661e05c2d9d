"""CSV and its relatives (tab, semicolon, pipe separated)."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import fs

from dao.errors import DataError, did_you_mean
from dao_files.formats._base import Format
from dao_files.formats._compression import open_input, resolve_compression
from dao_files.formats._contract import FileTask, FormatWriter, Paths
from dao_files.formats._csv_file import CsvFile
from dao_files.formats._csv_options import CsvOptions
from dao_files.formats._csv_parser import better_delimiter, other_delimiter
from dao_files.formats._csv_reader import CsvReader
from dao_files.formats._csv_types import infer_types, join_types
from dao_files.formats._csv_writer import CsvFileWriter, check_writing
from dao_files.formats._facts import file_bytes
from dao_files.formats._faults import reading
from dao_files.formats._kinds import is_text
from dao_files.formats._shape import unify

__all__ = ["CsvFormat"]


class CsvFormat(Format):
    """CSV files."""

    name = "csv"
    suffixes = (".csv", ".tsv")
    Options = CsvOptions
    has_schema = False

    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        options = options or CsvOptions()
        schemas = [self._infer(path, filesystem, options) for path in paths]
        _refuse_other_delimiters(schemas, paths, options)
        found = _join_files(schemas, paths)
        return _with_types(found, options.types or {})

    def _infer(self, path: str, filesystem: fs.FileSystem, options: CsvOptions) -> pa.Schema:
        with reading(path), open_input(path, filesystem, options.compression) as stream:
            file = CsvFile(stream, options, path, None)
            types = infer_types(file.pieces, file.parser) if options.infer_types else [pa.string()] * len(file.names)
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

    def check_writing(self, options: Any) -> None:
        check_writing(options)

    def advice(self, schema: pa.Schema, options: Any) -> str:
        return better_delimiter(schema.names, (options or CsvOptions()).delimiter or ",")

    def check_columns(self, schema: pa.Schema, options: Any) -> None:
        _refuse_other_types(options.types or {}, schema.names, schema)
        if not options.infer_types:
            _refuse_no_texts(schema, options.types or {})

    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        return CsvFileWriter(sink, schema, options or CsvOptions(), path)

    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Generator[pa.RecordBatch, None, None]:
        with open_input(path, filesystem, options.compression) as stream:
            file = CsvFile(stream, options, path, task.declared)
            if not file.names:
                return
            task.refuse_unnamed(file.names, "; types= says the types of some and leaves the others inferred")
            _refuse_other_types(options.types or {}, file.names, task.declared)
            names = set(file.names)
            wanted = pa.schema([field for field in task.schema if field.name in names])
            yield from CsvReader(file, wanted).batches(task.batch_size, few=task.rows is not None)


def _join_files(schemas: list[pa.Schema], paths: Paths) -> pa.Schema:
    """Join the schemas of all files: a column that is a number in one file and a text in another is a text."""
    found: dict[str, pa.DataType] = {}
    for schema in schemas:
        for field in schema:
            found[field.name] = join_types(found.get(field.name, pa.null()), field.type)
    return unify([pa.schema(list(found.items()))] if schemas else [], paths)


def _refuse_other_delimiters(schemas: list[pa.Schema], paths: Paths, options: CsvOptions) -> None:
    """Refuse a file that shares no column with the others because its header is split by another delimiter."""
    headers = {tuple(schema.names): path for schema, path in zip(schemas, paths, strict=True)}
    for names, path in headers.items():
        others = {name for header in headers if header != names for name in header}
        delimiter = options.delimiter_of(path)
        mark = other_delimiter(names, others, delimiter)
        if mark and others and others.isdisjoint(names):
            raise DataError(
                f"{path}: the header {delimiter.join(names)!r} has no column of the other files, and seems to have the "
                f"delimiter {mark!r} where theirs is {delimiter!r}, and a table is read with one: read this file "
                f"alone, by path= with delimiter={mark!r}, and write it anew as the others are"
            )


def _refuse_other_types(types: Mapping[str, pa.DataType], names: Sequence[str], declared: pa.Schema | None) -> None:
    """Refuse types of the option ``types`` for unknown columns, or other ones than the declared schema's."""
    known = set(names)
    declared_types = {} if declared is None else dict(zip(declared.names, declared.types, strict=True))
    for name, kind in types.items():
        if name not in known:
            raise DataError(f"option 'types': no column {name!r} in the file; {did_you_mean(name, names)}")
        if name in declared_types and not declared_types[name].equals(kind):
            raise DataError(
                f"option 'types': column {name!r} is {kind} there and {declared_types[name]} in the schema: make it "
                f"{kind} there too, or leave it out of one of them"
            )


def _refuse_no_texts(schema: pa.Schema, types: Mapping[str, pa.DataType]) -> None:
    """Refuse columns that the option ``infer_types=False`` would have as texts, and the schema as something else."""
    for field in schema:
        if field.name not in types and not (is_text(field.type) or pa.types.is_null(field.type)):
            raise DataError(
                f"option 'infer_types': False is text for every column, but column {field.name!r} is {field.type} in "
                "the schema: leave the option out, or give a schema= of texts, or the column's type in types="
            )


def _with_types(schema: pa.Schema, types: Mapping[str, pa.DataType]) -> pa.Schema:
    known = set(schema.names)
    for name in types:
        if name not in known:
            raise DataError(f"option 'types': no column {name!r} in the file; {did_you_mean(name, schema.names)}")
    return pa.schema([field.with_type(types.get(field.name, field.type)) for field in schema])
