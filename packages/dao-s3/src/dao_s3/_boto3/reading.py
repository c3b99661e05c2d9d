"""Reading objects: whole, in part, or piece by piece; what breaks on the way is asked for again from there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import FlexibleChecksumError, IncompleteReadError, ResponseStreamingError

from dao.errors import DaoError, StoreError
from dao_files.storage import in_parallel
from dao_s3._boto3.bucket import Bucket, bare_etag, kept_version, quote_etag
from dao_s3._boto3.checksums import running_for
from dao_s3._boto3.errors import DRIVER_ERRORS, answer_behind, to_dao_error
from dao_s3._boto3.retries import RetryBudget

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Body", "read"]

_MiB = 1024 * 1024
PIECE = _MiB // 4  # bytes of a streamed piece: who copies it finds it in the processor's cache
_SAMPLE = 8 * _MiB  # bytes by which it is seen how fast a connection is
_SLOW = 128 * _MiB  # bytes in a second; below that, several connections fetch more than one
_RANGE = 4 * _MiB
_RANGES = 10  # at the same time, as many as s3transfer's: some 40 MiB are in memory, and what is handed out
_NOTHING_THERE = 416  # of HTTP: the object ends before the range begins


def read(
    bucket: Bucket,
    key: str,
    *,
    start: int = 0,
    length: int | None = None,
    etag: str | None = None,
    version: str | None = None,
) -> Buffer:
    """See :meth:`dao_files.manifest.Transport.get`.

    One answer, read in one piece: measured on loopback, ranges in several threads were slower, and copied. What was
    damaged on the way is read once more.
    """
    try:
        return Body(bucket, key, start, length, etag, version).all()
    except _DamagedError:
        return Body(bucket, key, start, length, etag, version).all()


class _DamagedError(StoreError):
    """The bytes that came are not those that were stored."""


class Body:
    """The content of one object, or a part of it, from one answer; from several where one breaks.

    All answers are of the same object: the later ones are pinned to the first one's version or ETag. Fewer bytes than
    promised are never given. A whole object's bytes are compared with its checksum, where the store has one of the
    whole content: at the end, so :meth:`pieces` raises after the last piece.
    """

    def __init__(
        self,
        bucket: Bucket,
        key: str,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
        version: str | None = None,
    ) -> None:
        self._bucket = bucket
        self._key = key
        self._etag = etag
        self._version = version
        self._start = self._at = start
        self._stream: Any = None
        self._check: Any = None
        self._retries = RetryBudget(bucket.options.retry, bucket.options.part_size)
        whole = start == 0 and length is None
        # No range has no bytes: one byte is asked for, which says whether the object is there and is the right one.
        self._end = self._first(whole, None if length is None else start + max(1, length))
        if length == 0:
            self.close()
            self._end = start

    def _first(self, whole: bool, end: int | None) -> int:
        """Ask for the beginning; where the content ends."""
        try:
            answer = self._request(None if whole else end, ranged=not whole)
        except DaoError as error:
            answered = answer_behind(error)
            if answered is not None and answered.status == _NOTHING_THERE:
                return self._at
            raise
        self._check = running_for(answer) if whole else None
        # A version outlives being replaced, so what was begun can be read to its end.
        self._version = self._version or kept_version(answer)
        self._etag = bare_etag(answer.get("ETag"))
        return self._at + int(answer["ContentLength"])

    def _request(self, end: int | None, *, ranged: bool) -> Any:
        answer = self._bucket.ask(
            "get_object",
            self._key,
            Range=f"bytes={self._at}-{'' if end is None else end - 1}" if ranged else None,
            IfMatch=quote_etag(self._etag),
            VersionId=self._version,
            ChecksumMode=None if ranged else "ENABLED",
        )
        self._stream = answer["Body"]
        return answer

    def all(self) -> Buffer:
        """Everything, in memory."""
        pieces = []
        while self._at < self._end:
            piece = self._read(None)
            if piece:
                pieces.append(piece)
        self._verify()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def pieces(self) -> Iterator[Buffer]:
        """Everything, piece by piece."""
        spent = 0.0
        try:
            while self._at < self._end:
                begun = time.perf_counter()
                piece = self._read(PIECE)
                spent += time.perf_counter() - begun
                if piece:
                    yield piece
                if self._is_slow(spent):
                    break
            yield from self._ranges()
            self._verify()
        finally:
            self.close()

    def _is_slow(self, spent: float) -> bool:
        """Whether one connection brings little and much is left. Amazon's bring some 90 MiB/s, loopback a thousand."""
        got = self._at - self._start
        return got >= _SAMPLE and got < _SLOW * spent and self._end - self._at > _RANGES * _RANGE

    def _ranges(self) -> Iterator[Buffer]:
        """What is left, in order, fetched ahead by several connections."""
        if self._at == self._end:
            return
        self.close()
        for piece in in_parallel(self._range, range(self._at, self._end, _RANGE), _RANGES):
            self._at += len(piece)
            if self._check is not None:
                self._check[0].update(piece)
            yield piece

    def _range(self, at: int) -> bytes:
        length = min(_RANGE, self._end - at)
        etag = self._etag if self._version is None else None
        return bytes(read(self._bucket, self._key, start=at, length=length, etag=etag, version=self._version))

    def close(self) -> None:
        """Release the connection; unread bytes are not fetched."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _read(self, size: int | None) -> bytes:
        """Some of what is to come; nothing where the answer broke and the next call has to ask again."""
        piece = b""
        try:
            if self._stream is None:
                self._request(self._end, ranged=True)
            piece = self._stream.read(size)
            broken: Exception | None = None if piece else IncompleteReadError(actual_bytes=0, expected_bytes=1)
        except FlexibleChecksumError as error:
            self.close()
            raise self._damaged() from error
        except DRIVER_ERRORS as error:
            piece, broken = _salvage(error), error
        self._at += len(piece)
        if self._check is not None:
            self._check[0].update(piece)
        if broken is not None and self._at < self._end:
            self.close()
            self._retries.spend(to_dao_error(broken, self._bucket.where(self._key)), broken, len(piece))
        return piece

    def _verify(self) -> None:
        if self._check is not None and self._check[0].value() != self._check[1]:
            raise self._damaged()

    def _damaged(self) -> StoreError:
        return _DamagedError(f"{self._bucket.where(self._key)}: the bytes that came don't match the object's checksum")


def _salvage(error: Exception) -> bytes:
    """What had come before a connection broke: it is in the error of the library at the bottom."""
    if not isinstance(error, ResponseStreamingError):
        return b""
    below: Any = error.kwargs.get("error")
    inner = below.args[1] if below is not None and len(below.args) > 1 else None
    partial = getattr(inner, "partial", b"")
    return partial if isinstance(partial, bytes) else b""
