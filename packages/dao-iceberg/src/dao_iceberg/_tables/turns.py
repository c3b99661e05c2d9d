"""Writers of one process that met a conflict commit to a table one after another.

Without turns, all of them would write manifests on the same snapshot again, of which one can be committed. Writers of
other processes aren't held by it, nor is a first attempt: what is right is decided by the catalog alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, RLock
from typing import Any

from attrs import define, field

__all__ = ["Turns"]


@define(eq=False)
class Turns:
    """The turns at the tables of one store."""

    _locks: dict[tuple[int, str], Any] = field(factory=dict, init=False)
    _lock: Any = field(factory=Lock, init=False, repr=False)

    @contextmanager
    def take(self, table: str, timeout: float) -> Iterator[None]:
        """Wait for a turn at a table, and keep it.

        Args:
            table: the table's key.
            timeout: seconds after which the writer goes on without it.
        """
        with self._lock:
            # A lock that another thread held when the process was forked stays locked in the child.
            lock = self._locks.setdefault((os.getpid(), table), RLock())
        taken = lock.acquire(timeout=timeout)
        try:
            yield
        finally:
            if taken:
                lock.release()
