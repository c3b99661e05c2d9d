"""What a transaction does to a table, for dialects that keep it beside the transaction's mark."""

from __future__ import annotations

from attrs import frozen

from dao.results import WriteResult

__all__ = ["UNCHANGED", "Done"]

UNCHANGED = WriteResult(rows_inserted=0, rows_updated=0, rows_deleted=0)
"""The result of a change that found nothing to do."""


@frozen
class Done:
    """What a transaction does to a table.

    Attributes:
        operation: what it is: ``create``, ``append``, ``overwrite``, ``upsert``, ``delete``, ``drop`` or ``move``.
        table: the table's name, afterwards.
        source: the name that it had before a move.
        result: what the caller gets for it.
    """

    operation: str
    table: str
    source: str | None = None
    result: WriteResult = UNCHANGED
