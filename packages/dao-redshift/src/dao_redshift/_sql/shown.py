"""What messages show of arguments of calls: choices, names and numbers, of which none is a secret."""

from __future__ import annotations

from typing import Any

from dao.options import described

__all__ = ["shown"]

_MOST = 80


def shown(value: Any) -> str:
    """An argument for a message: a text as it is, unless it is long; anything else as an option's value.

    >>> shown("fast"), shown(7), shown(["fast"]), shown("x" * 100)
    ("'fast'", '7', 'a list', 'a text of 100 characters')
    """
    return repr(value) if isinstance(value, str) and len(value) <= _MOST else described(value)
