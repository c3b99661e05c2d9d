"""What can go wrong with one HTTP request between a client and an S3 server."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from typing import Any

import pytest

__all__ = ["ANSWERED_HERE", "Toxic", "answer_of", "concerns", "refusal", "sampled"]


class Toxic(Enum):
    """One way for a request to go wrong, and what the server has then done."""

    LATENCY = "the answer comes late; done"
    RESET = "the connection is reset before the request reaches the server; not done"
    CUT = "the answer breaks off in the middle; done"
    SLOW_DOWN = "503 SlowDown; not done"
    CONFLICT = "409 ConditionalRequestConflict; not done"
    LOST = "the connection is closed without an answer; done"
    ERROR_BODY = "200 with an InternalError in its body; not done"
    FAILED_LATE = "500 InternalError; done all the same"
    STALL = "no answer within the client's time; not done"


def sampled(toxics: Iterable[Toxic], quick: Collection[Toxic]) -> Any:
    """A parameter ``toxic`` of a test that the quick profile runs on a few toxics only; the others are marked slow."""
    params = [pytest.param(toxic, marks=[] if toxic in quick else [pytest.mark.slow]) for toxic in toxics]
    return pytest.mark.parametrize("toxic", params, ids=lambda toxic: toxic.name.lower())


def concerns(toxic: Toxic, method: str, target: str, headers: Mapping[str, str]) -> bool:
    """Whether S3 would ever let a request fail in this way.

    Only conditional writes conflict, and only requests that take long are answered with 200 before they are done: those
    that complete an upload, copy, or delete many.
    """
    match toxic:
        case Toxic.CONFLICT:
            return method in ("PUT", "POST") and ("if-match" in headers or "if-none-match" in headers)
        case Toxic.ERROR_BODY:
            completes = method == "POST" and ("uploadId=" in target or target.partition("?")[2].startswith("delete"))
            return completes or "x-amz-copy-source" in headers
        case _:
            return True


_REFUSALS = {
    Toxic.SLOW_DOWN: ("503 Slow Down", "SlowDown", "Please reduce your request rate."),
    Toxic.CONFLICT: ("409 Conflict", "ConditionalRequestConflict", "A conflicting operation occurred. Retry."),
    Toxic.FAILED_LATE: (
        "500 Internal Server Error",
        "InternalError",
        "We encountered an internal error. Please try again.",
    ),
    Toxic.ERROR_BODY: ("200 OK", "InternalError", "We encountered an internal error. Please try again."),
}
ANSWERED_HERE = tuple(toxic for toxic in _REFUSALS if toxic is not Toxic.FAILED_LATE)
"""The toxics that answer in the server's place."""


def answer_of(toxic: Toxic) -> tuple[str, str, str]:
    """Status, S3's error code and message of a toxic that answers in the server's place."""
    return _REFUSALS[toxic]


def refusal(status: str, code: str, message: str, method: str) -> bytes:
    """An error as S3 answers it."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>0</RequestId></Error>"
    ).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return head if method == "HEAD" else head + body
