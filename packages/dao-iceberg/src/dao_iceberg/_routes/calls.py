"""What a call would do, found without touching the store: for ``explain``, and for the checks before a call."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from dao.data_object import DataObject
from dao_files.lake import check_call, told_replaced
from dao_iceberg._tables.client import MAIN, Client

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["plan"]

_SELECTING = ("columns", "where", "limit", "version", "as_of", "branch", "tag", "since", "until")
_SHOWN = ("partition_by", "sort_by", "keys", "order_by", "delete_when", "schema_mode", "idempotency_key")
_CHANGING = ("write", "write_stream", "upsert", "delete")


def plan(client: Client, action: str, data_object: DataObject, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """See :meth:`dao_iceberg.IcebergInterface.plan_call`.

    Raises:
        DataError: what the call would raise whatever the store holds.
        UnsupportedError: a move that isn't one of a whole table.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    key = data_object.key
    found: dict[str, Any] = {
        "location": client.location_of(key).removeprefix("file://").rstrip("/"),
        "format": "iceberg",
    }
    if action != "list":
        found["table"] = ".".join(client.identifier(key))
    if action in (*_CHANGING, "move"):
        client.refuse_change()
    check_call(action, given, partial(_check_new, given))
    if action in ("write", "write_stream"):
        found["mode"] = given.get("mode", "error")
        of_branch = given.get("branch", MAIN) != MAIN
        found["replaces"] = told_replaced(found["mode"], given, versions="snapshots", of_branch=of_branch)
    if action == "move":
        found["target"] = ".".join(client.identifier(given["target"].key))
        found["mode"] = given.get("mode", "error")
    if action == "upsert":
        found["replaces"] = "the files that hold one of the keys, in one commit"
    if action == "delete":
        found["removes" if "where" not in given else "replaces"] = (
            "the files that hold such a row, in one commit" if "where" in given else f"the table {key!r} with its files"
        )
    for name in (*_SHOWN, *_SELECTING):
        if name in given:
            found[name] = given[name]
    if "where" in given and action not in _CHANGING:
        found["where"] = f"{given['where']} (files are skipped by the manifests, rows filtered as they are read)"
    return found


def _check_new(given: Mapping[str, Any], known: pa.Schema) -> None:
    """Check the columns of a new table, its partitions and its order."""
    from dao_iceberg._tables.schemas import new_schema, storable
    from dao_iceberg._tables.specs import partition_spec, sort_order

    columns = new_schema(storable(known))
    partition_spec(_terms(given.get("partition_by")), columns)
    sort_order(_terms(given.get("sort_by")), columns)


def _terms(given: Any) -> tuple[str, ...]:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)
