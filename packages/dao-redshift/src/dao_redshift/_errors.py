"""Translates the errors of redshift_connector, and of the network below it, to DAO's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dao.errors import (
    AlreadyExistsError,
    ConflictError,
    DaoError,
    DataError,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    TransientError,
    UnsupportedError,
)

__all__ = ["is_lost", "sqlstate", "translate", "without_credentials"]

_WRONG_COUNT = "08P01"  # of bound values: a violation of the protocol after which the connection goes on
_STATES: tuple[tuple[str, type[DaoError]], ...] = (
    ("28", PermissionDeniedError),
    ("42501", PermissionDeniedError),
    ("42P01", NotFoundError),  # a table
    ("3F000", NotFoundError),  # a schema
    ("3D000", NotFoundError),  # a database
    ("42P07", ConflictError),  # another one made the table at the same time: the call looks again
    ("42P06", AlreadyExistsError),
    ("40", ConflictError),
    ("55P03", ConflictError),  # a lock that isn't waited for
    (_WRONG_COUNT, DataError),
    ("08", TransientError),
    ("53", TransientError),
    ("57P", TransientError),
    ("0A", UnsupportedError),
    ("23505", ConflictError),  # the same, in the catalog: keys of rows are not checked
    ("22", DataError),
    ("23", DataError),
    ("42703", DataError),  # a column
    ("42804", DataError),  # its type
)
"""What a SQLSTATE means, by its beginning; the first that fits counts."""

_SERIALIZABLE = re.compile(r"(?i)serializable isolation violation|could not serialize|deadlock detected")
_LOST = re.compile(r"(?i)broken ?pipe|communication error|connection is closed|connection time ?out|Server refuses SSL")
_CREDENTIALS = re.compile(
    r"(?is)((?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|CREDENTIALS|PASSWORD)\s*(?:AS\s*)?)'(?:[^'\\]|''|\\.)*'?"
    r"|(aws_(?:access_key_id|secret_access_key)|token)=[^;'\s]+"
)


def without_credentials(text: str) -> str:
    """A text of the warehouse without the credentials that a quoted statement would show.

    >>> without_credentials("syntax error near SECRET_ACCESS_KEY 'abc' FORMAT")
    "syntax error near SECRET_ACCESS_KEY '********' FORMAT"
    """

    def mask(found: re.Match[str]) -> str:
        return f"{found[1]}'********'" if found[1] is not None else f"{found[2]}=********"

    return _CREDENTIALS.sub(mask, text)


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE of what the warehouse answered; empty where it didn't."""
    return str(_fields(error).get("C", ""))


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone, so that it is unknown whether the statement was done."""
    if isinstance(error, (OSError, EOFError)) or _is_half_an_answer(error):
        return True
    if not _is_theirs(error):
        return False
    state = sqlstate(error)
    if state:
        return state.startswith(("08", "57P")) and state != _WRONG_COUNT
    return bool(_LOST.search(_text(error)))


def translate(error: BaseException) -> DaoError | None:
    """The DaoError for an error of the driver; None for any other error.

    Messages have what the warehouse said, without statements and credentials.
    """
    if isinstance(error, DaoError):
        return error
    if not _is_theirs(error):
        if isinstance(error, OSError) and type(error).__module__ in ("socket", "ssl", "builtins") and is_lost(error):
            return TransientError(f"the connection to the warehouse failed: {without_credentials(str(error))}")
        return TransientError("the connection to the warehouse was lost") if _is_half_an_answer(error) else None
    text, state = _text(error), sqlstate(error)
    if _SERIALIZABLE.search(text):
        return ConflictError(f"another transaction came first: {text}")
    if not state:
        lost = is_lost(error) and "Server refuses SSL" not in text
        return (TransientError if lost else StoreError)(f"the warehouse can't be reached: {text}")
    kind = next((meant for begin, meant in _STATES if state.startswith(begin)), StoreError)
    return kind(f"{text} (SQLSTATE {state})")


def _is_theirs(error: BaseException) -> bool:
    return any(kind.__module__ == "redshift_connector.error" for kind in type(error).__mro__)


def _is_half_an_answer(error: BaseException) -> bool:
    """Whether the driver stumbled over an answer that ends in the middle: its connection was closed meanwhile."""
    import struct

    if not isinstance(error, (struct.error, IndexError, AttributeError, ValueError)):
        return False
    step, last = error.__traceback__, ""
    while step is not None:
        last, step = step.tb_frame.f_globals.get("__name__", ""), step.tb_next
    return last == "redshift_connector.core"


def _fields(error: BaseException) -> Mapping[str, Any]:
    found = error.args[0] if error.args else None
    return found if isinstance(found, Mapping) and _is_theirs(error) else {}


def _text(error: BaseException) -> str:
    fields = _fields(error)
    if not fields:
        return without_credentials(" ".join(str(part) for part in error.args))[:2000]
    message, detail = (without_credentials(" ".join(str(fields.get(code, "")).split())) for code in "MD")
    return f"{message} ({detail})"[:2000] if detail else message[:2000]
