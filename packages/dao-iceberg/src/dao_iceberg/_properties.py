"""Properties of tables: which DAO sets, and to what. Those that it doesn't know are for people and other engines.

Source: the documentation of Iceberg, "Configuration", "Table properties".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dao.errors import DataError, UnsupportedError
from dao_files.lake import PropertyRule

__all__ = ["check_name", "checked_properties", "number_in", "refuse_code"]

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
_METRICS_OF = "write.metadata.metrics.column."

_SWITCH = PropertyRule.choice("true", "false")
_PATH = PropertyRule("a location in the store", lambda text: bool(text.strip("/ ")))
_METRICS = PropertyRule(
    "none, counts, full, or truncate(16) with a number of at least 1",
    lambda text: bool(re.fullmatch(r"none|counts|full|truncate\([1-9]\d{0,8}\)", text.lower(), re.ASCII)),
)

_KNOWN: Mapping[str, PropertyRule] = {
    "commit.manifest.target-size-bytes": PropertyRule.number(1),
    "gc.enabled": _SWITCH,
    "history.expire.max-ref-age-ms": PropertyRule.number(1),
    "history.expire.max-snapshot-age-ms": PropertyRule.number(0),
    "history.expire.min-snapshots-to-keep": PropertyRule.number(1),
    "write.data.path": _PATH,
    "write.metadata.compression-codec": PropertyRule.choice("none", "gzip"),
    "write.metadata.delete-after-commit.enabled": _SWITCH,
    "write.metadata.metrics.default": _METRICS,
    "write.metadata.metrics.max-inferred-column-defaults": PropertyRule.number(0),
    "write.metadata.path": _PATH,
    "write.metadata.previous-versions-max": PropertyRule.number(1),
    "write.object-storage.enabled": _SWITCH,
    "write.object-storage.partitioned-paths": _SWITCH,
    "write.parquet.compression-codec": PropertyRule.choice("zstd", "snappy", "gzip", "lz4", "brotli", "uncompressed"),
    "write.parquet.compression-level": PropertyRule.number(-(1 << 17)),
    "write.parquet.dict-size-bytes": PropertyRule.number(1),
    "write.parquet.page-row-limit": PropertyRule.number(1),
    "write.parquet.page-size-bytes": PropertyRule.number(1),
    "write.parquet.row-group-size-bytes": PropertyRule.number(1),
    "write.target-file-size-bytes": PropertyRule.number(1),
}
"""What each property that DAO heeds may be."""


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
