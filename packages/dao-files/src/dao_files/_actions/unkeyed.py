"""Refusals of calls that take no idempotency key or position: of files, of bytes, and of the removal of objects."""

from __future__ import annotations

from dao.errors import UnsupportedError

__all__ = ["refuse_keyed_bytes", "refuse_keyed_file", "refuse_keyed_removal", "refuse_position"]


def refuse_position(position: object, key: str) -> None:
    """Refuse a position for what has no log: the single file at ``key``, bytes and files.

    Raises:
        UnsupportedError: there is a position.
    """
    if position is not None:
        raise UnsupportedError(
            f"position= is kept in a table's log, and {key!r} is written as files, which have none: a TableObject has "
            "one"
        )


def refuse_keyed_file(idempotency_key: str | None, key: str) -> None:
    """Refuse an idempotency key for the single file at ``key``, which has no log to remember it.

    Raises:
        UnsupportedError: there is an idempotency key.
    """
    if idempotency_key is not None:
        raise UnsupportedError(
            f"idempotency_key= asks for a change that is done once, and {key!r} is one file, which has no log that "
            "would remember it: a TableObject has one"
        )


def refuse_keyed_bytes(idempotency_key: str | None) -> None:
    """Refuse an idempotency key for files and bytes, which are written unchanged.

    Raises:
        UnsupportedError: there is an idempotency key.
    """
    if idempotency_key is not None:
        raise UnsupportedError("idempotency_key= is for rows of a table, and bytes and files are written as they are")


def refuse_keyed_removal(idempotency_key: str | None) -> None:
    """Refuse an idempotency key for the removal of a whole object, with which the log would go that remembers it.

    Raises:
        UnsupportedError: there is an idempotency key.
    """
    if idempotency_key is not None:
        raise UnsupportedError(
            "idempotency_key= needs where=: a table that is deleted whole takes the log with it that would remember "
            "the key; deleting it again is a NotFoundError"
        )
