"""Properties of tables: which DAO sets, and to what. deltalake checks names alone, and sets some that it can't honour.

Source: the Delta protocol, "Table Features", and Delta Lake's "Table properties".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from dao.errors import DataError, UnsupportedError
from dao_files.lake import PropertyRule

__all__ = ["checked_properties", "number_in", "seconds_in"]

_SECONDS = {
    "nanosecond": 1e-9, "microsecond": 1e-6, "millisecond": 1e-3, "second": 1, "minute": 60, "hour": 3600,
    "day": 86_400, "week": 604_800,
}  # fmt: skip
_INTERVAL = re.compile(rf"interval (\d{{1,9}}) ({'|'.join(_SECONDS)})s?")

_SWITCH = PropertyRule.choice("true", "false")
_TIME = PropertyRule("a time such as 'interval 7 days'", lambda text: bool(_INTERVAL.fullmatch(text)))

_KNOWN: Mapping[str, PropertyRule] = {
    "delta.appendOnly": _SWITCH,
    "delta.autoOptimize.autoCompact": PropertyRule.choice("true", "false", "auto"),
    "delta.autoOptimize.optimizeWrite": _SWITCH,
    "delta.checkpoint.writeStatsAsJson": _SWITCH,
    "delta.checkpoint.writeStatsAsStruct": _SWITCH,
    "delta.checkpointInterval": PropertyRule.number(1),
    "delta.checkpointPolicy": PropertyRule.choice("classic"),
    "delta.columnMapping.mode": PropertyRule.choice("none"),
    "delta.dataSkippingNumIndexedCols": PropertyRule.number(-1),
    "delta.dataSkippingStatsColumns": PropertyRule("names of columns", bool),
    "delta.deletedFileRetentionDuration": _TIME,
    "delta.enableChangeDataFeed": _SWITCH,
    "delta.enableDeletionVectors": PropertyRule.choice("false"),
    "delta.enableExpiredLogCleanup": _SWITCH,
    "delta.isolationLevel": PropertyRule.choice("Serializable", "WriteSerializable", "SnapshotIsolation"),
    "delta.logRetentionDuration": _TIME,
    "delta.randomPrefixLength": PropertyRule.number(1),
    "delta.randomizeFilePrefixes": _SWITCH,
    "delta.setTransactionRetentionDuration": _TIME,
    "delta.targetFileSize": PropertyRule.number(1),
    "delta.tuneFileSizesForRewrites": _SWITCH,
}
"""What each property that DAO sets may be."""

_REFUSED: tuple[tuple[str, str], ...] = (
    ("delta.columnMapping.", "DAO doesn't write to tables with column mapping"),
    ("delta.enableDeletionVectors", "deltalake would add the feature variantType, which locks older readers out"),
    ("delta.minReaderVersion", "the version of the protocol follows from what the table uses"),
    ("delta.minWriterVersion", "the version of the protocol follows from what the table uses"),
    ("delta.checkpointPolicy", "DAO doesn't give tables the feature v2Checkpoint"),
    ("delta.feature.", "features follow from what the table uses"),
    ("delta.enableTypeWidening", "DAO doesn't write to tables with this feature"),
    ("delta.enableRowTracking", "DAO doesn't write to tables with this feature"),
    ("delta.enableInCommitTimestamps", "DAO doesn't write to tables with this feature"),
    ("delta.enableIceberg", "DAO doesn't write to tables with this feature"),
    ("delta.universalFormat.", "DAO doesn't write to tables with this feature"),
)
"""What Spark can set and DAO doesn't, by the beginning of the name."""


def checked_properties(given: Mapping[str, Any] | None) -> dict[str, str]:
    """Properties as a table keeps them, as texts.

    Args:
        given: texts, numbers or switches by the names of properties.

    Raises:
        DataError: there is no such property, or it can't have this value.
        UnsupportedError: it stands for a feature that DAO doesn't give a table.

    >>> checked_properties({"delta.appendOnly": True, "delta.checkpointInterval": 10})
    {'delta.appendOnly': 'true', 'delta.checkpointInterval': '10'}
    """
    return {name: _checked(name, value) for name, value in (given or {}).items()}


def _checked(name: Any, value: Any) -> str:
    if name in _KNOWN:
        text = _text(value)
        if text is not None and _KNOWN[name].allows(text):
            return text
    refused = next((why for start, why in _REFUSED if str(name).startswith(start)), None)
    if refused is not None:
        raise UnsupportedError(f"properties: found {name} with {value!r}: {refused}; set it in Spark")
    if name in _KNOWN:
        raise DataError(f"properties: found {value!r} for {name}, expected {_KNOWN[name].expected}")
    if str(name).startswith("delta.constraints."):
        raise DataError(f"properties: found {name!r}; a constraint is added by run('add_constraint')")
    raise DataError(f"properties: found {name!r}{_nearest(name)}, expected some of {', '.join(_KNOWN)}")


def _text(value: Any) -> str | None:
    """A value as text; switches and units of time in small letters. None for what no property can have."""
    if isinstance(value, (bool, int)):
        return str(value).lower()
    if not isinstance(value, str):
        return None
    small = value.lower()
    return small if small in ("true", "false") or small.startswith("interval ") else value


def _nearest(name: Any) -> str:
    by_small = {known.lower(): known for known in _KNOWN} | {known.lower()[6:]: known for known in _KNOWN}
    found = get_close_matches(str(name).lower(), by_small, 1, 0.8)
    return f" (did you mean {by_small[found[0]]!r}?)" if found else ""


def number_in(properties: Mapping[str, str], name: str, default: int) -> int:
    """The number that a property of any table has; the default where it has none that it may have."""
    return _KNOWN[name].number_in(properties, name, default)


def seconds_in(properties: Mapping[str, str], name: str, default: float) -> float:
    """The length of time that a property of any table has; the default where it has none that it may have.

    >>> seconds_in({"delta.logRetentionDuration": "interval 2 days"}, "delta.logRetentionDuration", 0)
    172800
    """
    found = _INTERVAL.fullmatch(properties.get(name, "").lower())
    return default if found is None else int(found[1]) * _SECONDS[found[2]]
