"""Resolution of column names: the projection ``columns=`` against a schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa

from dao.arrow.predicates._names import Names
from dao.arrow.predicates._tree import Column
from dao.errors import DataError

__all__ = ["find_names", "select_fields"]


def select_fields(schema: pa.Schema, columns: Sequence[str] | None) -> pa.Schema:
    """Project a schema: return the fields of ``columns`` in that order, or the whole schema for None.

    Names match regardless of letter case if that is unambiguous, as in predicates; fields are spelled as in the schema,
    whose metadata is preserved.

    Raises:
        DataError: a column that the schema lacks (the message has the nearest right name) or has more than once, a
            column that is listed twice, or a name that matches several columns that differ only by letter case.
    """
    if columns is None:
        return schema
    if isinstance(columns, str):
        raise DataError(f"columns: found the text {columns!r}, expected a list of column names")
    found = find_names(schema, columns, "columns")
    return pa.schema([schema.field(name) for name in found], metadata=schema.metadata)


def find_names(schema: pa.Schema, names: Sequence[str], argument: str) -> list[str]:
    """Resolve column names to the schema's spelling; letter case is ignored if that is unambiguous.

    Args:
        schema: the schema to search.
        names: the names to resolve.
        argument: the name of the caller's argument, for messages.

    Raises:
        DataError: as for :func:`select_fields`.
    """
    other = [name for name in names if not isinstance(name, str)]
    if other:
        raise DataError(f"{argument}: found {other[0]!r}, expected a list of column names")
    known = Names(schema, f"{argument}=")
    found = [known.find(Column(name))[0].path[0] for name in names]
    twice = sorted(name for name, times in Counter(found).items() if times > 1)
    if twice:
        raise DataError(f"{argument}= asks for {', '.join(map(repr, twice))} more than once: name each column once")
    return found
