"""Whether rows that an older version kept can be read in the columns of a later one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dao.errors import UnsupportedError
from dao_delta._tables.client import Snapshot

__all__ = ["check_columns"]

_WIDER = (("byte", "short", "integer", "long"), ("float", "double"))


def check_columns(last: Snapshot, version: int, fields: Sequence[Mapping[str, Any]]) -> None:
    """Check that the columns of a version have types whose values those of a later version hold.

    Raises:
        UnsupportedError: a column has another type; the message names it.
    """
    later = {_identity(one): one for one in last.fields}
    for one in fields:
        other = later.get(_identity(one))
        if other is not None and not _holds(other["type"], one["type"]):
            raise UnsupportedError(
                f"column {one['name']!r} was {one['type']!r} in version {version} of {last.key!r} and is "
                f"{other['type']!r} in version {last.version}: no table holds the rows of both. End before the version "
                "that changed it, by until=, or begin with it, by since=; what it changed itself is in read() of it, "
                "and of the version before"
            )


def _identity(given: Mapping[str, Any]) -> str:
    found: str = given.get("metadata", {}).get("delta.columnMapping.physicalName", given["name"])
    return found


def _holds(wide: Any, narrow: Any) -> bool:
    if isinstance(wide, str) or isinstance(narrow, str):
        return bool(wide == narrow or any(_follows(order, wide, narrow) for order in _WIDER))
    if wide["type"] != narrow["type"]:
        return False
    if wide["type"] == "struct":
        later = {_identity(one): one["type"] for one in wide["fields"]}
        return all(_holds(later.get(_identity(one), one["type"]), one["type"]) for one in narrow["fields"])
    return all(_holds(wide[part], narrow[part]) for part in ("elementType", "keyType", "valueType") if part in wide)


def _follows(order: Sequence[str], wide: Any, narrow: Any) -> bool:
    return wide in order and narrow in order and order.index(wide) >= order.index(narrow)
