"""What a call would do, found without touching the store: for ``explain``, and for the checks before a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from dao.data_object import DataObject
from dao.errors import UnsupportedError
from dao_delta._actions.dropping import refuse_key
from dao_delta._tables.client import Client
from dao_delta._tables.keys import check_name

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
    _check(action, given)
    if action in ("write", "write_stream"):
        found["mode"] = given.get("mode", "error")
        found["replaces"] = _replaced(found["mode"], given)
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
        raise UnsupportedError(f"mode={given['mode']!r}: only rows go into another table, whose log stays its own")
    if action == "delete" and "where" not in given:
        refuse_key(given.get("idempotency_key"))
    if action == "upsert":
        check_keys(given.get("keys") or ())
    if action in ("write", "write_stream", "upsert"):
        _check_columns(action, given)


def _check_columns(action: str, given: Mapping[str, Any]) -> None:
    """Check the names of columns in arguments, where the data says its columns without being computed."""
    from dao.arrow.models import schema_of
    from dao.tables import check_names_given, given_columns

    known = given_columns(given["data"], None if given.get("schema") is None else schema_of(given["schema"]))
    if known is None:
        return
    if action == "upsert":
        check_names_given(known, keys=given.get("keys"), order_by=given.get("order_by"))
    elif given.get("mode", "error") in ("error", "overwrite") and "where" not in given:
        from dao_delta._tables.schemas import check_partitions, storable
        from dao_files.lake import without_extensions

        names = given.get("partition_by") or ()
        rows = without_extensions(known.empty_table().to_reader())
        check_partitions(storable(rows.schema), (names,) if isinstance(names, str) else tuple(names))


def _replaced(mode: str, given: Mapping[str, Any]) -> str:
    if mode == "overwrite" and "where" in given:
        return "the rows that fulfil where"
    return {
        "overwrite": "all rows, the columns and the partitions; older versions can still be read",
        "overwrite_partitions": "the partitions that the data has rows for; older versions can still be read",
        "append": "nothing: existing rows are kept",
        "ignore": "nothing: if the table exists, nothing is written",
    }.get(mode, "nothing: an existing table is an error")


def _location(client: Client, key: str) -> str:
    uri = f"{client.transport.uri}/{key}".rstrip("/")
    return unquote(urlsplit(uri).path) if uri.startswith("file://") else uri
