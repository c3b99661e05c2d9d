"""Rows on their way into a database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from dao.progress import Cancelled, Progress, advance, listening
from dao_sql import Column, ColumnType, TableName
from dao_sql._actions.staging import _ingested


def loaded_in_a_thread(_table: TableName, _columns: Any, rows: pa.RecordBatchReader) -> int:
    """What DuckDB does at times."""
    with ThreadPoolExecutor(1) as pool:
        return int(pool.submit(lambda: sum(batch.num_rows for batch in rows)).result())


def test_a_call_is_stopped_whatever_thread_asks_for_its_rows() -> None:
    batch = pa.record_batch({"id": [1, 2]})

    def rows() -> Iterator[pa.RecordBatch]:
        yield batch
        advance(rows=2)

    def stop(progress: Progress) -> None:
        if not progress.done:
            raise Cancelled

    session: Any = SimpleNamespace(connection=SimpleNamespace(ingest=loaded_in_a_thread))
    columns = [Column("id", ColumnType(pa.int64(), "BIGINT"))]
    assert _ingested(session, TableName("t"), columns, iter([batch])) == 2
    with pytest.raises(Cancelled), listening("write", "t", stop):
        _ingested(session, TableName("t"), columns, rows())
