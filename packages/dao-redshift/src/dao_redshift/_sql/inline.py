"""A statement with its values written into the text: for UNLOAD and DECLARE CURSOR, which take no bound values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from dao.errors import DataError, UnsupportedError
from dao_redshift._sql.texts import text

__all__ = ["check_count", "inlined", "literal"]

_TOKEN = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"]|\"\")*\"|\$(\d+)", re.DOTALL)
"""A text, a name or a placeholder: placeholders count outside of the others alone."""


def check_count(sql: str, values: Sequence[Any]) -> None:
    """Refuse values that no placeholder stands for, which the warehouse would take and ignore.

    Raises:
        DataError: there are such.
    """
    most = max((int(number) for number in re.findall(r"\$(\d+)", sql)), default=0)
    if len(values) > most:
        raise DataError(
            f"parameters: found {len(values)} values, and the last placeholder of the query is number {most}"
        )


def inlined(sql: str, values: Sequence[Any]) -> str:
    """The text of a statement with ``$1``, ``$2``... replaced by literals.

    Raises:
        DataError: a value has no literal, such as a text with a NUL.
        UnsupportedError: a value is of a type that has none.

    >>> inlined('SELECT "$1" FROM t WHERE a = $1 AND b = \\'$2\\' AND c = $2', ["it's", 3])
    'SELECT "$1" FROM t WHERE a = \\'it\\'\\'s\\' AND b = \\'$2\\' AND c = 3'
    """

    def put(found: re.Match[str]) -> str:
        return found[0] if found[1] is None else literal(values[int(found[1]) - 1])

    return _TOKEN.sub(put, sql)


def literal(value: Any) -> str:
    """A value as SQL text of its own type.

    Raises:
        DataError: it is a text that can't be one in Redshift.
        UnsupportedError: its type has no literal.
    """
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int):
        return f"({value})" if value < 0 else str(value)
    if isinstance(value, float):
        return f"CAST('{value!r}' AS DOUBLE PRECISION)"
    if isinstance(value, Decimal) and value.is_finite():
        return f"({value:f})" if value.is_signed() else f"{value:f}"
    if isinstance(value, bytes):
        return f"FROM_HEX('{value.hex()}')"
    if isinstance(value, (date, time)):
        return f"CAST('{value.isoformat().replace('T', ' ')}' AS {_type_of(value)})"
    raise UnsupportedError(f"a value of the type {type(value).__name__} can't be written into a statement")


def _type_of(value: date | time) -> str:
    if isinstance(value, datetime):
        return "TIMESTAMP" if value.tzinfo is None else "TIMESTAMPTZ"
    return "TIME" if isinstance(value, time) else "DATE"
