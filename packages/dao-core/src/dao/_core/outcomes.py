"""What a call moved, measured from its result; a lazy stream is measured while it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from dao.results import WriteResult

__all__ = ["Measured", "is_stream", "measured", "watched", "watched_later"]

Measured = tuple[int | None, int | None, int | None]
"""Rows, bytes and files; see :class:`dao.events.Outcome`."""

Tell = Callable[[Measured, BaseException | None], None]
"""Receives what a stream gave by its end, and the error that ended it."""

_NOTHING: Measured = (None, None, None)
_READS = ("read", "read_changes", "read_stream")


def is_stream(result: Any) -> bool:
    """Whether a result is a stream of record batches that were not read yet."""
    return hasattr(result, "read_next_batch") or hasattr(result, "__aiter__")


def measured(action: str, result: Any) -> Measured:
    """Rows, bytes and files of a result.

    Args:
        action: the action that gave it: only what reads give is data.
        result: what a method gave, before it was converted.
    """
    if isinstance(result, WriteResult):
        known = [n for n in (result.rows_inserted, result.rows_updated, result.rows_deleted) if n is not None]
        return (sum(known) if known else None), result.bytes, result.files
    if action not in _READS:
        return _NOTHING
    if isinstance(result, bytes):
        return None, len(result), None
    if isinstance(result, list):
        return len(result), None, None
    rows, size = getattr(result, "num_rows", None), getattr(result, "nbytes", None)
    if rows is None:  # data frames
        shape = getattr(result, "shape", None)
        rows = shape[0] if isinstance(shape, tuple) and len(shape) == 2 else None
    return (rows if isinstance(rows, int) else None), (size if isinstance(size, int) else None), None


class _Watch:
    """Counts the batches of a stream, and tells once how it ended: read, failed or dropped."""

    def __init__(self, tell: Tell) -> None:
        self._tell: Tell | None = tell
        self._rows = self._bytes = 0

    def count(self, batch: Any) -> Any:
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        return batch

    def end(self, error: BaseException | None = None) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell((self._rows, self._bytes, None), error)


class _Batches:
    """The batches of a reader. Not a generator: one that is dropped before its first batch wouldn't tell."""

    def __init__(self, reader: Any, tell: Tell) -> None:
        self._reader = reader
        self._watch = _Watch(tell)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return self._watch.count(self._reader.read_next_batch())
        except StopIteration:
            self._watch.end()
            raise
        except BaseException as error:
            self._watch.end(error)
            raise

    def __del__(self) -> None:
        self._watch.end()


def watched(reader: Any, tell: Tell) -> Any:
    """The same stream, which tells what it gave when it has been read, has failed or is dropped."""
    import pyarrow as pa

    return pa.RecordBatchReader.from_batches(reader.schema, _Batches(reader, tell))


class _LaterBatches:
    """The batches of an asynchronous stream."""

    def __init__(self, stream: AsyncIterator[Any], tell: Tell) -> None:
        self._stream = stream
        self._watch = _Watch(tell)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        try:
            return self._watch.count(await anext(self._stream))
        except StopAsyncIteration:
            self._watch.end()
            raise
        except BaseException as error:
            self._watch.end(error)
            raise

    async def aclose(self) -> None:
        """Close the stream."""
        self._watch.end()
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()

    def __del__(self) -> None:
        self._watch.end()


def watched_later(stream: AsyncIterator[Any], tell: Tell) -> AsyncIterator[Any]:
    """The same for an asynchronous stream."""
    return _LaterBatches(stream, tell)
