"""CREATE TABLE: columns and attributes as Redshift has them become PostgreSQL's table, and a record of the rest.

Syntax as of the Database Developer Guide, "CREATE TABLE" (r_CREATE_TABLE_NEW) and "CREATE TABLE AS"
(r_CREATE_TABLE_AS).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dao_redshift.testing._statements import RedshiftError, Run
from dao_redshift.testing._translate._attributes import Attributes, encoding, names_in, table_attributes
from dao_redshift.testing._translate._draft import Draft, literal, quoted, unsupported
from dao_redshift.testing._translate._tokens import Kind, words
from dao_redshift.testing._translate._types import column_type

__all__ = ["column", "create_table", "key_of", "table_name"]

_AFTER_DEFAULT = words(
    """
    IDENTITY GENERATED ENCODE DISTKEY SORTKEY COLLATE NOT NULL UNIQUE PRIMARY REFERENCES CONSTRAINT
    """
)

Expressions = Callable[[int, int], str]
"""Renders a range of tokens as an expression of PostgreSQL's."""


def table_name(draft: Draft, index: int) -> tuple[str, int]:
    """The table's name at `index`, quoted, and the index after it. A name of three parts begins with the database's.

    Raises:
        RedshiftError: if there is none.
    """
    parts = [draft.name(index)]
    while draft.key(index + 1) == ".":
        index += 2
        parts.append(draft.name(index))
    if len(parts) > 3:
        draft.wrong(index)
    return ".".join(map(quoted, parts[-2:])), index + 1


def create_table(draft: Draft, index: int, expressions: Expressions, query: Callable[[int, int], str]) -> Run:
    """What ``CREATE [TEMP] TABLE`` becomes; `index` is that of the word after ``TABLE``, or of ``TEMP``.

    Raises:
        RedshiftError: for what Redshift hasn't.
    """
    temporary = draft.key(index) in ("TEMP", "TEMPORARY")
    index = draft.expect(index + temporary, "TABLE")
    guard = draft.at(index, "IF", "NOT", "EXISTS")
    index += 3 * guard
    temporary = temporary or draft[index].kind is Kind.TEMPORARY
    table, index = table_name(draft, index)
    attributes = Attributes()
    is_query, names = _is_query(draft, index)
    body = ""
    if not is_query:
        end = draft.close(index)
        body = f"({_columns(draft, index + 1, end, attributes, expressions)})"
        index = end + 1
    elif names:
        body = f"({', '.join(map(quoted, names))})"
        index = draft.close(index) + 1
    index = table_attributes(draft, index, attributes)
    if is_query:
        index = draft.expect(index, "AS")
        body = f"{body} AS {query(index, len(draft))}"
    elif index < len(draft):
        draft.wrong(index)
    kind = "TEMPORARY TABLE" if temporary else "TABLE"
    sql = f"CREATE {kind} {'IF NOT EXISTS ' if guard else ''}{table} {body}"
    define = f"CALL _dao_redshift.define({literal(table)}::regclass, {literal(attributes.new_table())})"
    return Run(sql, after=(define,), tag="SELECT" if is_query else "CREATE TABLE")


def _is_query(draft: Draft, index: int) -> tuple[bool, list[str]]:
    """Whether an ``AS`` follows, after a list of names if there is one."""
    if draft.key(index) != "(":
        return True, []
    end = draft.close(index)
    if not all(draft.is_name(start) and stop == start + 1 for start, stop in draft.parts(index + 1, end)):
        return False, []
    return True, [draft.name(start) for start, _ in draft.parts(index + 1, end)]


def _columns(draft: Draft, start: int, end: int, attributes: Attributes, expressions: Expressions) -> str:
    items = []
    for begin, stop in draft.parts(start, end):
        word = draft.key(begin)
        if word == "LIKE":
            items.append(_like(draft, begin + 1, stop))
        elif word in ("PRIMARY", "UNIQUE", "FOREIGN", "CONSTRAINT", "CHECK") and draft[begin].kind is Kind.WORD:
            attributes.keys.append(key_of(draft, begin, stop))
        else:
            items.append(column(draft, begin, stop, attributes, expressions))
    return ", ".join(items)


def _like(draft: Draft, index: int, end: int) -> str:
    table, index = table_name(draft, index)
    defaults = draft.at(index, "INCLUDING", "DEFAULTS")
    index += 2 * (defaults or draft.at(index, "EXCLUDING", "DEFAULTS"))
    if index < end:
        draft.wrong(index)
    return f"LIKE {table} INCLUDING CONSTRAINTS{' INCLUDING DEFAULTS' if defaults else ''}"


