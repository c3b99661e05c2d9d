"""Work in threads that are waited for, but not for ever, and not counting the time that imports take."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from queue import Empty, Queue
from threading import Thread
from time import perf_counter
from typing import Generic, TypeVar

from attrs import frozen

__all__ = ["Asked"]

T = TypeVar("T")

_STEP = 0.05
"""Seconds between two looks at what a thread is doing."""


@frozen(eq=False)
class Asked(Generic[T]):
    """Work that was begun in a daemon thread, so that a store that never responds doesn't keep the process alive."""

    _thread: Thread
    _answer: Queue[list[T] | Exception]

    @classmethod
    def start(cls, work: Callable[[], Iterable[T]]) -> Asked[T]:
        """Begin it."""
        answer: Queue[list[T] | Exception] = Queue()

        def run() -> None:
            try:
                answer.put(list(work()))
            except Exception as error:
                answer.put(error)

        thread = Thread(target=run, daemon=True)
        thread.start()
        return cls(thread, answer)

    def wait(self, seconds: float) -> tuple[list[T] | Exception | None, float]:
        """Wait for what it gave or raised.

        Args:
            seconds: how long at most. On a busy machine a driver takes many seconds to import: these don't count.

        Returns:
            That, or ``None`` if the time is over; and the seconds that are left.
        """
        left = seconds
        while True:
            began = perf_counter()
            try:
                return self._answer.get(timeout=min(left, _STEP)), left
            except Empty:
                if not self._imports():
                    left -= perf_counter() - began
            if left <= 0:
                return None, 0.0

    def _imports(self) -> bool:
        """Whether the thread imports a module, or waits for another one that does."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        while frame is not None:
            if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
                return True
            frame = frame.f_back
        return False
