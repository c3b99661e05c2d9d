"""Properties of tables: which DAO sets, and to what. Those that it doesn't know are for people and other engines.

Source: the documentation of Iceberg, "Configuration", "Table properties".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import evolve
from pyiceberg.table.locations import ObjectStoreLocationProvider

from dao.errors import DataError, UnsupportedError
from dao_files.lake import FileSettings, PropertyRule

__all__ = [
    "check_name",
    "checked_properties",
    "data_location",
    "file_key",
    "file_settings",
    "is_on",
    "metadata_location",
    "number_in",
    "parquet_options",
    "refuse_code",
]

_CODE = "write.py-location-provider.impl"
_OWN = "dao."
_RESERVED = (
    "format-version",
    "uuid",
    "snapshot-count",
    "current-snapshot-summary",
    "current-snapshot-id",
    "current-snapshot-timestamp-ms",
    "current-schema",
    "default-partition-spec",
    "default-sort-order",
)
_FORMAT = "write.format.default"
_DATA, _METADATA = "write.data.path", "write.metadata.path"
_CODEC, _LEVEL = "write.parquet.compression-codec", "write.parquet.compression-level"
_SPREAD, _SPREAD_FOLDERS = "write.object-storage.enabled", "write.object-storage.partitioned-paths"
_METRICS_OF = "write.metadata.metrics.column."

_SWITCH = PropertyRule.choice("true", "false")
_PATH = PropertyRule("a location in the store", lambda text: bool(text.strip("/ ")))
_METRICS = PropertyRule(
    "none, counts, full, or truncate(16) with a number of at least 1",
    lambda text: bool(re.fullmatch(r"none|counts|full|truncate\([1-9]\d{0,8}\)", text.lower(), re.ASCII)),
)

_KNOWN: Mapping[str, PropertyRule] = {
    "commit.manifest-merge.enabled": _SWITCH,
    "commit.manifest.min-count-to-merge": PropertyRule.number(1),
    "commit.manifest.target-size-bytes": PropertyRule.number(1),
    "gc.enabled": _SWITCH,
    "history.expire.max-ref-age-ms": PropertyRule.number(1),
    "history.expire.max-snapshot-age-ms": PropertyRule.number(0),
    "history.expire.min-snapshots-to-keep": PropertyRule.number(1),
    _DATA: _PATH,
    "write.metadata.compression-codec": PropertyRule.choice("none", "gzip"),
    "write.metadata.delete-after-commit.enabled": _SWITCH,
    "write.metadata.metrics.default": _METRICS,
    "write.metadata.metrics.max-inferred-column-defaults": PropertyRule.number(0),
    _METADATA: _PATH,
    "write.metadata.previous-versions-max": PropertyRule.number(1),
    _SPREAD: _SWITCH,
    _SPREAD_FOLDERS: _SWITCH,
    _CODEC: PropertyRule.choice("zstd", "snappy", "gzip", "lz4", "brotli", "uncompressed"),
    _LEVEL: PropertyRule.number(1),
    "write.parquet.dict-size-bytes": PropertyRule.number(1),
    "write.parquet.page-row-limit": PropertyRule.number(1),
    "write.parquet.page-size-bytes": PropertyRule.number(1),
    "write.parquet.row-group-size-bytes": PropertyRule.number(1),
    "write.target-file-size-bytes": PropertyRule.number(1),
}
"""What each property that DAO heeds may be."""


_PARQUET = {
    "write.parquet.dict-size-bytes": "dictionary_pagesize_limit",
    "write.parquet.page-row-limit": "max_rows_per_page",
    "write.parquet.page-size-bytes": "data_page_size",
}
"""What pyarrow's Parquet writer calls properties of a table."""

_LEVELS = {"zstd": 22, "gzip": 9, "brotli": 11}
"""The codecs that have levels, and their highest."""