def key_of(draft: Draft, index: int, end: int) -> dict[str, Any]:
    """The key that a table's constraint at `index` declares.

    Raises:
        RedshiftError: for a CHECK.
    """
    name = None
    if draft.key(index) == "CONSTRAINT":
        name, index = draft.name(index + 1), index + 2
    word = draft.key(index)
    if word == "CHECK":
        unsupported("a CHECK constraint")
    index = draft.expect(index, *{"PRIMARY": ("PRIMARY", "KEY"), "FOREIGN": ("FOREIGN", "KEY")}.get(word, ("UNIQUE",)))
    close = draft.close(index)
    key: dict[str, Any] = {"name": name, "kind": {"PRIMARY": "p", "FOREIGN": "f"}.get(word, "u")}
    key["columns"] = names_in(draft, index, close)
    index = close + 1
    if word == "FOREIGN":
        index = draft.expect(index, "REFERENCES")
        index = _references(draft, index, key)
    if index < end:
        draft.wrong(index)
    return key


def _references(draft: Draft, index: int, key: dict[str, Any]) -> int:
    key["foreign_table"], index = table_name(draft, index)
    key["foreign_columns"] = []
    if draft.key(index) == "(":
        close = draft.close(index)
        key["foreign_columns"] = names_in(draft, index, close)
        index = close + 1
    return index


def column(draft: Draft, index: int, end: int, attributes: Attributes, expressions: Expressions) -> str:
    """PostgreSQL's definition of the column at `index`; what else is said of it goes to `attributes`.

    Raises:
        RedshiftError: for what Redshift hasn't.
    """
    name = draft.name(index)
    kind = column_type(draft, index + 1)
    if kind.bytes is not None:
        attributes.lengths[name] = kind.bytes
    pieces = [quoted(name), kind.sql]
    if kind.sql.startswith(("varchar", "char")):
        pieces.append("COLLATE _dao_redshift.by_number")
    index = kind.end
    while index < end:
        index = _column_attribute(draft, index, end, name, pieces, attributes, expressions)
    return " ".join(pieces)


def _column_attribute(
    draft: Draft, index: int, end: int, name: str, pieces: list[str], attributes: Attributes, expressions: Expressions
) -> int:
    word = draft.key(index)
    match word:
        case "DEFAULT":
            stop = _end_of_default(draft, index + 1, end)
            pieces.append(f"DEFAULT {expressions(index + 1, stop)}")
            return stop
        case "IDENTITY":
            return _identity(draft, index, "ALWAYS", pieces)
        case "GENERATED":
            return _identity(draft, draft.expect(index, "GENERATED", "BY", "DEFAULT", "AS"), "BY DEFAULT", pieces)
        case "ENCODE":
            attributes.encodings[name] = encoding(draft, index + 1)
            return index + 2
        case "DISTKEY":
            attributes.set_distkey(name)
            return index + 1
        case "SORTKEY":
            attributes.set_sortkeys("COMPOUND", [name])
            return index + 1
        case "COLLATE":
            if draft.key(index + 1) not in ("CASE_SENSITIVE", "CS"):
                raise RedshiftError("the local Redshift has no other collation than CASE_SENSITIVE", "0A000")
            return index + 2
        case "NOT":
            pieces.append("NOT NULL")
            return draft.expect(index, "NOT", "NULL")
        case "NULL":
            return index + 1
        case "PRIMARY":
            attributes.keys.append({"name": None, "kind": "p", "columns": [name]})
            return draft.expect(index, "PRIMARY", "KEY")
        case "UNIQUE":
            attributes.keys.append({"name": None, "kind": "u", "columns": [name]})
            return index + 1
        case "REFERENCES":
            key: dict[str, Any] = {"name": None, "kind": "f", "columns": [name]}
            attributes.keys.append(key)
            return _references(draft, index + 1, key)
        case "CHECK":
            return unsupported("a CHECK constraint")
        case _:
            return draft.wrong(index)


def _end_of_default(draft: Draft, index: int, end: int) -> int:
    depth = 0
    for position in range(index, end):
        word = draft.key(position)
        depth += (word == "(") - (word == ")")
        if position > index and depth == 0 and word in _AFTER_DEFAULT:
            return position
    return end


def _identity(draft: Draft, index: int, when: str, pieces: list[str]) -> int:
    index = draft.expect(index, "IDENTITY")
    close = draft.close(index)
    numbers = [draft.sql[draft[start].start : draft[stop - 1].end] for start, stop in draft.parts(index + 1, close)]
    try:
        seed, step = (int(number) for number in numbers)
    except ValueError:
        draft.wrong(index + 1)
    bound = "MINVALUE" if step > 0 else "MAXVALUE"  # the other one is the type's
    pieces.append(f"GENERATED {when} AS IDENTITY (START WITH {seed} INCREMENT BY {step} {bound} {seed})")
    return close + 1
