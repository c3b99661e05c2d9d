"""botocore's own retries, held to the bounds that a store's options set."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from attrs import frozen
from botocore.retries import standard

from dao_s3._options import Retry

__all__ = ["bound_retries"]

_EVENT = "needs-retry.s3"
_BOTOCORES_OWN = "retry-config-s3"
_BEGUN = "dao_begun"


@frozen(eq=False)
class _Bounds:
    """Passes on what botocore decides: None for no further attempt, else the seconds to wait before it."""

    retry: Retry
    decide: Callable[..., float | bool | None]

    def note_begin(self, context: dict[str, Any], **_: Any) -> None:
        context[_BEGUN] = time.monotonic()

    def needs_retry(self, request_dict: dict[str, Any], **event: Any) -> float | bool | None:
        delay = self.decide(request_dict=request_dict, **event)
        if delay is None or isinstance(delay, bool):
            return delay
        delay = min(delay, self.retry.max_backoff)
        begun: float = request_dict["context"].get(_BEGUN, time.monotonic())
        return None if time.monotonic() + delay - begun > self.retry.timeout else delay


def bound_retries(client: Any, retry: Retry) -> None:
    """Let a client retry as botocore does, but wait no longer than ``retry`` says, each time and in all."""
    events = client.meta.events
    events.unregister(_EVENT, unique_id=_BOTOCORES_OWN)
    handler = standard.register_retry_handler(client, max_attempts=retry.attempts)
    events.unregister(_EVENT, unique_id=_BOTOCORES_OWN)
    bounds = _Bounds(retry, handler.needs_retry)
    events.register("before-call.s3", bounds.note_begin)
    events.register(_EVENT, bounds.needs_retry)
