"""Work on many pieces at the same time, its results in order, with a bounded number of them in memory.

Threads see the context variables of who hands them work. Arrow decodes and encodes without holding Python's lock.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import chain, islice
from typing import TypeVar

__all__ = ["WORKERS", "in_parallel", "run", "submitted"]

T = TypeVar("T")
R = TypeVar("R")

WORKERS = max(2, min(4, os.cpu_count() or 1))
"""Threads that compute for one call. Each holds a piece in memory, and several calls may run at once."""


def submitted(pool: ThreadPoolExecutor, work: Callable[[T], R], item: T) -> Future[R]:
    """Work handed to a pool, which sees the context variables of its caller."""
    return pool.submit(copy_context().run, work, item)


def run(work: Callable[[], R]) -> R:
    """Do it: work that takes no item, for :func:`submitted`."""
    return work()


def in_parallel(
    work: Callable[[T], R], items: Iterable[T], workers: int = WORKERS, *, ahead: int = 0
) -> Generator[R, None, None]:
    """The results of ``work`` on each item, in the order of the items.

    At most ``workers + ahead`` items are begun and not yet taken, and one more is fetched meanwhile, by the calling
    thread. A single item is worked on by the calling thread itself: to start another takes longer than most work on
    small files.

    The first error is raised when its result would come. Then, and when the generator is closed, no more are begun, and
    those that run are waited for.

    Args:
        work: what is done with each item.
        items: the items; taken as they are needed.
        workers: threads at most.
        ahead: results that may wait to be taken beside those that are worked on.
    """
    left = iter(items)
    first = list(islice(left, 2))
    if len(first) < 2:
        yield from map(work, first)
        return
    begun = chain(first, left)
    del first
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="dao") as pool:
        try:
            for item in begun:
                if len(pending) >= workers + ahead:
                    yield pending.popleft().result()
                pending.append(submitted(pool, work, item))
                del item
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
