"""Navigation in SUPER values: ``a.b[0].c`` becomes subscripts of jsonb, of which missing ones are null as in Redshift.

Which of ``a.b`` is a table's alias, and which a column, follows from the names in FROM. Syntax as of the Database
Developer Guide,
"Querying semi-structured data" (query-super).
"""

from __future__ import annotations

from dao_redshift.testing._translate._draft import Draft, literal, quoted
from dao_redshift.testing._translate._relations import Relations, after_brackets, chain_at
from dao_redshift.testing._translate._tokens import Kind

__all__ = ["navigate"]

_COMPARISONS = ("=", "<", ">", "!")


def navigate(draft: Draft, start: int, end: int) -> None:
    """Change what navigates in SUPER values in the tokens from `start` to `end` (exclusive).

    Raises:
        RedshiftError: for an unnesting that the gateway hasn't.
    """
    if not any(draft.key(index) in (".", "[") for index in range(start, end)):
        return
    relations = Relations.of(draft)
    index = start
    while index < end:
        if draft.is_name(index) and draft.key(index + 1) in (".", "[") and draft.key(index - 1) not in (".", "::"):
            index = _chain(draft, index, relations)
        else:
            index += 1
    for begin, stop, alias in relations.unnestings:
        if start <= begin < end:
            draft.insert_first(begin, "LATERAL _dao_redshift.elements(")
            draft.insert(stop, ") ")
            draft.insert_first(alias + 1, f"({quoted(draft.name(alias))})")


def _chain(draft: Draft, index: int, relations: Relations) -> int:
    """Change the chain at `index`; the index after it."""
    names, after = chain_at(draft, index)
    if index in relations.places or draft.key(after) in ("(", "."):
        return after
    base = _base(draft, names, relations)
    navigated, last = len(names) > base, names[-1]
    for place in names[base:]:
        _subscript(draft, place)
    while draft.key(after) in ("[", ".") and (draft.key(after) == "[" or draft.is_name(after + 1)):
        if draft.key(after) == ".":
            last = after + 1
            _subscript(draft, last)
            after += 2
        else:
            after = after_brackets(draft, after)
        navigated = True
    if navigated:
        _compared(draft, index, after)
        if (after == len(draft) or draft.key(after) in (",", "FROM")) and _is_listed(draft, index):
            draft.insert(after, f"AS {quoted(draft.name(last))} ")
    return after


def _is_listed(draft: Draft, index: int) -> bool:
    """Whether the chain at `index` is a column of a result by itself: it has the last name's name."""
    if draft.key(index - 1) not in ("SELECT", "DISTINCT", "ALL", ","):
        return False
    depth = 0
    for position in range(index - 1, -1, -1):
        word = draft.key(position)
        depth += (word == ")") - (word == "(")
        if depth < 0 or (depth == 0 and word in ("FROM", "WHERE", "BY", "VALUES", "SET")):
            return False
        if depth == 0 and word == "SELECT":
            return True
    return False


def _base(draft: Draft, names: list[int], relations: Relations) -> int:
    """How many of the names are the column's, with its table's and schema's."""
    first = draft.name(names[0])
    if first in relations.unnested or not relations.names:
        return 1 if first in relations.unnested else len(names)
    if first in relations.names:
        return 2
    if first in relations.schemas and len(names) > 2 and draft.name(names[1]) in relations.names:
        return 3
    return 1 if first not in relations.schemas else len(names)


def _subscript(draft: Draft, place: int) -> None:
    draft.remove((place - 1,))
    draft.replace(place, f"[{literal(draft.name(place))}]")


def _compared(draft: Draft, start: int, after: int) -> None:
    """A constant that a value is compared with is a value too; a null in the JSON is null."""
    if draft.key(after) == "IS":
        draft.insert_first(start, "nullif(")
        draft.insert(after, ", 'null')")
        return
    position = after
    while draft.key(position) in _COMPARISONS:
        position += 1
    if position == after:
        return
    kind = draft[position].kind
    if kind is Kind.STRING:
        draft.insert_first(position, "to_jsonb(")
        draft.insert_first(position + 1, "::text)")
    elif kind is Kind.NUMBER or draft.key(position) in ("TRUE", "FALSE"):
        draft.insert_first(position, "to_jsonb(")
        draft.insert_first(position + 1, ")")
