"""What a call would do, found without touching the database: for ``explain``, and for the checks before a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dao.data_object import DataObject
from dao.errors import DataError, UnsupportedError
from dao_sql._actions.writing import MODES
from dao_sql._sessions.database import Database

__all__ = ["plan"]

_REPLACED = {
    "overwrite": "all rows, and the columns",
    "append": "nothing: existing rows are kept",
    "ignore": "nothing: if the table exists, nothing is written",
}


def plan(database: Database, action: str, data_object: DataObject, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """See :meth:`dao_sql.SqlInterface.plan_call`.

    Raises:
        DataError: what the call would raise whatever the database holds.
        UnsupportedError: a move that is one of rows.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    if not data_object.key and action in ("list", "run"):
        found: dict[str, Any] = {"location": database.schema or "the database"}
    else:
        table = database.table(data_object)
        found = {"location": table.name if table.schema is None else f"{table.schema}.{table.name}"}
        found |= _sql(database, action, data_object, given)
    _check(action, given)
    if action in ("write", "write_stream"):
        found["mode"] = given.get("mode", "error")
        found["replaces"] = _REPLACED.get(found["mode"], "nothing: an existing table is an error")
    if action == "upsert":
        found["replaces"] = "the rows that have one of the keys, in one transaction"
    if action == "move":
        found["target"] = database.table(given["target"]).name
        found["mode"] = given.get("mode", "error")
    for name in ("columns", "where", "limit", "keys", "order_by", "delete_when", "idempotency_key"):
        if name in given:
            found[name] = given[name]
    return found


def _sql(database: Database, action: str, data_object: DataObject, given: Mapping[str, Any]) -> dict[str, Any]:
    """The statement of a read or delete; which columns there are is known in the database alone."""
    dialect = database.dialect
    name = dialect.table(database.table(data_object))
    columns = given.get("columns")
    wanted = "*" if not columns or isinstance(columns, str) else ", ".join(map(dialect.quote, columns))
    where = " WHERE ... with bound values" if "where" in given else ""
    limit = f" LIMIT {given['limit']}" if "limit" in given else ""
    if action in ("read", "read_stream"):
        return {"sql": f"SELECT {wanted} FROM {name}{where}{limit}"}
    if action == "count":
        return {"sql": f"SELECT COUNT(*) FROM {name}{where}"}
    if action == "delete":
        return {"sql": f"DELETE FROM {name}{where}" if where else f"DROP TABLE {name}"}
    return {}


def _check(action: str, given: Mapping[str, Any]) -> None:
    """Check arguments alone, as the call does."""
    from dao.arrow.convert import check_tabular
    from dao.arrow.models import schema_of
    from dao.arrow.predicates import parse
    from dao.tables import check_keys, check_mode, check_names_given, check_schema_mode, given_columns

    if "where" in given:
        parse(given["where"])
    if action in ("write", "write_stream", "upsert"):
        check_tabular(given["data"], has_schema="schema" in given)
        check_mode(given.get("mode", "error"), MODES)
        check_schema_mode(given.get("schema_mode", "strict"))
    if action == "move" and given.get("mode") == "append":
        raise UnsupportedError("mode='append': rows go into another table, which stays what it is")
    if action == "delete" and "where" not in given and "idempotency_key" in given:
        raise DataError("idempotency_key: found without where=, and a table that goes keeps no keys")
    if action == "upsert":
        check_keys(given.get("keys") or ())
        known = given_columns(given["data"], None if "schema" not in given else schema_of(given["schema"]))
        check_names_given(known, keys=given.get("keys"), order_by=given.get("order_by"))
