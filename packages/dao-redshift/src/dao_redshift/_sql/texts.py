"""The one way by which names and texts get into SQL, where no value can be bound.

Redshift takes a backslash in a literal for an escape, so it is doubled; the same text means the same in PostgreSQL with
``standard_conforming_strings = off``.
"""

from __future__ import annotations

from dao.errors import DataError

__all__ = ["name", "qualified", "text"]

_LONGEST_NAME = 127


def name(value: str) -> str:
    """An identifier, quoted.

    Raises:
        DataError: it is empty, longer than 127 bytes, or has a NUL or half a surrogate pair.

    >>> print(name('my "best" column'))
    "my ""best"" column"
    """
    try:
        length = len(value.encode())
    except UnicodeEncodeError:
        raise DataError(f"the name {value!r} is no Unicode text") from None
    if not 1 <= length <= _LONGEST_NAME or "\0" in value:
        raise DataError(f"the name {value!r}: Redshift's names have 1 to {_LONGEST_NAME} bytes and no NUL")
    return '"' + value.replace('"', '""') + '"'


def qualified(*parts: str | None) -> str:
    """A name with those before it, such as a schema's.

    >>> qualified("gold", "orders"), qualified(None, "#staged")
    ('"gold"."orders"', '"#staged"')
    """
    return ".".join(name(part) for part in parts if part is not None)


def text(value: str) -> str:
    r"""A text literal.

    Raises:
        DataError: it has a NUL or half a surrogate pair.

    >>> print(text("it's a \\"))
    'it''s a \\'
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        raise DataError(f"{value!r} is no Unicode text") from None
    if "\0" in value:
        raise DataError(f"{value!r}: Redshift's texts have no NUL")
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
