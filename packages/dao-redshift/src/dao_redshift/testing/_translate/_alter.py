"""ALTER TABLE; as of the Database Developer Guide, "ALTER TABLE" (r_ALTER_TABLE) and "ALTER TABLE APPEND"
(r_ALTER_TABLE_APPEND).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dao_redshift.testing._statements import RedshiftError, Run
from dao_redshift.testing._translate._attributes import Attributes, encoding, sortkey
from dao_redshift.testing._translate._create import column, key_of, table_name
from dao_redshift.testing._translate._draft import Draft, literal, quoted, unsupported
from dao_redshift.testing._translate._session import Session
from dao_redshift.testing._translate._types import column_type

__all__ = ["alter_table"]

Expressions = Callable[[int, int], str]
TAG = "ALTER TABLE"


def alter_table(draft: Draft, session: Session, expressions: Expressions) -> Run:
    """What ``ALTER TABLE name ...`` becomes.

    Raises:
        RedshiftError: for what Redshift hasn't.
    """
    table, index = table_name(draft, draft.expect(0, "ALTER", "TABLE"))
    match draft.key(index):
        case "ADD":
            return _add(draft, index + 1, table, expressions)
        case "DROP":
            return _drop(draft, index + 1, table)
        case "RENAME":
            return _rename(draft, index + 1, table)
        case "OWNER":
            owner = draft.name(draft.expect(index, "OWNER", "TO"))
            return _ended(draft, index + 3, Run(f"ALTER TABLE {table} OWNER TO {quoted(owner)}"))
        case "APPEND":
            return _append(draft, index + 1, table, session)
        case "ALTER":
            return _alter(draft, index, table, session)
        case _:
            return draft.wrong(index)


def _ended(draft: Draft, index: int, run: Run) -> Run:
    if index < len(draft):
        draft.wrong(index)
    return run


def _call(procedure: str, table: str, *arguments: str) -> str:
    return f"CALL _dao_redshift.{procedure}({', '.join([f'{literal(table)}::regclass', *arguments])})"


def _json(value: dict[str, Any]) -> str:
    return f"{literal(json.dumps(value))}::jsonb"


def _add(draft: Draft, index: int, table: str, expressions: Expressions) -> Run:
    if draft.key(index) in ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK"):
        return Run(_call("add_key", table, _json(key_of(draft, index, len(draft)))), tag=TAG)
    index += draft.key(index) == "COLUMN"
    if len(draft.parts(index, len(draft))) > 1:
        unsupported("ALTER TABLE with several columns to add")
    attributes = Attributes()
    definition = column(draft, index, len(draft), attributes, expressions)
    if attributes.distkey or attributes.sortkeys or attributes.keys or " AS IDENTITY " in definition:
        unsupported("an added column with DISTKEY, SORTKEY, IDENTITY or a key")
    words = [draft.key(position) for position in range(index, len(draft))]
    if "NOT" in words and "DEFAULT" not in words:
        raise RedshiftError(
            "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression", "0A000"
        )
    recorded = {"encodings": attributes.encodings, "lengths": attributes.lengths}
    after = _call("column_added", table, literal(draft.name(index)), _json(recorded))
    return Run(f"ALTER TABLE {table} ADD COLUMN {definition}", after=(after,))


def _drop(draft: Draft, index: int, table: str) -> Run:
    if draft.key(index) == "CONSTRAINT":
        end = index + 2 + (draft.key(index + 2) in ("RESTRICT", "CASCADE"))
        return _ended(draft, end, Run(_call("drop_key", table, literal(draft.name(index + 1))), tag=TAG))
    index += draft.key(index) == "COLUMN"
    name, behaviour = draft.name(index), draft.key(index + 1)
    end = index + 1 + (behaviour in ("RESTRICT", "CASCADE"))
    sql = f"ALTER TABLE {table} DROP COLUMN {quoted(name)} {behaviour}"
    return _ended(draft, end, Run(sql, before=(_call("check_drop", table, literal(name)),)))


def _rename(draft: Draft, index: int, table: str) -> Run:
    if draft.key(index) == "TO":
        return _ended(draft, index + 2, Run(f"ALTER TABLE {table} RENAME TO {quoted(draft.name(index + 1))}"))
    index += draft.key(index) == "COLUMN"
    old = draft.name(index)
    new = draft.name(draft.expect(index + 1, "TO"))
    after = _call("column_renamed", table, literal(old), literal(new))
    return _ended(
        draft, index + 3, Run(f"ALTER TABLE {table} RENAME COLUMN {quoted(old)} TO {quoted(new)}", after=(after,))
    )


def _append(draft: Draft, index: int, table: str, session: Session) -> Run:
    if session.in_transaction:
        raise RedshiftError("ALTER TABLE APPEND cannot run inside a transaction block", "25001")
    source, index = table_name(draft, draft.expect(index, "FROM"))
    ignore, fill = draft.key(index) == "IGNOREEXTRA", draft.key(index) == "FILLTARGET"
    arguments = (f"{literal(source)}::regclass", str(ignore), str(fill))
    return _ended(draft, index + (ignore or fill), Run(_call("append", table, *arguments), tag="ALTER TABLE APPEND"))


def _alter(draft: Draft, index: int, table: str, session: Session) -> Run:
    attributes = Attributes()
    recorded: dict[str, Any] = {}
    for start, stop in draft.parts(index, len(draft)):
        position = draft.expect(start, "ALTER")
        if draft.key(position) == "COLUMN" and draft.key(position + 2) == "TYPE":
            if stop < len(draft) or start > index:
                unsupported("ALTER COLUMN TYPE with other changes")
            return _resize(draft, position + 1, table, session)
        end = _attribute(draft, position, attributes, recorded)
        if end < stop:
            draft.wrong(end)
    return Run(_call("redefine", table, _json(recorded)), tag=TAG)


def _attribute(draft: Draft, index: int, attributes: Attributes, recorded: dict[str, Any]) -> int:
    match draft.key(index):
        case "COLUMN":
            name = draft.name(index + 1)
            position = draft.expect(index + 2, "ENCODE")
            recorded.setdefault("encodings", {})[name] = encoding(draft, position)
            return position + 1
        case "DISTKEY":
            recorded |= {"diststyle": "KEY", "distkey": draft.name(index + 1)}
            return index + 2
        case "DISTSTYLE":
            return _diststyle(draft, index + 1, recorded)
        case "ENCODE":
            return draft.expect(index, "ENCODE", "AUTO")
        case "COMPOUND" | "SORTKEY" | "INTERLEAVED":
            if draft.key(index) == "INTERLEAVED":
                unsupported("ALTER TABLE to an interleaved sort key")
            end = sortkey(draft, index, attributes)
            recorded |= {"sortstyle": attributes.sortstyle, "sortkeys": attributes.sortkeys}
            return end
        case _:
            return draft.wrong(index)


def _diststyle(draft: Draft, index: int, recorded: dict[str, Any]) -> int:
    style = draft.key(index)
    if style == "KEY":
        recorded |= {"diststyle": "KEY", "distkey": draft.name(draft.expect(index + 1, "DISTKEY"))}
        return index + 3
    if style not in ("ALL", "EVEN", "AUTO"):
        draft.wrong(index)
    recorded |= {"diststyle": style, "distkey": None}
    return index + 1


def _resize(draft: Draft, index: int, table: str, session: Session) -> Run:
    name, kind = draft.name(index), column_type(draft, index + 2)
    if session.in_transaction:
        raise RedshiftError("ALTER TABLE ALTER COLUMN cannot run inside a transaction block", "25001")
    if not kind.sql.startswith("varchar("):
        raise RedshiftError(f'ALTER COLUMN TYPE: the type of column "{name}" can only become a wider VARCHAR', "0A000")
    size = kind.sql.removeprefix("varchar(").removesuffix(")")
    return _ended(draft, kind.end, Run(_call("resize", table, literal(name), size), tag=TAG))
