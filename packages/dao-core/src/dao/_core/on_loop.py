"""Calls from a worker thread whose coroutine methods run on the caller's event loop: a copy of the asynchronous face.

The thread waits for each of them. An asynchronous stream is pulled by the thread batch by batch. A coroutine method
that writes runs on the loop and can't wait for what only the loop brings: for it a stream is read into memory first,
and files into a temporary folder.
"""

from __future__ import annotations

import asyncio
import inspect
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from attrs import evolve

from dao._core.execute import Executor
from dao.data_object import DataObject
from dao.events import Request
from dao.file_set import FileSet, SourceFile
from dao.plugins import Plugins
from dao.progress import Cancelled

__all__ = ["LoopExecutor"]


class _Waiting:
    """What the thread waits for, and whether it has been cancelled."""

    def __init__(self) -> None:
        self._future: Future[Any] | None = None
        self._cancelled = False
        self.streams = False

    def wait(self, coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Any:
        if self._cancelled:
            coroutine.close()
            raise Cancelled
        future = self._future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        if self._cancelled:  # in the meantime: cancelling sets this before looking for a future
            future.cancel()
        try:
            return future.result()
        except (CancelledError, asyncio.CancelledError):
            raise Cancelled from None
        finally:
            self._future = None

    def cancel(self) -> None:
        self._cancelled = True
        future = self._future
        if future is not None:
            future.cancel()


class LoopExecutor(Executor):
    """An executor for one worker thread that may call coroutine methods.

    Args:
        plugins: whose action hooks are called.
        loop: where coroutines run; it isn't the thread's own.
        parent: the request that the calls are parts of.
        waiting: shared with the executor that this one is a part of.
        limited: see :class:`~dao._core.execute.Executor`.
    """

    native_async: ClassVar[bool] = True

    def __init__(
        self,
        plugins: Plugins,
        loop: asyncio.AbstractEventLoop,
        parent: Request | None = None,
        waiting: _Waiting | None = None,
        *,
        limited: bool = False,
    ) -> None:
        super().__init__(plugins, parent, limited=limited)
        self._loop = loop
        self._waiting = waiting if waiting is not None else _Waiting()
        self._stream: Any = None

    @property
    def waits_for_loop(self) -> bool:
        """Whether a stream was given whose batches come from the loop, which the loop's own thread can't wait for."""
        return self._waiting.streams

    def cancel(self) -> None:
        """Stop the coroutine that the thread waits for. Called on the loop's thread."""
        self._waiting.cancel()

    def _part_of(self, request: Request) -> Executor:
        return LoopExecutor(self._plugins, self._loop, request, self._waiting, limited=self._limited)

    def execute(
        self, action: str, data_object: DataObject, arguments: Mapping[str, Any], dao_interface: str | None = None
    ) -> Any:
        """See :meth:`dao._core.execute.Executor.execute`."""
        with ExitStack() as kept:
            prepared = self.prepare(action, data_object, arguments, dao_interface, native_async=True)
            data = arguments.get("data")
            if prepared.plan.route.is_async and (brought := self._brought(data, kept)) is not data:
                arguments = {**arguments, "data": brought}
                prepared = self.prepare(action, data_object, arguments, dao_interface, native_async=True)
            with self.observed(prepared, data_object) as finish:
                result = prepared.call()
                made = finish(self._waiting.wait(result, self._loop) if inspect.iscoroutine(result) else result)
                return self._reader_of(made) if hasattr(made, "__aiter__") else made

    def _brought(self, data: Any, kept: ExitStack) -> Any:
        """The data of a coroutine method without anything that it would have to wait for; ``kept`` until it ends."""
        if isinstance(data, FileSet):
            folder = kept.enter_context(TemporaryDirectory(prefix="dao-copy-"))
            return FileSet([_saved(file, Path(folder, str(number))) for number, file in enumerate(data)])
        return data.read_all().to_reader() if data is not None and data is self._stream else data

    def _reader_of(self, stream: AsyncIterator[Any]) -> Any:
        from dao.arrow.convert import to_reader

        self._waiting.streams = True
        self._stream = to_reader(self._pulled(stream))
        return self._stream

    def blaming(self, action: str, data_object: DataObject, arguments: Mapping[str, Any], rows: Any) -> Any:
        """See :meth:`dao._core.execute.Executor.blaming`; an asynchronous stream names its call itself."""
        return rows if rows is self._stream else super().blaming(action, data_object, arguments, rows)

    def _pulled(self, stream: AsyncIterator[Any]) -> Iterator[Any]:
        """The batches of an asynchronous stream, one at a time."""
        try:
            while (batch := self._waiting.wait(_next_of(stream), self._loop)) is not _END:
                yield batch
        finally:
            # Not waited for: a dropped generator may be closed by any thread, the loop's own too.
            if hasattr(stream, "aclose") and not self._loop.is_closed():
                asyncio.run_coroutine_threadsafe(stream.aclose(), self._loop)


_END = object()


def _saved(file: SourceFile, path: Path) -> SourceFile:
    """A file with its bytes at a path of this machine."""
    with file.open() as opened, path.open("wb") as copy:
        shutil.copyfileobj(opened, copy)
    return evolve(file, open=lambda: path.open("rb"))


async def _next_of(stream: AsyncIterator[Any]) -> Any:
    return await anext(stream, _END)
