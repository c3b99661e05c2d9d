"""What a call moved, measured from its result; a lazy stream is measured while it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from io import BufferedIOBase
from typing import Any, cast

from dao.results import WriteResult

__all__ = ["Measured", "is_stream", "measured", "watched"]

Measured = tuple[int | None, int | None, int | None]
"""Rows, bytes and files; see :class:`dao.events.Outcome`."""

Tell = Callable[[Measured, BaseException | None], None]
"""Receives what a stream gave by its end, and the error that ended it."""

_NOTHING: Measured = (None, None, None)
_READS = ("read", "read_changes", "read_stream")


def is_stream(action: str, result: Any) -> bool:
    """Whether a result is a stream of record batches or a binary file, of which nothing was read yet."""
    return hasattr(result, "read_next_batch") or hasattr(result, "__aiter__") or (action in _READS and _is_file(result))


def _is_file(result: Any) -> bool:
    return callable(getattr(result, "read", None)) and callable(getattr(result, "close", None))


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
    """Counts what a stream gives, and tells once how it ended: read, failed or dropped."""

    def __init__(self, tell: Tell) -> None:
        self._tell: Tell | None = tell
        self._rows = self._bytes = 0
        self._has_rows = True

    def count(self, batch: Any) -> Any:
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        return batch

    def count_bytes(self, size: int) -> None:
        self._has_rows = False
        self._bytes += size

    def end(self, error: BaseException | None = None) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell((self._rows if self._has_rows else None, self._bytes, None), error)


_SILENT = _Watch(lambda found, error: None)
"""What a half-made stream ends."""


class _Batches:
    """The batches of a reader. Not a generator: one that is dropped before its first batch wouldn't tell."""

    _watch = _SILENT

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


class _LaterBatches:
    """The batches of an asynchronous stream."""

    _watch = _SILENT

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


class _File(BufferedIOBase):
    """A binary file, whose end is its last byte; where it isn't read in order, when it is closed or dropped."""

    _file: Any = None
    _watch = _SILENT

    def __init__(self, file: Any, tell: Tell) -> None:
        self._file = file
        self._watch = _Watch(tell)
        self._watch.count_bytes(0)
        self._is_read_in_order = True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._given(self._file.read, size)

    def read1(self, size: int = -1, /) -> bytes:
        return self._given(getattr(self._file, "read1", self._file.read), size)

    def readline(self, size: int | None = -1, /) -> bytes:
        return self._given(self._file.readline, size, is_whole=False)

    def _given(self, read: Callable[[int | None], bytes], size: int | None, *, is_whole: bool = True) -> bytes:
        try:
            found = read(size)
        except BaseException as error:
            self._watch.end(error)
            raise
        self._watch.count_bytes(len(found))
        is_last = not found or (is_whole and (size is None or size < 0))
        if is_last and size != 0 and self._is_read_in_order:
            self._watch.end()
        return found

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(getattr(self._file, "seekable", bool)())

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._is_read_in_order = False
        return cast("int", self._file.seek(offset, whence))

    def tell(self) -> int:
        return cast("int", self._file.tell())

    def fileno(self) -> int:
        return cast("int", self._file.fileno())

    def close(self) -> None:
        if not self.closed:
            try:
                if self._file is not None:
                    self._file.close()
            finally:
                super().close()
                self._watch.end()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def watched(stream: Any, tell: Tell) -> Any:
    """The same stream, which tells what it gave when it has been read, has failed or is dropped."""
    if hasattr(stream, "__aiter__"):
        return _LaterBatches(stream, tell)
    if not hasattr(stream, "read_next_batch"):
        return _File(stream, tell)
    import pyarrow as pa

    return pa.RecordBatchReader.from_batches(stream.schema, _Batches(stream, tell))
