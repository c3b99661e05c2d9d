"""Maps a Glue table's file format and compression to DAO's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dao_s3.glue._markers import table_format
from dao_s3.glue._table import GlueTable

__all__ = ["codec", "file_format", "format"]

# By the last part of a class's name: the packages differ between Hive's versions and their copies.
_SERDES = {
    "parquethiveserde": "parquet",
    "orcserde": "orc",
    "avroserde": "avro",
    "jsonserde": "ndjson",
    "opencsvserde": "csv",
    "lazysimpleserde": "csv",
}
_INPUT_FORMATS = {
    "mapredparquetinputformat": "parquet",
    "deprecatedparquetinputformat": "parquet",
    "orcinputformat": "orc",
    "avrocontainerinputformat": "avro",
}
_TEXT = ("csv", "ndjson")
_TEXT_INPUT_FORMATS = ("", "textinputformat")
_BY_NAME = {"parquet": "parquet", "orc": "orc", "avro": "avro", "csv": "csv", "json": "ndjson"}

_CODEC_KEYS = ("parquet.compression", "orc.compress", "avro.output.codec", "compression", "compressionType")
_CODECS: Mapping[str, Mapping[str, str]] = {
    "parquet": {
        **{name: name for name in ("snappy", "gzip", "zstd", "brotli", "lz4", "none")},
        "uncompressed": "none",
        "lz4_raw": "lz4",
    },
    "orc": {**{name: name for name in ("snappy", "zlib", "zstd", "lz4", "none")}, "uncompressed": "none"},
    "avro": {"deflate": "deflate", "bzip2": "bzip2", "xz": "xz", "null": "none", "none": "none"},
}


def file_format(table: GlueTable) -> str | None:
    """The name of DAO's format for the files of a plain table; None if unsupported or undeclared.

    Spark's own tables declare it in a property, because their Hive declaration may be a placeholder. Otherwise the
    SerDe decides, as for Athena, then the input format, then the crawler's classification.
    """
    if table.provider:
        multi_line = table.serde_parameters.get("multiLine", "").lower() == "true"
        return "json" if multi_line and table.provider == "json" else _BY_NAME.get(table.provider)
    if table.serde:
        found = _SERDES.get(_class(table.serde))
        return None if found in _TEXT and _class(table.input_format) not in _TEXT_INPUT_FORMATS else found
    return _INPUT_FORMATS.get(_class(table.input_format)) or _BY_NAME.get(_classification(table))


def format(table: GlueTable) -> Mapping[str, Any]:
    """``format``; else ``unreadable``. Without any declaration, the files' names decide."""
    if table_format(table) is not None:
        return {}
    found = file_format(table)
    if found is not None:
        return {"format": found}
    told = {
        "provider": table.provider,
        "SerDe": table.serde,
        "input format": table.input_format,
        "classification": _classification(table),
    }
    shown = ", ".join(f"{what} {value}" for what, value in told.items() if value)
    return {"unreadable": f"its files are of a form that DAO has no reader for ({shown})"} if shown else {}


def codec(table: GlueTable) -> Mapping[str, Any]:
    """``compression`` for what is written, of formats that compress within their files.

    Text files are compressed according to their names, in Athena and Spark as in DAO.
    """
    known = _CODECS.get(file_format(table) or "") if table_format(table) is None else None
    if known is None:
        return {}
    told = (table.parameters.get(key) or table.serde_parameters.get(key) for key in _CODEC_KEYS)
    given = next(filter(None, told), "").lower()
    return {"compression": known[given]} if given in known else {}


def _class(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _classification(table: GlueTable) -> str:
    return table.parameters.get("classification", "").lower()
