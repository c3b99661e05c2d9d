"""Work on many pieces at the same time, its results in order, with a bounded amount of them under way."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import chain, islice
from typing import TypeVar

__all__ = ["CORES", "in_order", "run", "submitted"]

T = TypeVar("T")
R = TypeVar("R")

CORES = max(2, min(4, os.cpu_count() or 1))
"""Threads that decode for one call. Several calls may run at once, and each thread holds a piece."""


def submitted(pool: ThreadPoolExecutor, work: Callable[[T], R], item: T) -> Future[R]:
    """Work handed to a pool, which sees the context variables of its caller."""
    return pool.submit(copy_context().run, work, item)


def run(work: Callable[[], R]) -> R:
    """Do it: work that takes no item, for :func:`submitted`."""
    return work()


def in_order(work: Callable[[T], R], items: Iterable[T], threads: int) -> Generator[R, None, None]:
    """The results of ``work`` on each item, in the order of the items; so many at a time, and as many begun ahead.

    The first error is raised when its result would come. Then, and when the generator is closed, no more are begun, and
    those that run are waited for. A single item is worked on by the caller's thread: to start another takes longer than
    most work on small files.
    """
    left = iter(items)
    first = list(islice(left, 2))
    if len(first) < 2:
        yield from map(work, first)
        return
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="dao-read") as pool:
        try:
            for item in chain(first, left):
                if len(pending) >= 2 * threads:
                    yield pending.popleft().result()
                pending.append(submitted(pool, work, item))
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
