"""File formats: decode files to Arrow record batches and encode batches to files, on any ``pyarrow.fs.FileSystem``.

``get_format("csv").scan(paths, filesystem)`` reads, ``get_format("csv").writer(sink, schema)`` writes; see
:class:`~dao_files.formats.Format` for the methods that every format has.
"""

from __future__ import annotations

from dao.file_formats import FORMATS, get_format, infer_compression, infer_format, register_format, strip_compression
from dao_files.formats._avro import AvroFormat
from dao_files.formats._base import Format
from dao_files.formats._contract import FileTask, FormatWriter
from dao_files.formats._csv import CsvFormat
from dao_files.formats._ipc import ArrowFormat, ArrowStreamFormat
from dao_files.formats._json import JsonFormat, NdjsonFormat
from dao_files.formats._orc import OrcFormat
from dao_files.formats._parquet import ParquetFormat
from dao_files.formats._parquet_int96 import WITNESSES, int96_leaves, witnessed
from dao_files.formats._parquet_writer import dictionary_columns
from dao_files.formats._partitions import NULL_PARTITION, hive_path, hive_values
from dao_files.formats._scan import close_reader

__all__ = [
    "FORMATS",
    "NULL_PARTITION",
    "WITNESSES",
    "FileTask",
    "Format",
    "FormatWriter",
    "close_reader",
    "dictionary_columns",
    "get_format",
    "hive_path",
    "hive_values",
    "infer_compression",
    "infer_format",
    "int96_leaves",
    "register_format",
    "strip_compression",
    "witnessed",
]

for _format in (
    ArrowFormat(),
    ArrowStreamFormat(),
    AvroFormat(),
    CsvFormat(),
    JsonFormat(),
    NdjsonFormat(),
    OrcFormat(),
    ParquetFormat(),
):
    register_format(_format)
