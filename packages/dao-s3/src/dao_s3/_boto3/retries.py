"""Retries of requests and interrupted downloads, within the limits of a store's options.

botocore has neither a maximum backoff nor a limit on the total time, so it makes one attempt for each of DAO's.
"""

from __future__ import annotations

import random
import time

from attrs import define

from dao.errors import DaoError, TransientError
from dao.progress import retrying
from dao_s3._options import Retry

__all__ = ["RetryBudget"]

_FIRST = 0.1
"""The maximum seconds of the first backoff, doubled for each further one."""


@define
class RetryBudget:
    """The remaining attempts of one request or download.

    Attributes:
        retry: the limits.
        progress: bytes of progress that reset the attempts of a download; 0 for other requests.
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
            error: why the last one failed; only a TransientError is retried.
            cause: the driver's error behind it.
            got: bytes received before.

        Raises:
            DaoError: the given one, if no attempt is left.
        """
        self._got += got
        if self.failures == 0 or (self.progress and self._got >= self.progress):
            self.failures, self._got, self._since = 0, 0, time.monotonic()
        self.failures += 1
        wait = min(self.retry.max_backoff, _FIRST * 2 ** (self.failures - 1)) * random.random()
        late = time.monotonic() + wait - self._since > self.retry.timeout
        if self.failures >= self.retry.attempts or late or not isinstance(error, TransientError):
            raise error from cause
        retrying(error, wait)
        time.sleep(wait)
