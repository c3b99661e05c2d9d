"""An object as a file: read anywhere, one range at a time, with some read ahead where reading goes on in order."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast

from dao.errors import ConflictError
from dao_s3._boto3.bucket import Bucket
from dao_s3._boto3.reading import read
from dao_s3.transport import Stat

__all__ = ["open_anywhere"]

_LEAST = 64 * 1024  # bytes that are asked for at least: a request costs more than these
_MOST = 8 * 1024 * 1024


def open_anywhere(bucket: Bucket, stat: Stat) -> BinaryIO:
    """See :meth:`dao_s3.transport.Transport.random_access`."""
    return cast("BinaryIO", _ObjectFile(bucket, stat))


class _ObjectFile(io.RawIOBase):
    """Every read gives as many bytes as were asked for, or all up to the end.

    Reading on from where the last request ended asks for twice as much each time; reading elsewhere begins anew.
    """

    def __init__(self, bucket: Bucket, stat: Stat) -> None:
        super().__init__()
        self._bucket = bucket
        self._stat = stat
        self._position = 0
        self._window = b""
        self._window_at = 0
        self._ahead = _LEAST

    @property
    def name(self) -> str:
        """The object's URI."""
        return self._bucket.where(self._stat.key)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        self._check_open()
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._check_open()
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._stat.size}.get(whence)
        if base is None or base + offset < 0:
            raise ValueError(f"can't seek to {offset} with whence={whence}")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        self._check_open()
        left = max(0, self._stat.size - self._position)
        wanted = left if size is None or size < 0 else min(size, left)
        got = self._get(wanted)
        self._position += wanted
        return got

    def readall(self) -> bytes:
        return self.read()

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        got = self.read(len(view))
        view[: len(got)] = got
        return len(got)

    def close(self) -> None:
        self._window = b""
        super().close()

    def _get(self, wanted: int) -> bytes:
        begin = self._position - self._window_at
        held = memoryview(self._window)[begin : begin + wanted] if begin >= 0 else memoryview(b"")
        missing = wanted - len(held)
        if missing == 0:
            return bytes(held)
        at = self._position + len(held)
        goes_on = at == self._window_at + len(self._window) and at > 0
        self._ahead = min(_MOST, self._ahead * 2) if goes_on else _LEAST
        fetched = self._fetch(at, max(missing, self._ahead))
        if missing == len(fetched):
            self._window, self._window_at = b"", at + missing
            return bytes(held) + fetched if held else fetched
        self._window, self._window_at = fetched, at
        return bytes(held) + fetched[:missing]

    def _fetch(self, at: int, length: int) -> bytes:
        stat = self._stat
        length = min(length, stat.size - at)
        etag = stat.etag if stat.version is None else None
        got = bytes(read(self._bucket, stat.key, start=at, length=length, etag=etag, version=stat.version))
        if len(got) < length:  # possible where there was no ETag to pin it to
            raise ConflictError(f"{self.name}: it is shorter than it was; someone else wrote it")
        return got

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("the file is closed")