def checked_properties(given: Mapping[str, Any] | None) -> dict[str, str]:
    """Properties as a table keeps them, as texts.

    Args:
        given: texts, numbers or switches by the names of properties.

    Raises:
        DataError: a property is one that the table itself says, or can't have this value.
        UnsupportedError: DAO couldn't do what it asks for.

    >>> checked_properties({"gc.enabled": True, "write.parquet.page-row-limit": 10})
    {'gc.enabled': 'true', 'write.parquet.page-row-limit': '10'}
    """
    found = {check_name(name): _checked(name, value) for name, value in (given or {}).items()}
    refuse_code(found)
    return found


def check_name(name: Any) -> str:
    """Check that a call may give a table a property of this name."""
    if not isinstance(name, str) or not name or name in _RESERVED or name.startswith(_OWN):
        raise DataError(f"properties: {name!r} can't be set: the table itself says it")
    return name


def _checked(name: str, value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not isinstance(value, (str, int, float)):
        raise DataError(f"properties: found {type(value).__name__} for {name}, expected a text, a number or a switch")
    if name == _FORMAT and text.lower() != "parquet":
        raise UnsupportedError(f"properties: {_FORMAT} can be 'parquet' alone, which DAO writes")
    rule = _METRICS if name.startswith(_METRICS_OF) else _KNOWN.get(name)
    text = text.lower() if rule is _SWITCH else text
    if rule is not None and not rule.allows(text):
        raise DataError(f"properties: found {value!r} for {name}, expected {rule.expected}")
    return text


def refuse_code(properties: Mapping[str, str]) -> None:
    """Refuse a table whose properties name a class that pyiceberg would import for a commit.

    Raises:
        UnsupportedError: they do.
    """
    if _CODE in properties:
        raise UnsupportedError(f"the property {_CODE!r} of the table names code to be run, which DAO doesn't run")


def number_in(properties: Mapping[str, str], name: str, default: int) -> int:
    """The number that a property of any table has; the default where it has none that it may have."""
    return _KNOWN[name].number_in(properties, name, default)


def is_on(properties: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    """The switch that a property of any table is."""
    return properties.get(name, str(default)).lower() == "true"


def data_location(location: str, properties: Mapping[str, str]) -> str:
    """The location of the folder of a table's data files."""
    return (properties.get(_DATA) or f"{location.rstrip('/')}/data").rstrip("/")


def metadata_location(location: str, properties: Mapping[str, str]) -> str:
    """The location of the folder of a table's metadata."""
    return (properties.get(_METADATA) or f"{location.rstrip('/')}/metadata").rstrip("/")


def file_key(folder: str, partition: str, name: str, properties: Mapping[str, str]) -> str:
    """The key of a new data file.

    Args:
        folder: of the table's data files.
        partition: the folders of its partition; empty for none.
        name: of the file.
        properties: of the table, which may spread files over folders of hashes, as object stores like it.
    """
    whole = "/".join(filter(None, (partition, name)))
    if not is_on(properties, _SPREAD):
        return f"{folder}/{whole}"
    with_partition = is_on(properties, _SPREAD_FOLDERS, default=True)
    provider = ObjectStoreLocationProvider("", {_DATA: folder, _SPREAD_FOLDERS: str(with_partition).lower()})
    return str(provider.new_data_location(whole if with_partition else name))


def file_settings(settings: FileSettings, properties: Mapping[str, str]) -> FileSettings:
    """How data files are written: as a table says, or else as its store does."""
    codec = properties.get(_CODEC, "").lower()
    compression = codec if _KNOWN[_CODEC].allows(codec) else settings.compression
    return evolve(
        settings,
        compression="none" if compression == "uncompressed" else compression,
        target_size=number_in(properties, "write.target-file-size-bytes", settings.target_size),
        group_size=number_in(properties, "write.parquet.row-group-size-bytes", settings.group_size),
    )


def parquet_options(properties: Mapping[str, str], codec: str) -> dict[str, int]:
    """What a table says to pyarrow's Parquet writer.

    Args:
        properties: of the table.
        codec: by which files are compressed; a higher level than its highest is that.
    """
    found = {option: number_in(properties, name, 0) for name, option in _PARQUET.items()}
    if codec in _LEVELS:
        found["compression_level"] = min(number_in(properties, _LEVEL, 0), _LEVELS[codec])
    return {option: value for option, value in found.items() if value}
