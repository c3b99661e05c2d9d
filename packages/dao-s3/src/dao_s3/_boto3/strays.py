"""Multipart uploads that nobody knows of: the answer to their beginning was lost, and the request was sent again."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from dao.errors import DaoError
from dao_s3._boto3.bucket import Bucket

__all__ = ["begun", "give_up_strays"]

_ROUNDING = timedelta(seconds=2)
"""The store tells times in whole seconds."""


def begun(bucket: Bucket, key: str, **storing: Any) -> str:
    """Open an upload and give its id. Uploads that failed attempts may have opened as well are aborted."""
    start = time.monotonic()
    try:
        answer = bucket.ask("create_multipart_upload", key, **storing)
    except DaoError as error:
        try:
            give_up_strays(bucket, key, time.monotonic() - start, ours=None)
        except DaoError as blind:
            error.add_note(f"a multipart upload of {key!r} may be open that nobody knows of: {blind}")
        raise
    if answer.get("ResponseMetadata", {}).get("RetryAttempts", 0):
        with suppress(DaoError):  # who may not list uploads can write all the same; a lifecycle rule sweeps up
            give_up_strays(bucket, key, time.monotonic() - start, ours=answer["UploadId"])
    upload_id: str = answer["UploadId"]
    return upload_id


def give_up_strays(bucket: Bucket, key: str, seconds: float, ours: str | None) -> None:
    """Abort the uploads of exactly this key that were begun within the last seconds and aren't ours.

    One that another writer of the same key has begun in that time goes too: its parts will not be found, which is an
    error there and no loss. Uploads under the names that tables give their files have no other writer.

    Args:
        bucket: where they are.
        key: the object to be.
        seconds: how long ago the first request was sent.
        ours: the upload to keep.
    """
    answer = bucket.ask("list_multipart_uploads", Prefix=bucket.full_key(key))
    oldest = _now_there(answer) - timedelta(seconds=seconds) - _ROUNDING
    for entry in answer.get("Uploads", ()):
        stray = entry["Key"] == bucket.full_key(key) and entry["UploadId"] != ours and entry["Initiated"] >= oldest
        if stray:
            bucket.ask("abort_multipart_upload", key, UploadId=entry["UploadId"])


def _now_there(answer: Any) -> datetime:
    """The time by the store's own clock, which may not be ours."""
    told = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(told) if told else datetime.now(UTC)
