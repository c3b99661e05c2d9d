"""What differs inside queries and expressions: one pass over the tokens, inner calls before outer ones."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._translate import _calls
from dao_redshift.testing._translate._draft import Draft, quoted, unsupported
from dao_redshift.testing._translate._names import CATALOG, INFORMATION, OURS, RENAMED, UNSUPPORTED
from dao_redshift.testing._translate._super import navigate
from dao_redshift.testing._translate._tokens import Kind, words
from dao_redshift.testing._translate._types import cast_type

__all__ = ["rewrite", "rewrite_query"]

_SET_OPERATIONS = words("UNION MINUS EXCEPT INTERSECT")
_NO_NAME_FOLLOWS = words(
    """
    SELECT FROM WHERE AND OR NOT ON USING CASE WHEN THEN ELSE IN AS BY HAVING LIMIT VALUES IS DISTINCT
    """
)


@define
class _Frame:
    """An open parenthesis.

    Attributes:
        opened: its index.
        call: the name of what is called, in upper case; empty for other parentheses.
        commas: those directly in it.
    """

    opened: int
    call: str = ""
    commas: list[int] = field(factory=list)


def rewrite(draft: Draft, start: int, end: int) -> None:
    """Change the tokens from `start` to `end` (exclusive) into what PostgreSQL understands.

    Raises:
        RedshiftError: for what Redshift hasn't.
    """
    frames: list[_Frame] = []
    for index in range(start, end):
        token = draft.tokens[index]
        if token.kind is Kind.WORD:
            if (change := _WORDS.get(token.key)) is not None:
                change(draft, index, frames)
            elif token.key in CATALOG:
                _catalog(draft, index)
            elif draft.key(index + 1) == "(":
                _function(draft, index)
        elif token.kind is Kind.SYMBOL:
            _symbol(draft, index, token.key, frames)
        elif token.kind is Kind.QUOTED:
            _quoted_name(draft, index)
        elif token.kind is Kind.NUMBER:
            if draft[index + 1].start == token.end and draft[index + 1].kind is Kind.WORD:
                draft.insert_first(index + 1, " ")
        elif token.kind is Kind.TEMPORARY:
            draft.replace(index, quoted(draft.name(index)))


def rewrite_query(draft: Draft, start: int, end: int) -> None:
    """The same for a query or an expression, in which SUPER values may be navigated.

    Raises:
        RedshiftError: for what Redshift hasn't.
    """
    rewrite(draft, start, end)
    navigate(draft, start, end)


def _symbol(draft: Draft, index: int, symbol: str, frames: list[_Frame]) -> None:
    match symbol:
        case "(":
            word = draft.key(index - 1) if draft[index - 1].kind is Kind.WORD and not draft.at(index - 2, ".") else ""
            frames.append(_Frame(index, word if word not in _NO_NAME_FOLLOWS else ""))
        case ")":
            if not frames:
                draft.wrong(index)
            frame = frames.pop()
            if (change := _calls.CALLS.get(frame.call)) is not None:
                change(draft, frame.opened, index, frame.commas)
        case ",":
            if frames:
                frames[-1].commas.append(index)
        case "::":
            _cast(draft, index + 1)
        case ">" | "@" | "#" | "?":
            _operator(draft, index, symbol)
        case ";":
            raise RedshiftError("cannot insert multiple commands into a prepared statement", "42601")


def _operator(draft: Draft, index: int, symbol: str) -> None:
    """PostgreSQL's operators on JSON and arrays, which begin or end with these characters."""
    before = draft[index - 1]
    adjacent = before.end == draft[index].start
    if (symbol == ">" and adjacent and before.key in ("-", "@")) or (symbol == "@" and adjacent and before.key == "<"):
        unsupported(f'the operator "{before.key}{symbol}"')
    if symbol == "#" and draft.key(index + 1) in (">", "-"):
        unsupported('the operator "#>"')


def _cast(draft: Draft, index: int) -> None:
    kind = cast_type(draft, index)
    written = draft.render(index, kind.end)
    if kind.sql != written:
        draft.replace(index, kind.sql)
        draft.remove(range(index + 1, kind.end))


