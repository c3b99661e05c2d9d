"""Transactions, TRUNCATE, VACUUM, ANALYZE, GRANT and REVOKE."""

from __future__ import annotations

from dao_redshift.testing._statements import RedshiftError, Run
from dao_redshift.testing._translate._attributes import names_in
from dao_redshift.testing._translate._create import table_name
from dao_redshift.testing._translate._draft import Draft, quoted, unsupported
from dao_redshift.testing._translate._expressions import rewrite
from dao_redshift.testing._translate._session import Session

__all__ = ["analyze", "grant", "transaction", "truncate", "vacuum"]

_VACUUMS = (("FULL",), ("SORT", "ONLY"), ("DELETE", "ONLY"), ("REINDEX",), ("RECLUSTER",))
_LEVELS = (("READ", "UNCOMMITTED"), ("READ", "COMMITTED"), ("REPEATABLE", "READ"), ("SERIALIZABLE",))


def transaction(draft: Draft, _session: Session) -> Run:
    """BEGIN, COMMIT and so on. Every level of isolation is SERIALIZABLE in Redshift, by whatever name; see "BEGIN"
    (r_BEGIN).

    Raises:
        RedshiftError: for savepoints.
    """
    first, words = draft.key(0), [draft.key(index) for index in range(1, len(draft))]
    if first == "START":
        draft.expect(1, "TRANSACTION")
    if words[:1] in (["WORK"], ["TRANSACTION"]):
        words = words[1:]
    if words[:1] == ["TO"]:
        unsupported("ROLLBACK TO SAVEPOINT")
    if first not in ("BEGIN", "START"):
        if words:
            draft.wrong(len(draft) - len(words))
        return Run({"END": "COMMIT", "ABORT": "ROLLBACK"}.get(first, first))
    return Run(f"BEGIN{_modes(draft, words)}")


def _modes(draft: Draft, words: list[str]) -> str:
    modes = ""
    start = len(draft) - len(words)
    index = start
    while index < len(draft):
        if draft.at(index, "ISOLATION", "LEVEL"):
            level = next((level for level in _LEVELS if draft.at(index + 2, *level)), None)
            if level is None:
                draft.wrong(index + 2)
            index += 2 + len(level)
        elif draft.at(index, "READ", "ONLY") or draft.at(index, "READ", "WRITE"):
            modes += f" READ {draft.key(index + 1)}"
            index += 2
        elif draft.key(index) == "," and index > start:
            index += 1
        else:
            draft.wrong(index)
    return modes


def truncate(draft: Draft, session: Session) -> Run:
    """TRUNCATE, which commits the transaction that it is in; see "TRUNCATE" (r_TRUNCATE).

    Raises:
        RedshiftError: for what PostgreSQL has besides.
    """
    table, end = table_name(draft, 1 + (draft.key(1) == "TABLE"))
    if end < len(draft):
        draft.wrong(end)
    return Run(f"TRUNCATE TABLE {table}", after=("COMMIT",) if session.in_transaction else (), tag="TRUNCATE TABLE")


def vacuum(draft: Draft, session: Session) -> Run:
    """VACUUM in all of Redshift's forms is PostgreSQL's own; see "VACUUM" (r_VACUUM_command).

    Raises:
        RedshiftError: within a transaction.
    """
    if session.in_transaction:
        raise RedshiftError("VACUUM cannot run inside a transaction block", "25001")
    index = 1
    for words in _VACUUMS:
        if draft.at(index, *words):
            index += len(words)
            break
    table = ""
    if index < len(draft) and draft.key(index) != "BOOST":
        table, index = table_name(draft, index)
    if draft.key(index) == "TO":
        index = draft.expect(index + 2, "PERCENT")
    index += draft.key(index) == "BOOST"
    if index < len(draft):
        draft.wrong(index)
    return Run(f"VACUUM {table}", tag="VACUUM")


def analyze(draft: Draft, _session: Session) -> Run:
    """ANALYZE; see "ANALYZE" (r_ANALYZE).

    Raises:
        RedshiftError: for ANALYZE COMPRESSION.
    """
    if draft.key(1) == "COMPRESSION":
        raise RedshiftError("the local Redshift has no ANALYZE COMPRESSION", "0A000")
    index, target = 1 + (draft.key(1) == "VERBOSE"), ""
    if index < len(draft) and draft.key(index) not in ("PREDICATE", "ALL"):
        target, index = table_name(draft, index)
        if draft.key(index) == "(":
            close = draft.close(index)
            target += f" ({', '.join(map(quoted, names_in(draft, index, close)))})"
            index = close + 1
    if draft.key(index) in ("PREDICATE", "ALL"):
        index = draft.expect(index + 1, "COLUMNS")
    if index < len(draft):
        draft.wrong(index)
    return Run(f"ANALYZE {target}", tag="ANALYZE")


def grant(draft: Draft, _session: Session) -> Run:
    """GRANT and REVOKE, of privileges that PostgreSQL has too; see "GRANT" (r_GRANT).

    Raises:
        RedshiftError: for datashares, ASSUMEROLE and others that the gateway hasn't.
    """
    words = {draft.key(index) for index in range(1, len(draft))}
    for absent in (
        "DATASHARE",
        "ASSUMEROLE",
        "MODEL",
        "LANGUAGE",
        "EXTERNAL",
        "SHARE",
        "ALTER",
        "MASKING",
        "RLS",
        "JOB",
    ):
        if absent in words:
            raise RedshiftError(f"the local Redshift has no {draft.key(0)} with {absent}", "0A000")
    rewrite(draft, 1, len(draft))
    receiving = False
    for index in range(1, len(draft)):
        if draft.key(index) in ("TO", "FROM"):
            receiving = True
        elif draft.key(index) in ("ROLE", "GROUP") and draft.is_name(index + 1) and (receiving or index == 1):
            draft.remove((index,))
        elif draft.key(index) == "DROP" and draft.key(index - 1) in ("GRANT", "REVOKE", ","):
            raise RedshiftError(f"the local Redshift has no {draft.key(0)} of DROP", "0A000")
    return Run(draft.render())
