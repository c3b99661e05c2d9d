"""Writing an object of unknown length: one request if it stays small, else parts that are sent while it is written.

s3transfer would do much of this, but it pulls from a file, which would take a thread and a pipe; its parts don't grow
with what has been written; and it completes when the file ends, where here the caller has the last word.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dao.memory import current
from dao_files.manifest import Pieces, Stat
from dao_s3._boto3.bucket import Bucket
from dao_s3._boto3.checksums import Running, covers_whole, running
from dao_s3._boto3.multipart import Multipart

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["ObjectWriter", "next_part_size", "put"]

_MiB = 1024 * 1024
_THREADS = 4  # per writer; on loopback more were no faster, and each holds a part
_STEP = 900  # parts of one size: 10,000 parts then reach 5 TiB, whatever their first size
_LARGEST_PART = 5 * 1024 * _MiB


def next_part_size(first: int, written: int) -> int:
    """Bytes of the next part: parts double now and then, so that few are never too many.

    >>> next_part_size(8 * 1024**2, 0) // 1024**2, next_part_size(8 * 1024**2, 1024**4) // 1024**2
    (8, 1024)
    """
    doublings = (written // (first * _STEP) + 1).bit_length() - 1
    return min(_LARGEST_PART, first << doublings)


def put(bucket: Bucket, key: str, data: Buffer, arguments: dict[str, Any]) -> Stat:
    """Store an object in one request.

    Args:
        bucket: where.
        key: of the object.
        data: its content.
        arguments: conditions, and how to store it, as boto3 takes them.
    """
    content = data if isinstance(data, (bytes, bytearray)) else bytes(data)
    checksum = running(bucket.options.checksum, content)
    answer = bucket.ask("put_object", key, Body=content, **checksum.arguments(), **arguments)
    return bucket.stored(key, len(content), answer)


class ObjectWriter:
    """See :class:`dao_files.manifest.Writer`. It is for one thread at a time.

    In memory are the part that is being filled and those that are being sent: as many as there are threads at first,
    fewer of them as they grow.
    """

    def __init__(self, bucket: Bucket, key: str, conditions: dict[str, Any], storing: dict[str, Any]) -> None:
        bucket.full_key(key)  # refused early, not after everything is written
        self.closed = False
        self._bucket = bucket
        self._key = key
        self._conditions = conditions
        self._storing = storing
        self._first = bucket.options.part_size
        self._limit = self._first
        self._most_sent = min(self._first * _THREADS, current().sent)
        self._part = Pieces()
        self._size = 0
        self._stat: Stat | None = None
        self._parts: _Parts | None = None

    def write(self, data: Buffer, /) -> int:
        """Add bytes."""
        self._check_open()
        view = memoryview(data).cast("B")
        try:
            self._take(view)
        except BaseException as error:
            self._give_up(error)
            raise
        return len(view)

    def _take(self, view: memoryview) -> None:
        at = 0
        while at < len(view):
            taken = view[at : at + self._limit - len(self._part)]
            self._part.add(taken)
            self._size += len(taken)
            at += len(taken)
            if len(self._part) == self._limit:
                self._send()

    def _send(self) -> None:
        if self._parts is None:
            self._parts = _Parts(self._begin(), self._most_sent)
        self._parts.send(self._part.taken())
        self._limit = next_part_size(self._first, self._size)

    def _begin(self) -> Multipart:
        name = self._bucket.options.checksum
        kind = "FULL_OBJECT" if covers_whole(name) else "COMPOSITE"
        checksum = {"ChecksumAlgorithm": name, "ChecksumType": kind}
        return Multipart.begin(self._bucket, self._key, {**self._storing, **checksum})

    def close(self) -> None:
        """Complete the object. See :meth:`dao_files.manifest.Writer.close`."""
        if self.closed:
            return
        try:
            self._stat = self._complete()
        except BaseException as error:
            self._give_up(error)
            raise
        self.closed = True

    def _complete(self) -> Stat:
        if self._parts is None:
            return put(self._bucket, self._key, self._part.taken(), {**self._conditions, **self._storing})
        if self._part:
            self._parts.send(self._part.taken())
        answer = self._parts.complete(self._conditions)
        return self._bucket.stored(self._key, self._size, answer)

    def abort(self) -> None:
        """Abort. See :meth:`dao_files.manifest.Writer.abort`."""
        if self.closed:
            return
        self._let_go()
        if self._parts is not None:
            self._parts.stop()
            self._parts.upload.abort()

    def _give_up(self, error: BaseException) -> None:
        self._let_go()
        if self._parts is not None:
            self._parts.stop()
            self._parts.upload.abort_after(error)

    def _let_go(self) -> None:
        self.closed = True
        self._part = Pieces()

    @property
    def written(self) -> Stat:
        """What the complete object is."""
        if self._stat is None:
            raise ValueError(f"{self._bucket.where(self._key)} is not complete")
        return self._stat

    def writable(self) -> bool:
        """True: that is all it can do."""
        return True

    def readable(self) -> bool:
        """False."""
        return False

    def seekable(self) -> bool:
        """False."""
        return False

    def tell(self) -> int:
        """Bytes written so far."""
        return self._size

    def flush(self) -> None:
        """Nothing is visible before :meth:`close`, so there is nothing to do."""
        self._check_open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        elif not self.closed:
            self._give_up(error)

    def __del__(self) -> None:
        # Garbage-collected without close(): an incomplete upload must not stay open.
        if not getattr(self, "closed", True):
            self.abort()

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("the file is closed")


class _Parts:
    """Sends the parts of one upload by a few threads, with a bounded number of bytes under way."""

    def __init__(self, upload: Multipart, most_bytes: int) -> None:
        self.upload = upload
        self._most_bytes = most_bytes
        self._under_way: deque[tuple[Future[Running], int]] = deque()
        self._bytes = 0
        self._number = 0
        self._whole: Running | None = None
        if covers_whole(upload.bucket.options.checksum):
            self._whole = running(upload.bucket.options.checksum)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="dao-s3-upload")

    def send(self, part: bytes) -> None:
        """Start sending a part once there is room for it. Raises the error of an earlier one."""
        while self._under_way and (self._bytes + len(part) > self._most_bytes or self._under_way[0][0].done()):
            self._settle()
        self._number += 1
        self._bytes += len(part)
        self._under_way.append((self._pool.submit(self.upload.send, self._number, part), len(part)))

    def _settle(self) -> None:
        future, size = self._under_way.popleft()
        self._bytes -= size
        checksum = future.result()
        if self._whole is not None:
            self._whole.extend(checksum, size)

    def complete(self, conditions: dict[str, Any]) -> Any:
        """Wait for all parts and complete the object; returns the response."""
        while self._under_way:
            self._settle()
        self._pool.shutdown()
        sums: dict[str, Any] = {}
        if self._whole is not None:
            sums = {self._whole.argument: self._whole.value(), "ChecksumType": "FULL_OBJECT"}
        return self.upload.complete(**sums, **conditions)

    def stop(self) -> None:
        """Start no more parts, and wait for those in flight: one that arrives after an abort would be kept."""
        self._pool.shutdown(cancel_futures=True)
        self._under_way.clear()
