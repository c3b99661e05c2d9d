"""Names of a select list that are used again in the same SELECT, as the drivers' metadata queries do.

Redshift allows it for every name that is no column of what is selected from. Which those are only the database knows,
so this
is done for names of JDBC's metadata that no system relation has.
"""

from __future__ import annotations

from dao_redshift.testing._translate._draft import Draft
from dao_redshift.testing._translate._tokens import Kind, words

__all__ = ["repeat_aliases"]

_NAMES = words("TABLE_SCHEM IS_AUTOINCREMENT")
_OF_CATALOGS = words("TABLE_SCHEM IS_AUTOINCREMENT TABLE_NAME")
"""Those that are no columns of PostgreSQL's own catalogs; the SVV views have a TABLE_NAME."""

_END = words("GROUP ORDER HAVING LIMIT UNION EXCEPT INTERSECT MINUS")


def repeat_aliases(draft: Draft) -> None:
    """Put the expressions in place of their names."""
    found = {token.key for token in draft.tokens if token.kind is Kind.WORD}
    if not found & _NAMES:
        return
    views = any(key.startswith("SVV_") for key in found)
    names = _NAMES if views or "PG_CLASS" not in found else _OF_CATALOGS
    for index, token in enumerate(draft.tokens):
        if token.key == "SELECT":
            _repeat(draft, index + 1, names)


def _repeat(draft: Draft, start: int, names: frozenset[str]) -> None:
    known: dict[str, str] = {}
    depth, item, listing = 0, start, True
    for index in range(start, len(draft)):
        word = draft.key(index)
        depth += (word in ("(", "[")) - (word in (")", "]"))
        if depth < 0 or (depth == 0 and word in _END):
            return
        if word in known and draft.key(index - 1) not in (".", "AS") and draft.key(index + 1) not in (".", "("):
            draft.replace(index, f"({known[word]})")
        elif depth > 0:
            continue
        elif word == "FROM":
            listing = False
        elif listing and word == ",":
            item = index + 1
        elif listing and word in names and draft.key(index - 1) == "AS":
            known.setdefault(word, draft.render(item, index - 1))
