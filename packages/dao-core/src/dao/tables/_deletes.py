"""The rows of an upsert's source that delete: ``delete_when=``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from dao.arrow.convert import find_names
from dao.arrow.predicates import filter_table, parse
from dao.tables._matching import numbers

__all__ = ["CHANGE_COLUMNS", "Split", "split_deletes"]

CHANGE_COLUMNS = ("_change_type", "_version", "_timestamp")
"""The columns that ``read_changes`` appends to the table's own, in this order: string, int64, timestamp[us, UTC]."""

_ROW = "__dao_row"


@frozen
class Split:
    """The rows of an upsert's source, by what they do. A key is in one of the two only.

    Attributes:
        rows: those that are stored, with the columns that are.
        deletes: those whose key is deleted where it is stored, with the columns of ``keys`` and ``order_by`` alone: the
            others may hold what the table couldn't.
    """

    rows: pa.Table
    deletes: pa.Table


def split_deletes(
    source: pa.Table,
    delete_when: Any,
    stored: pa.Schema | None,
    keys: Sequence[str],
    order_by: Sequence[str] = (),
) -> Split:
    """Split an upsert's source into the rows to store and those that delete.

    Args:
        source: the rows, one per key, as :func:`winners` gives them.
        delete_when: a predicate on them; rows for which it is true delete, rows for which it is NULL don't. None for no
            row.
        stored: the table's schema; None if the table doesn't exist yet.
        keys: the key columns.
        order_by: the columns that tell which of two rows is older; a newer stored row isn't deleted.

    Returns:
        The two. Not stored are those of the columns of ``delete_when`` and of :data:`CHANGE_COLUMNS` that the table
        lacks; of a table that doesn't exist yet only the latter, since the others may be its own. Without
        ``delete_when`` all columns are stored.

    Raises:
        DataError: the predicate doesn't fit the rows.

    >>> source = pa.table({"id": [1, 2], "v": ["a", None], "op": ["U", "D"]})
    >>> split = split_deletes(source, "op = 'D'", pa.schema({"id": pa.int64(), "v": pa.string()}), ["id"])
    >>> split.rows.to_pylist(), split.deletes.to_pylist()
    ([{'id': 1, 'v': 'a'}], [{'id': 2}])
    """
    compared = list(dict.fromkeys((*keys, *order_by)))
    if delete_when is None:
        return Split(source, source.slice(0, 0).select(compared))
    every = numbers(source.num_rows)
    hit = filter_table(source.append_column(_ROW, every), delete_when).column(_ROW)
    deletes = pc.is_in(every, value_set=hit.combine_chunks())
    apart = {*CHANGE_COLUMNS}
    if stored is not None:
        named = (find_names(source.schema, [name], "delete_when") for name in parse(delete_when).columns)
        apart = apart.union(*named) - {*stored.names}
    apart -= {*compared}
    kept = [name for name in source.column_names if name not in apart]
    return Split(source.filter(pc.invert(deletes)).select(kept), source.filter(deletes).select(compared))
