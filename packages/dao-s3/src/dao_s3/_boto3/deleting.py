"""Deleting objects, a thousand in a request."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from dao.errors import DaoError, NotFoundError, PermissionDeniedError, StoreError, TransientError
from dao_s3._boto3.bucket import Bucket
from dao_s3._errors import Answer, error_of

__all__ = ["delete"]

_BATCH = 1000  # S3's own bound


def delete(bucket: Bucket, keys: Iterable[str]) -> None:
    """See :meth:`dao_files.manifest.Transport.delete`. All are tried; failures are raised at the end."""
    rest = iter(keys)
    tried = 0
    failed: dict[str, DaoError] = {}
    while batch := list(islice(rest, _BATCH)):
        tried += len(batch)
        # XML can hold no control characters, and would change a carriage return: those go alone, in their URL.
        alone = [key for key in batch if any(letter < " " or letter in "\x7f\ufffe\uffff" for letter in key)]
        for key in alone:
            bucket.ask("delete_object", key)
        failed |= _delete_batch(bucket, [key for key in batch if key not in alone])
    if failed:
        raise _failure(failed, tried)


def _delete_batch(bucket: Bucket, keys: Sequence[str]) -> dict[str, DaoError]:
    """Delete a batch; returns failed keys with reasons. Keys that the store is too busy for are retried."""
    refused: dict[str, DaoError] = {}
    retry = bucket.options.retry
    for attempt in range(1, retry.attempts + 1):
        if not keys:
            break
        busy = {}
        for key, error in _ask(bucket, keys):
            if isinstance(error, TransientError) and attempt < retry.attempts:
                busy[key] = error
            elif not isinstance(error, NotFoundError):
                refused[key] = error
        keys = list(busy)
        if keys:
            time.sleep(min(retry.max_backoff, 0.1 * 2**attempt))
    return refused


def _ask(bucket: Bucket, keys: Sequence[str]) -> Iterable[tuple[str, DaoError]]:
    full = [{"Key": bucket.full_key(key)} for key in keys]
    answer = bucket.ask(
        "delete_objects", Delete={"Objects": full, "Quiet": True}, ChecksumAlgorithm=bucket.options.checksum
    )
    for refusal in answer.get("Errors", ()):
        key = bucket.own_key(refusal["Key"])
        yield key, error_of(_answer(refusal), bucket.where(key))


def _answer(refusal: Mapping[str, Any]) -> Answer:
    return Answer(None, refusal.get("Code"), refusal.get("Message") or "")


def _failure(failed: Mapping[str, DaoError], tried: int) -> StoreError:
    first = next(iter(failed.values()))
    kinds = {type(error) for error in failed.values()}
    same = kinds.pop() if len(kinds) == 1 else StoreError
    kind = same if same in (PermissionDeniedError, TransientError) else StoreError
    if len(failed) == tried == 1:
        return kind(str(first))
    return kind(f"{len(failed):,} of {tried:,} objects could not be deleted; the first: {first}")
