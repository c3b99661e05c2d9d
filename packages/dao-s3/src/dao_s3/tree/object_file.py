"""One object as a Python file: read from beginning to end in one answer, and anywhere else on request."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from dao.errors import ConflictError, NotFoundError
from dao_s3.transport import Stat, Transport

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["ObjectFile", "open_object", "pinned"]

_BUFFER = 1 << 20


def open_object(transport: Transport, stat: Stat) -> BinaryIO:
    """Open an object for reading, pinned to the content that ``stat`` tells of."""
    return cast("BinaryIO", io.BufferedReader(ObjectFile(transport, stat), _BUFFER))


def pinned(error: NotFoundError, stat: Stat) -> ConflictError:
    """What to say when an object that was listed is not there any more."""
    return ConflictError(f"{stat.key!r} was replaced or deleted while it was being read: read again")


class ObjectFile(io.RawIOBase):
    """See :func:`open_object`. Reading raises ConflictError once the object is gone or another one."""

    def __init__(self, transport: Transport, stat: Stat) -> None:
        super().__init__()
        self._transport = transport
        self._stat = stat
        self._position = 0
        self._chunks: Iterator[Buffer] | None = None
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._stat.size}[whence]
        position = max(0, start + offset)
        if position != self._position:
            self._let_go()
            self._position = position
        return position

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        while not self._rest:
            if self._position >= self._stat.size:
                return 0
            piece = self._next_piece()
            if piece is None:
                return 0
            self._rest = piece
        size = min(len(target), len(self._rest))
        target[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        self._position += size
        return size

    def _next_piece(self) -> memoryview | None:
        stat = self._stat
        try:
            if self._chunks is None:
                self._chunks = self._transport.chunks(
                    stat.key, start=self._position, etag=stat.etag, version=stat.version
                )
            piece = next(self._chunks, None)
        except NotFoundError as error:
            raise pinned(error, stat) from error
        return None if piece is None else memoryview(piece).cast("B")

    def _let_go(self) -> None:
        chunks, self._chunks = self._chunks, None
        self._rest = memoryview(b"")
        close = getattr(chunks, "close", None)
        if close is not None:
            close()

    def close(self) -> None:
        if not self.closed:
            self._let_go()
        super().close()
