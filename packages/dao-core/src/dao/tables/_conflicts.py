"""Retries after optimistic-concurrency conflicts: another writer committed first."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from dao.errors import ConflictError, StoreError

__all__ = ["HalfDoneError", "RetryBudget", "retry_conflicts"]

T = TypeVar("T")

_FIRST_BACKOFF = 0.02
_LONGEST_BACKOFF = 2.0


class HalfDoneError(StoreError):
    """A conflict found after a part was done, so that running the whole operation again would be wrong."""


class RetryBudget:
    """How long one action is retried after conflicts.

    The time counts from the first conflict, however long the action took until then. The backoff grows exponentially
    with full jitter, so that writers don't meet again.

    Args:
        seconds: the time; with 0 the first conflict is final.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline: float | None = None
        self._backoff = _FIRST_BACKOFF

    def wait(self, error: ConflictError) -> None:
        """Back off before the next try.

        Raises:
            ConflictError: the given one, when the time is used up.
        """
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self._seconds
        pause = random.uniform(0, self._backoff)
        if now + pause >= self._deadline:
            raise error
        time.sleep(pause)
        self._backoff = min(self._backoff * 2, _LONGEST_BACKOFF)


def retry_conflicts(seconds: float, operation: Callable[[], T]) -> T:
    """Run an operation, and run it again after each ConflictError while there is time.

    Args:
        seconds: the time, see :class:`RetryBudget`.
        operation: reads the current state each time it is called, so that a retry is serializable.

    Raises:
        ConflictError: the last one; or one that :class:`HalfDoneError` tells was found too late to retry.

    >>> retry_conflicts(0, lambda: "done")
    'done'
    """
    budget = RetryBudget(seconds)
    while True:
        try:
            return operation()
        except HalfDoneError as error:
            raise ConflictError(error.message) from error.__cause__
        except ConflictError as error:
            budget.wait(error)
