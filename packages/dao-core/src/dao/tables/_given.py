"""The columns of rows that are handed in, for checks of names before anything is read or written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from dao.arrow.convert import find_names, to_reader

__all__ = ["check_names_given", "given_columns"]


def given_columns(data: Any, schema: pa.Schema | None = None) -> pa.Schema | None:
    """Return the columns of rows that are handed in, where neither a stream nor another library is asked for them.

    Args:
        data: what was handed in: Arrow data or a list of rows.
        schema: the declared schema, which the rows are cast to.

    Returns:
        The columns; None where they aren't known yet, as of another library's frame, which may have to be computed,
        and for Arrow data without columns, with which copies are planned.

    Raises:
        DataError: rows of a list that have no common columns, or that the schema doesn't fit.

    >>> given_columns([{"id": 1}]), given_columns(iter([]))
    (id: int64, None)
    """
    if isinstance(data, (pa.Table, pa.RecordBatch)):
        data = data.slice(0, 0)
    elif isinstance(data, pa.RecordBatchReader):
        data = data.schema.empty_table()
    elif not isinstance(data, list):
        return None
    if isinstance(data, (pa.Table, pa.RecordBatch)) and not data.schema.names:
        return None
    return to_reader(data, schema=schema).schema


def check_names_given(columns: pa.Schema | None, **arguments: str | Sequence[str] | None) -> None:
    """Check that the names in some arguments are columns of the rows that are handed in.

    Args:
        columns: of :func:`given_columns`; where they aren't known, nothing is checked.
        arguments: the names, by argument.

    Raises:
        DataError: a name that is no column's; the message names the argument, and what is near.

    >>> check_names_given(given_columns([{"id": 1}]), keys="id", order_by=["ts"])
    Traceback (most recent call last):
    dao.errors.DataError: order_by= asks for the column 'ts', which doesn't exist: known: 'id'
    """
    if columns is None:
        return
    for argument, names in arguments.items():
        find_names(columns, [names] if isinstance(names, str) else names or (), argument)
