"""What a call of a lake table would do, and what is wrong with its arguments, found without touching the store.

For ``explain``, and for the checks before a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dao.errors import UnsupportedError
from dao_files._actions.unkeyed import refuse_keyed_removal

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["check_call", "told_replaced"]

_WITH_ROWS = ("write", "write_stream", "upsert")


def check_call(action: str, given: Mapping[str, Any], check_new: Callable[[pa.Schema], None]) -> None:
    """Check the arguments of a call alone, as the call does.

    Args:
        action: what is called.
        given: its arguments that aren't None.
        check_new: checks the columns of a table that the call would make, where the data says them without being read.

    Raises:
        DataError: what the call would raise whatever the store holds.
        UnsupportedError: a move of rows into another table, or a key for the deletion of a whole one.
    """
    from dao.arrow.predicates import parse
    from dao.tables import check_keys

    if "where" in given:
        parse(given["where"])
    if action in _WITH_ROWS:
        _check_rows(given)
    if action == "move" and given.get("mode") in ("append", "overwrite_partitions"):
        raise UnsupportedError(f"mode={given['mode']!r}: only rows go into another table, which keeps its own history")
    if action == "delete" and "where" not in given:
        refuse_keyed_removal(given.get("idempotency_key"))
    if action == "upsert":
        check_keys(given.get("keys") or ())
    if action in _WITH_ROWS:
        _check_columns(action, given, check_new)


def _check_rows(given: Mapping[str, Any]) -> None:
    from dao.arrow.convert import check_tabular
    from dao.tables import check_mode, check_schema_mode

    check_tabular(given["data"], has_schema=given.get("schema") is not None)
    check_mode(given.get("mode", "error"))
    check_schema_mode(given.get("schema_mode", "strict"))


def _check_columns(action: str, given: Mapping[str, Any], check_new: Callable[[pa.Schema], None]) -> None:
    from dao.arrow.models import schema_of
    from dao.tables import check_names_given, given_columns

    known = given_columns(given["data"], None if given.get("schema") is None else schema_of(given["schema"]))
    if known is None:
        return
    if action == "upsert":
        check_names_given(known, keys=given.get("keys"), order_by=given.get("order_by"))
    elif given.get("mode", "error") in ("error", "overwrite") and "where" not in given:
        check_new(known)


def told_replaced(mode: str, given: Mapping[str, Any], *, versions: str, of_branch: bool = False) -> str:
    """What a write replaces, in words.

    Args:
        mode: of the write.
        given: its arguments that aren't None.
        versions: the format's word for them, such as ``snapshots``.
        of_branch: whether it is written to a branch, by which the table keeps its columns and partitions.
    """
    if mode == "overwrite" and "where" in given:
        return "the rows that fulfil where"
    everything = "all rows of the branch" if of_branch else "all rows, the columns and the partitions"
    return {
        "overwrite": f"{everything}; older {versions} can still be read",
        "overwrite_partitions": f"the partitions that the data has rows for; older {versions} can still be read",
        "append": "nothing: existing rows are kept",
        "ignore": "nothing: if the table exists, nothing is written",
    }.get(mode, "nothing: an existing table is an error")
