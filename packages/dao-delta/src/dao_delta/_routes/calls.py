"""What a call would do, found without touching the store: for ``explain``, and for the checks before a call."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from dao.data_object import DataObject
from dao_delta._tables.client import Client
from dao_delta._tables.keys import check_name
from dao_files.lake import check_call, told_replaced

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["plan"]

_SELECTING = ("columns", "where", "limit", "version", "as_of", "since", "until")
_CHANGING = ("write", "write_stream", "upsert", "delete")


def plan(client: Client, action: str, data_object: DataObject, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """See :meth:`dao_delta.DeltaInterface.plan_call`.

    Raises:
        DataError: what the call would raise whatever the store holds.
        UnsupportedError: a move that isn't one of a whole table.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    key = data_object.key
    if key or action != "list":
        check_name(key)
    found: dict[str, Any] = {"location": _location(client, key), "format": "delta"}
    check_call(action, given, partial(_check_new, given))
    if action in ("write", "write_stream"):
        found["mode"] = given.get("mode", "error")
        found["replaces"] = told_replaced(found["mode"], given, versions="versions")
    if action == "move":
        check_name(given["target"].key)
        found["target"] = _location(client, given["target"].key)
        found["mode"] = given.get("mode", "error")
    if action == "upsert":
        found["replaces"] = "the files that hold one of the keys, in one commit"
    if action == "delete":
        found["removes" if "where" not in given else "replaces"] = (
            "the files that hold such a row, in one commit" if "where" in given else f"the table {key!r} with its log"
        )
    for name in ("partition_by", "keys", "order_by", "idempotency_key", *_SELECTING):
        if name in given:
            found[name] = given[name]
    if "where" in given and action not in _CHANGING:
        found["where"] = f"{given['where']} (files are skipped by the log, rows filtered as they are read)"
    return found


def _check_new(given: Mapping[str, Any], known: pa.Schema) -> None:
    """Check the partitions of a new table."""
    from dao_delta._tables.schemas import check_partitions, storable
    from dao_files.lake import without_extensions

    names = given.get("partition_by") or ()
    rows = without_extensions(known.empty_table().to_reader())
    check_partitions(storable(rows.schema), (names,) if isinstance(names, str) else tuple(names))


def _location(client: Client, key: str) -> str:
    uri = f"{client.transport.uri}/{key}".rstrip("/")
    return unquote(urlsplit(uri).path) if uri.startswith("file://") else uri
