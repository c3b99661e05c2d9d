"""Prefetching of batches: a thread produces the next batches while the caller processes the last one."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from contextvars import copy_context
from queue import Empty, Full, Queue
from threading import Event, Thread, main_thread
from typing import Any

import pyarrow as pa

__all__ = ["read_ahead"]

_DONE = object()
_TIDY_BYTES = 16 << 20
_POLL = 0.05  # seconds between checks whether the reader was closed


def read_ahead(batches: Generator[pa.RecordBatch, None, None], depth: int = 1) -> Generator[pa.RecordBatch, None, None]:
    """Yield the same batches in the same order, producing up to ``depth`` of them in advance.

    A thread produces them from the third one on: for fewer batches, starting it would take longer than it saves. It
    ends when the generator ends, fails or is closed. Closing waits for the thread, so that the file is closed when
    ``close`` returns. An error is raised in place of its batch.

    The thread is not a daemon, as a daemon thread inside pyarrow at interpreter shutdown crashes the process; it
    checks for the end of the main thread itself.
    """
    with closing(batches):
        first = next(batches, None)
        if first is None:
            return
        yield first
        del first
        second = next(batches, None)
        if second is None:
            return
        ahead = _from_thread(second, batches, depth)
        del second
        yield from ahead


def _from_thread(
    first: pa.RecordBatch, batches: Generator[pa.RecordBatch, None, None], depth: int
) -> Generator[pa.RecordBatch, None, None]:
    """Yield a batch that exists already, then the batches that a thread produces."""
    queue: Queue[Any] = Queue(maxsize=depth)
    stop = Event()

    def put(item: Any) -> bool:
        while not stop.is_set() and main_thread().is_alive():
            try:
                queue.put(item, timeout=_POLL)
                return True
            except Full:
                continue
        return False

    def work() -> None:
        produced = 0
        try:
            for batch in batches:
                produced += batch.nbytes
                if not put(batch):
                    return
                if produced > _TIDY_BYTES:
                    # Other threads have freed what this one allocated: the allocator returns it only on request.
                    pa.default_memory_pool().release_unused()
                    produced = 0
            put(_DONE)
        except BaseException as error:  # it is raised again in the caller's thread
            put(error)
        finally:
            batches.close()

    thread = Thread(target=copy_context().run, args=(work,), name="dao-read-ahead")
    thread.start()
    try:
        yield first
        del first
        while True:
            item = queue.get()
            if item is _DONE:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
            del item
    finally:
        stop.set()
        try:
            while True:
                queue.get_nowait()
        except Empty:
            pass
        thread.join()
