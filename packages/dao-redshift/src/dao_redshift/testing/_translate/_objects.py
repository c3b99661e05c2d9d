"""Views, schemas, users, procedures: what is created, altered and dropped besides tables."""

from __future__ import annotations

from collections.abc import Callable

from dao_redshift.testing._statements import RedshiftError, Run
from dao_redshift.testing._translate._draft import Draft, unsupported
from dao_redshift.testing._translate._expressions import rewrite
from dao_redshift.testing._translate._tokens import words

__all__ = ["alter", "comment", "create", "drop", "refresh"]

_NOT_HERE = words("EXTERNAL DATASHARE MODEL LIBRARY IDENTITY MASKING RLS FUNCTION DATABASE SECRET TEMPLATE")
"""What Redshift has and the gateway hasn't."""

_DROPPED = words("TABLE VIEW SCHEMA PROCEDURE USER GROUP ROLE MATERIALIZED")
_ALTERED = words("SCHEMA USER GROUP ROLE PROCEDURE")

Expressions = Callable[[int, int], str]


def _refuse(draft: Draft, index: int) -> None:
    what = draft.key(index)
    if what in _NOT_HERE:
        raise RedshiftError(f"the local Redshift has no {draft.key(0)} {what}", "0A000")
    unsupported(f"{draft.key(0)} {what or draft.text(index)}")


def create(draft: Draft, expressions: Expressions) -> Run:
    """What CREATE of anything but a table becomes.

    Raises:
        RedshiftError: for what Redshift hasn't, or the gateway hasn't.
    """
    index = 1 + 2 * draft.at(1, "OR", "REPLACE")
    match draft.key(index):
        case "VIEW":
            return _view(draft, index, expressions)
        case "MATERIALIZED":
            return _materialized(draft, index, expressions)
        case "SCHEMA":
            return _schema(draft, index)
        case "USER" | "GROUP" | "ROLE":
            rewrite(draft, index, len(draft))
            return Run(draft.render())
        case "PROCEDURE":
            return _procedure(draft)
        case _:
            _refuse(draft, index)
            raise AssertionError


def _view(draft: Draft, index: int, expressions: Expressions) -> Run:
    late = draft.at(len(draft) - 4, "WITH", "NO", "SCHEMA", "BINDING")
    if late:
        raise RedshiftError("the local Redshift has no views WITH NO SCHEMA BINDING", "0A000")
    start = index + 1
    while index < len(draft) and draft.key(index) != "AS":
        index += 1
    rewrite(draft, start, index)
    return Run(f"{draft.render(0, index)} AS {expressions(draft.expect(index, 'AS'), len(draft))}")


def _materialized(draft: Draft, index: int, expressions: Expressions) -> Run:
    """The options before AS say how Redshift stores and refreshes it."""
    index = draft.expect(index, "MATERIALIZED", "VIEW") + 1
    while draft.key(index) == ".":
        index += 2
    start = index
    while index < len(draft) and draft.key(index) != "AS":
        index = draft.close(index) + 1 if draft.key(index) == "(" else index + 1
    options = {draft.key(position) for position in range(start, index)}
    if "YES" in options and "REFRESH" in options:
        raise RedshiftError("the local Redshift has no AUTO REFRESH", "0A000")
    rewrite(draft, 1, start)
    return Run(f"{draft.render(0, start)} AS {expressions(draft.expect(index, 'AS'), len(draft))}")


def _schema(draft: Draft, index: int) -> Run:
    if any(draft.key(position) == "QUOTA" for position in range(index, len(draft))):
        raise RedshiftError("the local Redshift has no QUOTA", "0A000")
    rewrite(draft, index, len(draft))
    return Run(draft.render())


def _procedure(draft: Draft) -> Run:
    raise RedshiftError("the local Redshift has no CREATE PROCEDURE", "0A000")


def drop(draft: Draft) -> Run:
    """What DROP becomes.

    Raises:
        RedshiftError: for what Redshift hasn't, or the gateway hasn't.
    """
    if draft.key(1) not in _DROPPED:
        _refuse(draft, 1)
    rewrite(draft, 1, len(draft))
    return Run(draft.render() if draft.changed else draft.sql)


def alter(draft: Draft) -> Run:
    """What ALTER of anything but a table becomes.

    Raises:
        RedshiftError: for what Redshift hasn't, or the gateway hasn't.
    """
    if draft.key(1) not in _ALTERED or any(draft.key(index) == "QUOTA" for index in range(len(draft))):
        _refuse(draft, 1)
    rewrite(draft, 1, len(draft))
    return Run(draft.render())


def comment(draft: Draft, _session: object) -> Run:
    """What COMMENT ON becomes.

    Raises:
        RedshiftError: for objects that Redshift hasn't.
    """
    draft.expect(1, "ON")
    if draft.key(2) not in ("TABLE", "COLUMN", "VIEW", "SCHEMA", "DATABASE", "CONSTRAINT"):
        _refuse(draft, 2)
    rewrite(draft, 2, len(draft))
    return Run(draft.render())


def refresh(draft: Draft, _session: object) -> Run:
    """What REFRESH MATERIALIZED VIEW becomes.

    Raises:
        RedshiftError: for other statements.
    """
    index = draft.expect(1, "MATERIALIZED", "VIEW")
    rewrite(draft, index, len(draft))
    return Run(draft.render())
