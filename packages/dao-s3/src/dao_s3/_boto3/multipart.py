"""One multipart upload: opened, fed with parts, completed or aborted. It is never left open."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from dao.errors import DaoError, NotFoundError, TransientError
from dao_s3._boto3.bucket import Bucket
from dao_s3._boto3.checksums import Running, running
from dao_s3._boto3.strays import begin_upload

__all__ = ["MOST_PARTS", "Multipart"]

MOST_PARTS = 10_000  # S3's own bound
_ABORTS = 4


@define(eq=False)
class Multipart:
    """An upload that is open. Parts may be sent by several threads, each once and under its own number.

    Attributes:
        bucket: where it goes.
        key: the object to be.
        upload_id: S3's name for the upload.
        parts: what the completion needs of each part, by number.
    """

    bucket: Bucket
    key: str
    upload_id: str
    parts: dict[int, Mapping[str, Any]] = field(factory=dict)

    @classmethod
    def begin(cls, bucket: Bucket, key: str, storing: Mapping[str, Any]) -> Multipart:
        """Open an upload.

        Args:
            bucket: where it goes.
            key: the object to be.
            storing: how to store it, including checksums, as boto3's arguments.
        """
        return cls(bucket, key, begin_upload(bucket, key, **storing))

    def send(self, number: int, data: bytes) -> Running:
        """Upload one part, with its checksum, which is given back."""
        checksum = running(self.bucket.options.checksum, data)
        answer = self._ask("upload_part", PartNumber=number, Body=data, **checksum.arguments())
        self.parts[number] = {"PartNumber": number, "ETag": answer["ETag"], checksum.argument: checksum.value()}
        return checksum

    def copy(self, number: int, source: Mapping[str, str], etag: str | None, part: str) -> None:
        """Let the store copy one part from a range of an object, while that has the ETag."""
        answer = self._ask(
            "upload_part_copy",
            PartNumber=number,
            CopySource=source,
            CopySourceIfMatch=etag,
            CopySourceRange=part,
        )
        told = answer["CopyPartResult"]
        sums = {name: value for name, value in told.items() if name.startswith("Checksum")}
        self.parts[number] = {"PartNumber": number, "ETag": told["ETag"], **sums}

    def complete(self, **arguments: Any) -> Any:
        """Make the object out of the parts; the answer.

        Args:
            arguments: conditions, and the checksum of the whole where it is known.

        Raises:
            ConflictError: a condition did not hold; the upload is still open.
            TransientError: the object may be there.
        """
        parts = [self.parts[number] for number in sorted(self.parts)]
        try:
            return self._ask("complete_multipart_upload", MultipartUpload={"Parts": parts}, **arguments)
        except NotFoundError as error:
            if "upload" not in error.message:
                raise
            # No other client knows the upload: an earlier attempt completed it, and its response was lost.
            raise TransientError(
                f"{self.bucket.where(self.key)}: whether it was completed is not known, for the answer was lost"
            ) from error

    def abort(self) -> None:
        """Abort, with retries: an open upload costs money until it is found.

        Raises:
            DaoError: it may be open still; the message says so.
        """
        for attempt in range(1, _ABORTS + 1):
            try:
                self._ask("abort_multipart_upload")
                return
            except NotFoundError:
                return
            except DaoError as error:
                if attempt == _ABORTS:
                    error.add_note(f"the multipart upload {self.upload_id} of {self.key!r} may be open still: abort it")
                    raise
                time.sleep(min(self.bucket.options.retry.max_backoff, 0.1 * 2**attempt))

    def abort_after(self, error: BaseException) -> None:
        """Abort because of an error; if aborting fails too, only add a note to that error."""
        try:
            self.abort()
        except DaoError as failed:
            error.add_note(
                f"{failed}; the multipart upload {self.upload_id} of {self.key!r} may be open still: abort it"
            )

    def _ask(self, operation: str, **arguments: Any) -> Any:
        return self.bucket.ask(operation, self.key, UploadId=self.upload_id, **arguments)
