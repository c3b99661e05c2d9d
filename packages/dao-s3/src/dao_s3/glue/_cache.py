"""A cache whose values expire."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

from attrs import define, field, frozen

__all__ = ["Cache"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@frozen
class _Entry(Generic[V]):
    value: V
    until: float


@define
class _State(Generic[K, V]):
    """The cache of one process: a lock held during a fork would stay locked in the child."""

    lock: Any = field(factory=Lock)
    entries: dict[K, _Entry[V]] = field(factory=dict)
    fetching: dict[K, Any] = field(factory=dict)
    drops: int = 0


class Cache(Generic[K, V]):
    """Values by key, each fetched on first use and again once it is expired.

    Safe between threads: threads that want the same key wait for one fetch, threads that want others don't wait.
    Failures are not cached. Pickles carry no values, and a forked process begins without any.

    Args:
        seconds: the lifetime of a value; None: until it is dropped.
        clock: returns seconds.
    """

    def __init__(self, seconds: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._by_process: dict[int, _State[K, V]] = {}

    @property
    def _state(self) -> _State[K, V]:
        return self._by_process.get(os.getpid()) or self._by_process.setdefault(os.getpid(), _State())

    def get(self, key: K, fetch: Callable[[], V]) -> V:
        """The value of a key.

        Args:
            key: the key.
            fetch: fetches the value if missing or expired; its errors propagate.
        """
        state = self._state
        entry = self._believed(state, key)
        if entry is not None:
            return entry.value
        with state.lock:
            fetching = state.fetching.setdefault(key, Lock())
        with fetching:
            entry = self._believed(state, key)
            if entry is not None:
                return entry.value
            drops = state.drops
            try:
                value = fetch()
                self.put(key, value, drops)
            finally:
                with state.lock:
                    state.fetching.pop(key, None)
            return value

    def _believed(self, state: _State[K, V], key: K) -> _Entry[V] | None:
        entry = state.entries.get(key)
        return entry if entry is not None and self._clock() < entry.until else None

    @property
    def drops(self) -> int:
        """The number of drops so far, for :meth:`put`."""
        return self._state.drops

    def put(self, key: K, value: V, drops: int) -> None:
        """Cache a value that was fetched when :attr:`drops` was ``drops``.

        It is ignored if something was dropped since, because it may be stale.
        """
        state = self._state
        until = float("inf") if self._seconds is None else self._clock() + self._seconds
        with state.lock:
            if drops == state.drops:
                state.entries[key] = _Entry(value, until)

    def drop(self, which: Callable[[K], bool]) -> None:
        """Forget the values of some keys."""
        state = self._state
        with state.lock:
            state.drops += 1
            for key in [key for key in state.entries if which(key)]:
                del state.entries[key]
            # Later requests don't wait for a fetch that may return stale data.
            state.fetching.clear()

    def __reduce__(self) -> tuple[Any, ...]:
        return Cache, (self._seconds, self._clock)
