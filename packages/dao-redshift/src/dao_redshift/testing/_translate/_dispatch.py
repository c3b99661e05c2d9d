"""Which statement it is, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import evolve

from dao_redshift.testing._bulk import parse_copy, parse_unload
from dao_redshift.testing._statements import RedshiftError, Run, Statement
from dao_redshift.testing._translate import _alter, _create, _maintenance, _merge, _objects, _settings
from dao_redshift.testing._translate._aliases import repeat_aliases
from dao_redshift.testing._translate._draft import Draft, unsupported
from dao_redshift.testing._translate._expressions import rewrite_query
from dao_redshift.testing._translate._session import Session, folds_names
from dao_redshift.testing._translate._tokens import words

__all__ = ["translate"]

_LONG = 2000
_PLAIN_INSERT = re.compile(
    r"""\s*INSERT\s+INTO\s+[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?\s*(?:\([a-z0-9_,\s]++\))?\s*VALUES
    (?:[(),\s]++ | '(?:[^'\\]++|\\.|'')*+'(?!\s*::) | [-+]?[0-9]++(?:\.[0-9]*+)?(?:e[-+]?[0-9]++)?(?![\w.]) |
    \$[0-9]++(?!\w)
       | (?:NULL|TRUE|FALSE|DEFAULT)(?!\w))++;?""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE | re.ASCII,
)
"""An INSERT of many constants, which is the same in PostgreSQL: cutting it into tokens would take longer than
running it.
"""


def translate(sql: str, session: Session) -> Statement:
    """What one statement of a client's becomes.

    Text within strings stays as it is; so do the names of quoted identifiers, but for upper-case letters as long as
    ``enable_case_sensitive_identifier`` is off. Parameters keep their numbers.

    Args:
        sql: one statement, with a semicolon or without.
        session: the client's, whose settings a SET changes.

    Raises:
        RedshiftError: for what Redshift hasn't, and for what the gateway hasn't.

    >>> from types import SimpleNamespace
    >>> session = SimpleNamespace(settings={}, in_transaction=False)
    >>> translate("SELECT TOP 5 nvl(a, 'top 3') FROM #stage", session).sql
    'SELECT coalesce(a, \\'top 3\\') FROM "#stage" LIMIT 5 '
    """
    if len(sql) > _LONG and _PLAIN_INSERT.fullmatch(sql):
        return Run(sql)
    draft = Draft(sql, folds_names(session))
    if not len(draft):
        return Run(sql)
    first = "SELECT" if draft.key(0) == "(" else draft.key(0)
    handler = _STATEMENTS.get(first)
    if handler is None:
        if first in _ABSENT:
            unsupported(first)
        if first in _NOT_HERE:
            raise RedshiftError(f"the local Redshift has no {first}", "0A000")
        draft.wrong(0)
    return handler(draft, session)


def _query(draft: Draft, _session: Session) -> Run:
    rewrite_query(draft, 0, len(draft))
    repeat_aliases(draft)
    return Run(draft.render() if draft.changed else draft.sql)


def _insert(draft: Draft, session: Session) -> Run:
    if any(draft.at(index, "OVERRIDING") for index in range(2, min(len(draft), 400))):
        unsupported("OVERRIDING")
    return _query(draft, session)


def _explain(draft: Draft, session: Session) -> Run:
    if draft.key(1) in ("ANALYZE", "("):
        unsupported("EXPLAIN with options")
    return _query(draft, session)


def expressions(draft: Draft) -> Callable[[int, int], str]:
    """Renders ranges of `draft` as PostgreSQL's expressions."""

    def rendered(start: int, end: int) -> str:
        rewrite_query(draft, start, end)
        return draft.render(start, end)

    return rendered


def _create_statement(draft: Draft, _session: Session) -> Statement:
    index = 1 + (draft.key(1) == "LOCAL")
    if draft.key(index) in ("TABLE", "TEMP", "TEMPORARY"):
        return _create.create_table(draft, index, expressions(draft), expressions(draft))
    return _objects.create(draft, expressions(draft))


def _alter_statement(draft: Draft, session: Session) -> Statement:
    if draft.key(1) == "TABLE":
        return _alter.alter_table(draft, session, expressions(draft))
    if draft.at(1, "DEFAULT", "PRIVILEGES"):
        return _maintenance.grant(draft, session)
    return _objects.alter(draft)


def _merge_statement(draft: Draft, _session: Session) -> Statement:
    return _merge.merge(draft, expressions(draft))


def _copy(draft: Draft, _session: Session) -> Statement:
    return parse_copy(draft.sql)


def _unload(draft: Draft, session: Session) -> Statement:
    """The query is the client's SQL in turn."""
    found = parse_unload(draft.sql)
    inner = Draft(found.query, folds_names(session))
    if inner.key(0) not in ("SELECT", "WITH", "("):
        raise RedshiftError("UNLOAD takes a query that begins with SELECT or WITH", "42601")
    return evolve(found, query=_query(inner, session).sql)


def _drop(draft: Draft, _session: Session) -> Statement:
    return _objects.drop(draft)


def _truncate(draft: Draft, session: Session) -> Statement:
    return _maintenance.truncate(draft, session)


_STATEMENTS: dict[str, Callable[[Draft, Session], Statement]] = {
    **dict.fromkeys(("SELECT", "WITH", "UPDATE", "DELETE", "CALL", "LOCK", "DECLARE", "FETCH", "CLOSE"), _query),
    **dict.fromkeys(("PREPARE", "EXECUTE", "DEALLOCATE"), _query),
    "INSERT": _insert,
    "EXPLAIN": _explain,
    "CREATE": _create_statement,
    "ALTER": _alter_statement,
    "DROP": _drop,
    "MERGE": _merge_statement,
    "COPY": _copy,
    "UNLOAD": _unload,
    "TRUNCATE": _truncate,
    "SET": _settings.set_parameter,
    "RESET": _settings.reset,
    "SHOW": _settings.show,
    "VACUUM": _maintenance.vacuum,
    "ANALYZE": _maintenance.analyze,
    "ANALYSE": _maintenance.analyze,
    "GRANT": _maintenance.grant,
    "REVOKE": _maintenance.grant,
    "COMMENT": _objects.comment,
    "REFRESH": _objects.refresh,
    **dict.fromkeys(("BEGIN", "START", "COMMIT", "END", "ABORT", "ROLLBACK"), _maintenance.transaction),
}
_NOT_HERE = words("CANCEL USE ATTACH DETACH")
_ABSENT = words(
    """
    SAVEPOINT RELEASE LISTEN NOTIFY UNLISTEN DO DISCARD CLUSTER REINDEX CHECKPOINT LOAD SECURITY IMPORT REASSIGN
    VALUES TABLE
    """
)
