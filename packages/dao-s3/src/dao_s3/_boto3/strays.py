"""Aborts stray multipart uploads: those whose response was lost, so that the request was retried."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from dao.errors import DaoError
from dao_s3._boto3.bucket import Bucket

__all__ = ["begin_upload", "give_up_strays"]

_ROUNDING = timedelta(seconds=2)
"""The store's times have a resolution of one second."""


def begin_upload(bucket: Bucket, key: str, **storing: Any) -> str:
    """Open an upload and return its id. Uploads opened by failed attempts are aborted."""
    start = time.monotonic()
    try:
        answer = bucket.ask("create_multipart_upload", key, **storing)
    except DaoError as error:
        try:
            give_up_strays(bucket, key, time.monotonic() - start, ours=None)
        except DaoError as blind:
            error.add_note(f"a multipart upload of {key!r} may be left open: {blind}")
        raise
    if answer.get("ResponseMetadata", {}).get("RetryAttempts", 0):
        with suppress(DaoError):  # writing needs no permission to list uploads; a lifecycle rule cleans up
            give_up_strays(bucket, key, time.monotonic() - start, ours=answer["UploadId"])
    upload_id: str = answer["UploadId"]
    return upload_id


def give_up_strays(bucket: Bucket, key: str, seconds: float, ours: str | None) -> None:
    """Abort the uploads of exactly this key that were begun within the last seconds and aren't ours.

    An upload that another writer of the same key opened in that time is aborted too, which is an error there but
    loses nothing. The names of tables' files are unique and have no other writer.

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
    """The time by the store's clock, which may differ from the local one."""
    told = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(told) if told else datetime.now(UTC)