def _quoted_name(draft: Draft, index: int) -> None:
    name = draft.name(index)
    if quoted(name) != draft.text(index):
        draft.replace(index, quoted(name))
    if draft.key(index + 1) == "(":
        _function(draft, index)
    elif name.upper() in CATALOG:
        _catalog(draft, index)


def _catalog(draft: Draft, index: int) -> None:
    if draft.key(index - 1) == ".":
        if _is_system(draft, index - 2):
            draft.replace(index - 2, "_dao_redshift")
    elif draft.key(index + 1) != "(" and draft.key(index - 1) != "AS":
        draft.insert_first(index, "_dao_redshift.")


def _is_system(draft: Draft, index: int) -> bool:
    return draft.is_name(index) and draft.name(index) == "pg_catalog"


def _function(draft: Draft, index: int) -> None:
    name = draft.name(index).upper()
    if draft.key(index - 1) == ".":
        if not _is_system(draft, index - 2):
            return
        if name in OURS or name in RENAMED:
            draft.remove((index - 2, index - 1))
    if name in UNSUPPORTED:
        unsupported(f"function {name.lower()}()")
    if name in RENAMED:
        draft.replace(index, RENAMED[name])
    elif name in OURS:
        draft.replace(index, f"_dao_redshift.{name.lower()}")


def _is_qualified(draft: Draft, index: int) -> bool:
    return draft.key(index - 1) in (".", "AS")


def _sysdate(draft: Draft, index: int, _frames: list[_Frame]) -> None:
    if not _is_qualified(draft, index) and draft.key(index + 1) not in (".", "("):
        draft.replace(index, "_dao_redshift.sysdate()")


def _top(draft: Draft, index: int, _frames: list[_Frame]) -> None:
    if draft.key(index - 1) not in ("SELECT", "DISTINCT", "ALL"):
        return
    if draft[index + 1].kind in (Kind.NUMBER, Kind.PARAMETER):
        last = index + 1
    elif draft.key(index + 1) == "(" and draft[index + 2].kind in (Kind.NUMBER, Kind.PARAMETER):
        last = draft.close(index + 1)
    else:
        return
    count = draft.render(index + 1, last + 1)
    draft.remove(range(index, last + 1))
    end = _end_of_select(draft, last + 1)
    if draft.key(end) in _SET_OPERATIONS:
        draft.insert_first(index - 1 - (draft.key(index - 1) != "SELECT"), "(")
        draft.insert(end, f" LIMIT {count}) ")
    else:
        draft.insert(end, f" LIMIT {count} ")


def _end_of_select(draft: Draft, index: int) -> int:
    depth = 0
    for position in range(index, len(draft)):
        word = draft.key(position)
        depth += (word == "(") - (word == ")")
        if depth < 0 or (depth == 0 and word in _SET_OPERATIONS):
            return position
    return len(draft)


def _minus(draft: Draft, index: int, _frames: list[_Frame]) -> None:
    if draft.key(index + 1) in ("SELECT", "(", "ALL") and not _is_qualified(draft, index):
        draft.replace(index, "EXCEPT")


def _approximate(draft: Draft, index: int, _frames: list[_Frame]) -> None:
    if draft.key(index + 1) in ("COUNT", "PERCENTILE_DISC"):
        draft.remove((index,))


def _as(draft: Draft, index: int, frames: list[_Frame]) -> None:
    if frames and frames[-1].call in ("CAST", "TRY_CAST") and draft[index + 1].kind is Kind.WORD:
        _cast(draft, index + 1)


def _from(draft: Draft, index: int, frames: list[_Frame]) -> None:
    """A query in FROM may have no name in Redshift; PostgreSQL 15 wants one."""
    position = index + 1
    if draft.key(position) != "(" or not _is_query(draft, position):
        return
    if frames and frames[-1].call in ("EXTRACT", "TRIM", "SUBSTRING", "OVERLAY"):
        return
    after = draft.close(position) + 1
    token = draft[after]
    if token.kind is Kind.QUOTED or token.key == "AS":
        return
    if token.kind is Kind.WORD and token.key not in _AFTER_SUBQUERY:
        return
    draft.insert_first(after, f" AS _dao_{index} ")


