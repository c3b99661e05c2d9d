"""Rows that replace those for which a predicate is true must fulfil it too."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from dao.arrow.predicates import Predicate, mask, to_arrow
from dao.errors import DataError

__all__ = ["must_fulfil"]


def must_fulfil(predicate: Predicate, schema: pa.Schema) -> Callable[[pa.RecordBatch], None]:
    """A check of batches of new rows.

    Args:
        predicate: what each row must fulfil; bound to the columns.
        schema: the columns.

    Returns:
        A function that raises a DataError for a row that doesn't.
    """
    expression = to_arrow(predicate, schema, guard_statistics=False)

    def check(batch: pa.RecordBatch) -> None:
        rows = pa.Table.from_batches([batch])
        row = pc.index(pc.fill_null(mask(rows, expression), False), False).as_py()
        if row >= 0:
            names = [name for name in schema.names if name in predicate.columns]
            raise DataError(
                f"where: found a row with {rows.select(names).slice(row, 1).to_pylist()[0]}, expected only rows for "
                f"which {predicate} is true, since such rows are replaced; filter the data, or append the others"
            )

    return check
