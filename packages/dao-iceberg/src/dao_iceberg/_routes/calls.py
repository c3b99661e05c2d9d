"""What a call would do, found without touching the store: for ``explain``, and for the checks before a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dao.data_object import DataObject
from dao.errors import UnsupportedError
from dao_iceberg._tables.client import MAIN, Client

__all__ = ["plan", "refuse_key"]

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
    _check(action, given)
    if action in ("write", "write_stream"):
        found["mode"] = given.get("mode", "error")
        found["replaces"] = _replaced(found["mode"], given)
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


def refuse_key(idempotency_key: str | None) -> None:
    """Refuse an idempotency key for the deletion of a table."""
    if idempotency_key is not None:
        raise UnsupportedError("idempotency_key: found without where=, and a table that goes keeps no keys")


def _check(action: str, given: Mapping[str, Any]) -> None:
    """Check arguments alone, as the call does."""
    from dao.arrow.convert import check_tabular
    from dao.arrow.predicates import parse
    from dao.tables import check_keys, check_mode, check_schema_mode

    if "where" in given:
        parse(given["where"])
    if action in ("write", "write_stream", "upsert"):
        check_tabular(given["data"], has_schema=given.get("schema") is not None)
        check_mode(given.get("mode", "error"))
        check_schema_mode(given.get("schema_mode", "strict"))
    if action == "move" and given.get("mode") in ("append", "overwrite_partitions"):
        raise UnsupportedError(f"mode={given['mode']!r}: only rows go into another table, which keeps its own history")
    if action == "delete" and "where" not in given:
        refuse_key(given.get("idempotency_key"))
    if action == "upsert":
        check_keys(given.get("keys") or ())
    if action in ("write", "write_stream", "upsert"):
        _check_columns(action, given)


def _check_columns(action: str, given: Mapping[str, Any]) -> None:
    """Check the columns of a new table, and their names in arguments, where the data says them without being read."""
    from dao.arrow.models import schema_of
    from dao.tables import check_names_given, given_columns

    known = given_columns(given["data"], None if given.get("schema") is None else schema_of(given["schema"]))
    if known is None:
        return
    if action == "upsert":
        check_names_given(known, keys=given.get("keys"), order_by=given.get("order_by"))
    elif given.get("mode", "error") in ("error", "overwrite") and "where" not in given:
        from dao_iceberg._tables.schemas import new_schema, storable
        from dao_iceberg._tables.specs import partition_spec, sort_order

        columns = new_schema(storable(known))
        partition_spec(_terms(given.get("partition_by")), columns)
        sort_order(_terms(given.get("sort_by")), columns)


def _terms(given: Any) -> tuple[str, ...]:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def _replaced(mode: str, given: Mapping[str, Any]) -> str:
    if mode == "overwrite" and "where" in given:
        return "the rows that fulfil where"
    if mode == "overwrite" and given.get("branch", MAIN) != MAIN:
        return "all rows of the branch; older snapshots can still be read"
    return {
        "overwrite": "all rows, the columns and the partitions; older snapshots can still be read",
        "overwrite_partitions": "the partitions that the data has rows for; older snapshots can still be read",
        "append": "nothing: existing rows are kept",
        "ignore": "nothing: if the table exists, nothing is written",
    }.get(mode, "nothing: an existing table is an error")
