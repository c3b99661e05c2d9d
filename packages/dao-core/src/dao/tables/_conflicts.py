"""Retries after optimistic-concurrency conflicts: another writer committed first."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from dao.errors import ConflictError, StoreError
from dao.progress import retrying
from dao.tables._positions import StalePositionError

__all__ = ["HalfDoneError", "RetryBudget", "retry_conflicts"]

T = TypeVar("T")

_FIRST_BACKOFF = 0.02
_LONGEST_BACKOFF = 2.0


class HalfDoneError(StoreError):
    """A conflict found after part of the operation took effect, so that it must not be retried as a whole."""


class RetryBudget:
    """The time for which one operation is retried after conflicts.

    The time runs from the first conflict, however long the operation took until then. The backoff doubles with every
    retry, from 0.02 to at most 2 seconds, with full jitter, so that concurrent writers don't collide again. The logger
    ``dao`` has a line of each at INFO.

    Args:
        seconds: the time; with 0 the first conflict is final.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline: float | None = None
        self._backoff = _FIRST_BACKOFF

    def wait(self, error: ConflictError) -> None:
        """Sleep for the backoff before the next attempt.

        Raises:
            ConflictError: ``error`` itself, if the backoff would end after the time is used up.
        """
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self._seconds
        pause = random.uniform(0, self._backoff)
        if now + pause >= self._deadline:
            retrying(error, None)
            raise error
        retrying(error, pause)
        time.sleep(pause)
        self._backoff = min(self._backoff * 2, _LONGEST_BACKOFF)


def retry_conflicts(seconds: float, operation: Callable[[], T]) -> T:
    """Run an operation and retry it after each ConflictError while its :class:`RetryBudget` lasts.

    Args:
        seconds: the budget, see :class:`RetryBudget`.
        operation: must read the current state on each call, so that a retry is serializable.

    Returns:
        The result of the operation.

    Raises:
        ConflictError: the last conflict; or at once after a :class:`HalfDoneError`, with its message, and for a
            :class:`StalePositionError`, which no retry resolves.

    >>> retry_conflicts(0, lambda: "done")
    'done'
    """
    budget = RetryBudget(seconds)
    while True:
        try:
            return operation()
        except HalfDoneError as error:
            raise ConflictError(error.message) from error.__cause__
        except StalePositionError:
            raise
        except ConflictError as error:
            budget.wait(error)