def _is_query(draft: Draft, opened: int) -> bool:
    """Whether a query is in the parenthesis at `opened`, and no tables that are joined."""
    if draft.key(opened + 1) in ("SELECT", "WITH", "VALUES"):
        return True
    if draft.key(opened + 1) != "(" or not _is_query(draft, opened + 1):
        return False
    return draft.key(draft.close(opened + 1) + 1) in (")", "ORDER", "LIMIT", *_SET_OPERATIONS)


_AFTER_SUBQUERY = words(
    """
    WHERE GROUP ORDER HAVING LIMIT OFFSET UNION MINUS EXCEPT INTERSECT JOIN INNER LEFT RIGHT FULL CROSS NATURAL
    ON USING QUALIFY WHEN FETCH FOR WINDOW
    """
)


def _refuse(what: str, *following: str) -> Callable[[Draft, int, list[_Frame]], None]:
    """Refuses a word, if one of `following` comes after it, if there are any."""

    def refuse(draft: Draft, index: int, _frames: list[_Frame]) -> None:
        if _is_qualified(draft, index) or (following and draft.key(index + 1) not in following):
            return
        unsupported(what)

    return refuse


def _refuse_here(what: str, *following: str) -> Callable[[Draft, int, list[_Frame]], None]:
    """The same for what Redshift has and the gateway hasn't."""

    def refuse(draft: Draft, index: int, _frames: list[_Frame]) -> None:
        if _is_qualified(draft, index) or (following and draft.key(index + 1) not in following):
            return
        raise RedshiftError(f"the local Redshift has no {what}", "0A000")

    return refuse


def _information(draft: Draft, index: int, _frames: list[_Frame]) -> None:
    if draft.key(index + 1) == "." and draft.key(index + 2) in INFORMATION and draft.key(index - 1) != ".":
        draft.replace(index, "_dao_information_schema")


def _array(draft: Draft, index: int, _frames: list[_Frame]) -> None:
    if draft.key(index + 1) == "[":
        unsupported("ARRAY[...]")
    if draft.key(index + 1) == "(":
        if draft.key(index + 2) in ("SELECT", "WITH"):
            unsupported("ARRAY(SELECT ...)")
        _function(draft, index)


def _filter(draft: Draft, index: int, _frames: list[_Frame]) -> None:
    if draft.key(index - 1) == ")" and draft.at(index, "FILTER", "(", "WHERE"):
        unsupported("FILTER (WHERE ...)")


def _distinct(draft: Draft, index: int, _frames: list[_Frame]) -> None:
    if draft.key(index - 1) == "SELECT" and draft.at(index, "DISTINCT", "ON", "("):
        unsupported("SELECT DISTINCT ON")


_WORDS: dict[str, Callable[[Draft, int, list[_Frame]], None]] = {
    "SYSDATE": _sysdate,
    "TOP": _top,
    "MINUS": _minus,
    "APPROXIMATE": _approximate,
    "AS": _as,
    "FROM": _from,
    "JOIN": _from,
    "INFORMATION_SCHEMA": _information,
    "ARRAY": _array,
    "FILTER": _filter,
    "DISTINCT": _distinct,
    "QUALIFY": _refuse_here("QUALIFY: select from a subquery that has the window function as a column"),
    "PIVOT": _refuse_here("PIVOT", "("),
    "UNPIVOT": _refuse_here("UNPIVOT", "("),
    "RETURNING": _refuse("RETURNING"),
    "LATERAL": _refuse("LATERAL"),
    "TABLESAMPLE": _refuse("TABLESAMPLE"),
    "ON": _refuse("ON CONFLICT", "CONFLICT"),
    "FOR": _refuse("FOR UPDATE or FOR SHARE", "UPDATE", "SHARE", "NO", "KEY"),
}
