"""Translates the errors of deltalake to DAO's."""

from __future__ import annotations

import re

from dao.errors import (
    ConflictError,
    DaoError,
    DataError,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    TransientError,
    UnsupportedError,
)

__all__ = ["translate"]

_STATUS = r"(?<![\w./=-])(?:{})(?![\w/=-])"
"""The status of an answer; not a part of a path, which may be any number."""

_MEANINGS: tuple[tuple[re.Pattern[str], type[DaoError]], ...] = (
    (re.compile(r"(?i)access ?denied|permission denied|forbidden|ExpiredToken|Unauthorized|RequestTimeTooSkewed|"
                r"SignatureDoesNotMatch|InvalidAccessKeyId|" + _STATUS.format("401|403")), PermissionDeniedError),
    (re.compile(r"(?i)unsupported (reader|writer|table) feature|not (yet )?supported|unsupported"), UnsupportedError),
    (re.compile(r"(?i)timed? ?out|error sending request|connection (refused|reset|closed)|max_retries|SlowDown|"
                r"ServiceUnavailable|" + _STATUS.format("50[0-4]")), TransientError),
    (re.compile(r"(?i)no such (file|bucket)|NoSuchBucket|NoSuchKey|Object at location .* not found|"
                + _STATUS.format("404")), NotFoundError),
)  # fmt: skip
"""What the text of an error says, tried in this order: deltalake has few types, and the store's are texts in them."""


_THROUGH_ARROW = "C Data interface error"
_MODULES = ("deltalake", "_internal", "arro3")
_REFUSAL = re.compile(r"(?:<\?xml[^>]*>\s*)?<Error>.*?(?:</Error>|$)")
_TOLD = re.compile(r"<(Code|Message|BucketName)>([^<]*)<")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_STACK = re.compile(r"stack backtrace:| 0: <unknown>")


def translate(error: BaseException) -> DaoError | None:
    """The DaoError for an error of deltalake, or of a Rust library below it; None for any other error.

    The message is one line: stacks and panics of Rust are cut off.
    """
    from deltalake.exceptions import CommitFailedError, DeltaError, SchemaMismatchError, TableNotFoundError

    text = _one_line(str(error))
    if isinstance(error, TableNotFoundError):
        return NotFoundError(f"there is no Delta table: {text}")
    if isinstance(error, CommitFailedError):
        return ConflictError(f"another writer committed first: {text}")
    if isinstance(error, SchemaMismatchError):
        return DataError(f"the data doesn't fit the table: {text}")
    is_theirs = (
        _THROUGH_ARROW in text
        or isinstance(error, DeltaError)
        or type(error).__module__.startswith(("deltalake", "_internal", "arro3"))
    )
    if not is_theirs and not (isinstance(error, OSError) and error.errno is None) and not _is_panic(error):
        return None
    if (refusal := _REFUSAL.search(text)) and "<Code>NoSuchBucket<" in refusal[0]:
        bucket = dict(_TOLD.findall(refusal[0])).get("BucketName", "")
        return NotFoundError(f"there is no such bucket{f': {bucket!r}' if bucket else ''} (404 NoSuchBucket)")
    text = _REFUSAL.sub(_in_short, text)
    kind = next((meant for pattern, meant in _MEANINGS if pattern.search(text)), StoreError)
    return kind(f"the Delta table can't be used: {text}")


def _in_short(refusal: re.Match[str]) -> str:
    """A store's code and sentence; the rest of its XML repeats who asked, and for what."""
    told = dict(_TOLD.findall(refusal[0]))
    return ": ".join(told[name] for name in ("Code", "Message") if told.get(name))


def _is_panic(error: BaseException) -> bool:
    return type(error).__name__ in ("PanicException", "ArrowException")


def _one_line(text: str) -> str:
    return _STACK.split(" ".join(_COLOURS.sub("", text).split()))[0][:2000]
