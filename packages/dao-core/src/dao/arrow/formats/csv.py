"""CSV and its relatives (tab, semicolon, pipe separated)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
from attrs import field, frozen
from pyarrow import fs

from dao.arrow.formats.base import FileTask, Format, FormatWriter, Paths
from dao.arrow.formats.compression import CompressedSink, compression_option, open_input
from dao.arrow.formats.faults import reading
from dao.arrow.formats.options import character, optional, text, tuple_of, valid
from dao.arrow.formats.shape import unify
from dao.errors import DataError

__all__ = ["CsvFormat", "CsvOptions"]


@frozen
class CsvOptions:
    """Options of CSV."""

    delimiter: str = field(default=",", validator=valid(character))
    quote: str | None = field(default='"', validator=valid(optional(character)))
    escape: str | None = field(default=None, validator=valid(optional(character)))
    header: bool | tuple[str, ...] = field(default=True, converter=tuple_of)
    encoding: str = field(default="utf-8", validator=valid(text))
    compression: str | None = field(default="infer", validator=valid(compression_option))


class CsvFormat(Format):
    """CSV files."""

    name = "csv"
    suffixes = (".csv", ".tsv")
    Options = CsvOptions
    has_schema = False

    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        if not paths:
            raise DataError("there are no files to take the schema of; give schema=")
        schemas = []
        options = options or CsvOptions()
        for path in paths:
            with reading(path), open_input(path, filesystem, options.compression) as stream:
                schemas.append(pc.read_csv(stream, parse_options=_parsing(options)).schema)
        return unify(schemas)

    def metadata(self, path: str, filesystem: fs.FileSystem, options: Any = None) -> dict[str, Any]:
        return {"format": self.name, "path": path, "rows": None, "columns": None}

    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        return _CsvWriter(sink, schema, options or CsvOptions(), path)

    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Iterator[pa.RecordBatch]:
        with open_input(path, filesystem, options.compression) as stream:
            yield from pc.open_csv(
                stream,
                parse_options=_parsing(options),
                convert_options=pc.ConvertOptions(column_types=task.schema),
            )


def _parsing(options: CsvOptions) -> pc.ParseOptions:
    return pc.ParseOptions(
        delimiter=options.delimiter,
        quote_char=options.quote or False,
        escape_char=options.escape or False,
        newlines_in_values=True,
    )


class _CsvWriter(FormatWriter):
    def __init__(self, sink: Any, schema: pa.Schema, options: CsvOptions, path: str) -> None:
        self._sink = CompressedSink(sink, options.compression, path)
        self._writer = pc.CSVWriter(self._sink.stream, schema, write_options=pc.WriteOptions())

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()
        self._sink.close()
