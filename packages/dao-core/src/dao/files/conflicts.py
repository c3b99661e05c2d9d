"""What is done when another writer was faster, on storages that can't keep writers waiting: look anew, try again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from dao.errors import ConflictError, StoreError

if TYPE_CHECKING:
    from dao.files.storage import Storage

__all__ = ["HalfDoneError", "Patience", "persistent"]

T = TypeVar("T")

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 2.0


class HalfDoneError(StoreError):
    """A conflict that a storage found after a part was done: the whole can't be tried again as it was asked for."""


class Patience:
    """How long one action goes on trying after its first conflict, however long it took until then.

    The pauses grow and are random, so that writers don't meet again.
    """

    def __init__(self, storage: Storage) -> None:
        self._seconds = storage.conflict_timeout
        self._deadline: float | None = None
        self._pause = _FIRST_PAUSE

    def wait(self, error: ConflictError) -> None:
        """Pause before the next try.

        Raises:
            ConflictError: the given one, when there is no time left.
        """
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self._seconds
        pause = random.uniform(0, self._pause)
        if now + pause >= self._deadline:
            raise error
        time.sleep(pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)


def persistent(storage: Storage, work: Callable[[], T]) -> T:
    """What ``work`` gives, which is called again after each ConflictError as long as there is time.

    Raises:
        ConflictError: the last one; or that one part was done, see :class:`HalfDoneError`.
    """
    patience = Patience(storage)
    while True:
        try:
            return work()
        except HalfDoneError as error:
            raise ConflictError(error.message) from error.__cause__
        except ConflictError as error:
            patience.wait(error)
