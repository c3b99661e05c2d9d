"""What SQL databases have in common of what they lack."""

from __future__ import annotations

from collections.abc import Mapping

from dao.capabilities import Capabilities

__all__ = ["sql_capabilities"]

_TABLES = "a database keeps tables alone"
_NOW = "a database keeps its tables as they are now"
_OWN = "a database looks after its own storage"

_LACKS_MODES: Mapping[str, str] = {"overwrite_partitions": "a table of a database has no partitions that DAO knows"}
_LACKS_OPERATIONS: Mapping[str, str] = {
    "compact": _OWN, "vacuum": _OWN, "expire": _NOW, "orphans": _OWN, "restore": _NOW,
}  # fmt: skip
_LACKS_FEATURES: Mapping[str, str] = {
    "files": _TABLES, "foreign_files": _TABLES, "partitions": "tables are not laid out by values", "time_travel": _NOW,
    "branches": _NOW, "tags": _NOW,
}  # fmt: skip
_NESTED = "columns hold plain values"
_LACKS_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("list", "large_list", "fixed_size_list", "struct", "map"), _NESTED),
    "uint64": "there are no unsigned integers",
    "duration": "there is no such type that holds it exactly",
    "timestamp_ns": "timestamps are of microseconds",
    "time_ns": "times of day are of microseconds",
}
_RELAXES: Mapping[str, str] = {
    "layout": "there is one type of text and one of bytes",
    "dictionary": "there are values alone",
    "fixed_size": "bytes are of any length",
    "units": "there are microseconds alone, and dates in days",
    "zones": "instants are kept, in UTC",
    "null": "columns have a type: such a one becomes text",
    "floats": "there are floats of 32 and 64 bits",
    "uuid": "they are 16 bytes",
}


def sql_capabilities(
    *,
    lacks_types: Mapping[str, str] | None = None,
    keeps: tuple[str, ...] = (),
    relaxes: Mapping[str, str] | None = None,
    lacks_features: Mapping[str, str] | None = None,
) -> Capabilities:
    """The capabilities of a SQL database: what all of them lack, and what one lacks beside.

    Args:
        lacks_types: types and values that it can't keep, each with the reason.
        keeps: types and relaxations of the usual ones that it doesn't lack or need.
        relaxes: other relaxations, each with the reason.
        lacks_features: features that it lacks.

    >>> sql_capabilities(lacks_types={"nan": "it keeps NULL for it"}).absence("type:nan").reason
    'it keeps NULL for it'
    """

    def without(usual: Mapping[str, str]) -> dict[str, str]:
        return {name: reason for name, reason in usual.items() if name not in keeps}

    return Capabilities(
        lacks_modes=_LACKS_MODES,
        lacks_operations=without(_LACKS_OPERATIONS),
        lacks_features={**_LACKS_FEATURES, **(lacks_features or {})},
        lacks_types={**without(_LACKS_TYPES), **(lacks_types or {})},
        relaxes={**without(_RELAXES), **(relaxes or {})},
    )
