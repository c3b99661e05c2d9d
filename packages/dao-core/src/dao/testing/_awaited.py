"""A synchronous facade of the asynchronous API, so that the kit also tests backends with coroutine methods."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, Self

from dao._core.aio import AsyncDataAccessObject

__all__ = ["Awaited"]

_END = object()


class Awaited:
    """An :class:`~dao._core.aio.AsyncDataAccessObject` behind the synchronous API: each call blocks until it is done.

    Calls from several threads share one event loop, which runs in a thread of its own until the object is closed. An
    asynchronous stream becomes a ``pyarrow.RecordBatchReader`` that pulls batches on demand.

    Args:
        dao: the asynchronous data access object.
    """

    def __init__(self, dao: AsyncDataAccessObject) -> None:
        self._dao = dao
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="dao-awaited", daemon=True)
        self._thread.start()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._dao, name)
        return self._called(found) if inspect.iscoroutinefunction(found) else found

    def _called(self, method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*args: Any, **named: Any) -> Any:
            result = self._wait(method(*args, **named))
            return self._reader_of(result) if hasattr(result, "__aiter__") else result

        return call

    def _wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _reader_of(self, stream: AsyncIterator[Any]) -> Any:
        from dao.arrow.convert import to_reader

        return to_reader(self._batches_of(stream))

    def _batches_of(self, stream: AsyncIterator[Any]) -> Iterator[Any]:
        async def next_batch() -> Any:
            return await anext(stream, _END)

        while (batch := self._wait(next_batch())) is not _END:
            yield batch

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait(self._dao.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
