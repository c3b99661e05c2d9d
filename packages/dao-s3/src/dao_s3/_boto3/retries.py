"""How often a request, or a broken download, is tried again: within the bounds that a store's options set.

botocore has neither a longest wait nor a limit on the time of all attempts, so it makes one attempt for each of ours.
"""

from __future__ import annotations

import random
import time

from attrs import define

from dao.errors import DaoError, TransientError
from dao_s3._options import Retry

__all__ = ["RetryBudget"]

_FIRST = 0.1
"""Seconds that the first wait takes at most; each further one up to twice as long."""


@define
class RetryBudget:
    """What is left of the attempts for one request or one download.

    Attributes:
        retry: how many, and for how long.
        progress: bytes after which a download counts as new; 0 for what is no download.
        failures: attempts that failed so far.
    """

    retry: Retry
    progress: int = 0
    failures: int = 0
    _got: int = 0
    _since: float = 0.0

    def spend(self, error: DaoError, cause: Exception, got: int = 0) -> None:
        """Wait before the next attempt.

        Args:
            error: why the last one failed; no other one is made where it isn't a TransientError.
            cause: the driver's error behind it.
            got: bytes that came before.

        Raises:
            DaoError: the given one, where no attempt is left.
        """
        self._got += got
        if self.failures == 0 or (self.progress and self._got >= self.progress):
            self.failures, self._got, self._since = 0, 0, time.monotonic()
        self.failures += 1
        wait = min(self.retry.max_backoff, _FIRST * 2 ** (self.failures - 1)) * random.random()
        late = time.monotonic() + wait - self._since > self.retry.timeout
        if self.failures >= self.retry.attempts or late or not isinstance(error, TransientError):
            raise error from cause
        time.sleep(wait)
