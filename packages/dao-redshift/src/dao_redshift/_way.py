"""What one call asks of the connection below dao_sql: how rows come, and files that are loaded in place of rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

from dao_redshift._files import SourceFiles

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Way", "chosen", "loaded_files", "loading", "read_by"]

Way = Literal["unload", "cursor"]

_WAY: ContextVar[Way | None] = ContextVar("way", default=None)
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
