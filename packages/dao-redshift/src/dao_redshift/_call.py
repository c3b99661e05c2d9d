"""What one call asks of the connection below dao_sql: how rows come, files in place of rows, columns to be widened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

from dao_redshift._files.sources import SourceFiles

if TYPE_CHECKING:
    import pyarrow as pa

    from dao_sql import TableName

__all__ = ["Way", "chosen", "loaded_files", "loading", "read_by", "widened_table", "widening"]

Way = Literal["unload", "cursor"]

_WAY: ContextVar[Way | None] = ContextVar("way", default=None)
_WIDENED: ContextVar[TableName | None] = ContextVar("widened", default=None)
_FILES: ContextVar[SourceFiles | None] = ContextVar("files", default=None)


def chosen() -> Way | None:
    """The way that the call asks for; None leaves it to the size of the result."""
    return _WAY.get()


def read_by(way: Way, rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same rows, by a way: a stream sends its query when its first batch is asked for."""
    import pyarrow as pa

    def batches() -> Iterator[pa.RecordBatch]:
        with closing(rows):
            while True:
                token = _WAY.set(way)
                try:
                    batch = rows.read_next_batch()
                except StopIteration:
                    return
                finally:
                    _WAY.reset(token)
                yield batch
                del batch

    return pa.RecordBatchReader.from_batches(rows.schema, batches())


def loaded_files() -> SourceFiles | None:
    """The files that take the place of the rows that are written; None if there are rows."""
    return _FILES.get()


@contextmanager
def loading(files: SourceFiles) -> Iterator[None]:
    """Have these files loaded in place of rows for the ``with`` block."""
    token = _FILES.set(files)
    try:
        yield
    finally:
        _FILES.reset(token)


def widened_table() -> TableName | None:
    """The table whose columns of text the call may widen; None if it widens none."""
    return _WIDENED.get()


@contextmanager
def widening(table: TableName | None) -> Iterator[None]:
    """Have columns of text of this table widened for what is written in the ``with`` block."""
    token = _WIDENED.set(table)
    try:
        yield
    finally:
        _WIDENED.reset(token)
