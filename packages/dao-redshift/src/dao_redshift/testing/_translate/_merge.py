"""MERGE, whose form is narrower than PostgreSQL's; as of the Database Developer Guide, "MERGE" (r_MERGE)."""

from __future__ import annotations

from collections.abc import Callable

from dao_redshift.testing._statements import RedshiftError, Run
from dao_redshift.testing._translate._attributes import names_in
from dao_redshift.testing._translate._create import table_name
from dao_redshift.testing._translate._draft import Draft, quoted
from dao_redshift.testing._translate._tokens import Kind

__all__ = ["merge"]

Expressions = Callable[[int, int], str]


def merge(draft: Draft, expressions: Expressions) -> Run:
    """What ``MERGE INTO target USING source ON condition ...`` becomes.

    Raises:
        RedshiftError: for forms that Redshift hasn't.
    """
    target, index = table_name(draft, draft.expect(0, "MERGE", "INTO"))
    if draft.key(index) != "USING":
        raise RedshiftError("MERGE: the target has no alias", "42601")
    if draft.key(index + 1) == "(":
        raise RedshiftError("MERGE: the source is a table, not a query", "0A000")
    source, index = table_name(draft, index + 1)
    if source.rpartition(".")[2] == target.rpartition(".")[2]:
        raise RedshiftError("MERGE: the source and the target have the same name", "42P12")
    named = source
    if draft.key(index) != "ON":
        index += draft.key(index) == "AS"
        named, index = f"{source} AS {quoted(draft.name(index))}", index + 1
    start = draft.expect(index, "ON")
    end = _next(draft, start, "WHEN", "REMOVE")
    condition = expressions(start, end)
    if draft.at(end, "REMOVE", "DUPLICATES"):
        if any(draft[index].kind is Kind.PARAMETER for index in range(start, end)):
            raise RedshiftError("MERGE ... REMOVE DUPLICATES takes no parameters in the local Redshift", "0A000")
        return _remove_duplicates(draft, end + 2, target, named, condition)
    return Run(f"MERGE INTO {target} USING {named} ON {condition} {_whens(draft, end, expressions)}")


def _next(draft: Draft, start: int, *words: str) -> int:
    depth, cases = 0, 0
    for position in range(start, len(draft)):
        word = draft.key(position)
        depth += (word == "(") - (word == ")")
        cases += (word == "CASE") - (word == "END")
        if depth == 0 and cases == 0 and word in words:
            return position
    return len(draft)


def _remove_duplicates(draft: Draft, index: int, target: str, source: str, condition: str) -> Run:
    """Matched rows of the target go; those of the source come, one of each."""
    if index < len(draft):
        draft.wrong(index)
    delete = f"DELETE FROM {target} USING {source} WHERE {condition}"
    return Run(f"INSERT INTO {target} SELECT DISTINCT * FROM {source}", before=(delete,), tag="MERGE")


def _whens(draft: Draft, index: int, expressions: Expressions) -> str:
    matched = _then(draft, draft.expect(index, "WHEN", "MATCHED"))
    if draft.key(matched) == "DELETE":
        action, index = "DELETE", matched + 1
    else:
        start = draft.expect(matched, "UPDATE", "SET")
        index = _next(draft, start, "WHEN")
        action = f"UPDATE SET {expressions(start, index)}"
    start = _then(draft, draft.expect(index, "WHEN", "NOT", "MATCHED"))
    index, columns = draft.expect(start, "INSERT"), ""
    if draft.key(index) == "(":
        close = draft.close(index)
        columns, index = f"({', '.join(map(quoted, names_in(draft, index, close)))}) ", close + 1
    index = draft.expect(index, "VALUES")
    close = draft.close(index)
    if close + 1 < len(draft):
        draft.wrong(close + 1)
    values = expressions(index, close + 1)
    return f"WHEN MATCHED THEN {action} WHEN NOT MATCHED THEN INSERT {columns}VALUES {values}"


def _then(draft: Draft, index: int) -> int:
    if draft.key(index) == "AND":
        raise RedshiftError("MERGE: WHEN has no further condition", "42601")
    return draft.expect(index, "THEN")
