"""Checks of properties that take a parser: conditions and schemas.

Arrow and the SQL parser are imported only for a catalog that has such a property.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from dao.errors import DataError, PluginError

__all__ = ["parse_problem"]

_CONDITIONS = ("where", "delete_when")


def parse_problem(name: str, value: Any) -> str:
    """What is wrong with a condition or a schema; empty if nothing is, or if its parser isn't installed.

    >>> parse_problem("schema", {"id": "int46"})
    "column 'id': 'int46' is not a type: did you mean 'int64' or 'int16' or 'int'?"
    """
    if value is None or name not in (*_CONDITIONS, "schema"):
        return ""
    try:
        if name in _CONDITIONS:
            from dao.arrow.predicates import parse

            parse(value)
        else:
            _check_schema(value)
    except DataError as error:
        return error.message
    except (ModuleNotFoundError, PluginError):  # a call says what it needs
        return ""
    return ""


def _check_schema(value: Any) -> None:
    named = list(_types(value)) if isinstance(value, Mapping) else []
    if not named or not all(isinstance(kind, str) for _, kind in named):
        from dao.arrow.models import schema_of

        schema_of(value)
    for column, kind in named:
        if isinstance(kind, str) and (problem := _type_problem(kind)):
            raise DataError(f"column {column!r}: {problem}")


def _types(columns: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """The columns and fields with their types; None for a name that is no text."""
    for name, kind in columns.items():
        if isinstance(kind, Mapping) and kind and isinstance(name, str):
            yield from _types(kind)
        else:
            yield name, kind if isinstance(name, str) else None


@lru_cache(maxsize=4096)
def _type_problem(kind: str) -> str:
    """What is wrong with the name of a type; the tables of a catalog have many columns of few types."""
    from dao.arrow.models import parse_type

    try:
        parse_type(kind)
    except DataError as error:
        return error.message
    return ""
