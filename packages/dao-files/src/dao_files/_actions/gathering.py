"""Collection of the rows of an upsert in memory, within their share of the call's memory limit."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from dao.errors import DataError
from dao.memory import current, shown
from dao.progress import advance
from dao_files._actions.parts import held_bytes

__all__ = ["collect"]


def collect(data: Any, reader: pa.RecordBatchReader) -> pa.Table:
    """Read all rows of a source into memory.

    Args:
        data: the caller's source, whose size is checked before reading.
        reader: a reader of its rows.

    Raises:
        DataError: the rows exceed their share of the call's memory limit; nothing has been written.
    """
    _refuse_larger(held_bytes(data), "take")
    batches = []
    size = 0
    for batch in reader:
        advance(batch.num_rows, batch.nbytes)
        size += batch.nbytes
        _refuse_larger(size, "take at least")
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def _refuse_larger(size: int, verb: str) -> None:
    budget = current()
    if budget.limit is not None and size > budget.upserted:
        raise DataError(
            f"memory_limit={shown(budget.limit)}: the rows to upsert {verb} {shown(size)}, and an upsert holds them in "
            "memory, in a quarter of the limit: upsert them in parts, or with a limit of four times their size"
        )
