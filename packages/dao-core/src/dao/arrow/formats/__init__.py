"""File formats: files to Arrow record batches and back, on any ``pyarrow.fs.FileSystem``.

``get_format("csv").scan(paths, filesystem)`` reads, ``get_format("csv").writer(sink, schema)`` writes; see
:class:`~dao.arrow.formats.base.Format` for what every format can do.
"""

from __future__ import annotations

from dao.arrow.formats.avro import AvroFormat
from dao.arrow.formats.base import FileTask, Format, FormatWriter
from dao.arrow.formats.compression import infer_compression, strip_compression
from dao.arrow.formats.csv import CsvFormat
from dao.arrow.formats.ipc import ArrowFormat, ArrowStreamFormat
from dao.arrow.formats.json import JsonFormat, NdjsonFormat
from dao.arrow.formats.orc import OrcFormat
from dao.arrow.formats.parquet import ParquetFormat
from dao.arrow.formats.partitions import NULL_PARTITION, hive_path, hive_values
from dao.arrow.formats.registry import FORMATS, get_format, infer_format, register_format
from dao.arrow.formats.scan import close_reader

__all__ = [
    "FORMATS",
    "NULL_PARTITION",
    "FileTask",
    "Format",
    "FormatWriter",
    "close_reader",
    "get_format",
    "hive_path",
    "hive_values",
    "infer_compression",
    "infer_format",
    "register_format",
    "strip_compression",
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
