"""Work on several cores with a bounded number of pieces in memory. Arrow encodes without holding Python's lock."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

__all__ = ["WORKERS", "in_parallel"]

T = TypeVar("T")
R = TypeVar("R")

WORKERS = max(2, min(4, os.cpu_count() or 1))
"""Threads per call. More would hold more pieces in memory, and several calls may run at once."""


def in_parallel(work: Callable[[T], R], items: Iterable[T], workers: int = WORKERS) -> Iterator[R]:
    """The results of ``work`` on each item, in the order of the items.

    At most ``workers`` items are worked on and one more is fetched meanwhile, in the calling thread. The first error is
    raised once those that are running have ended; no more are begun. Context variables are seen by the threads.
    """
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="dao") as pool:
        try:
            for item in items:
                while len(pending) >= workers:
                    yield pending.popleft().result()
                pending.append(pool.submit(copy_context().run, work, item))
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
