"""Writing an object of unknown length: one request while it is small, else parts that are sent as they come.

Nothing is visible before the end, and obstore gives an upload up that fails. It can't complete one under a condition,
though, so large content under a condition goes another way, which :class:`~dao_s3._obstore.transport.ObstoreTransport`
chooses:

* on S3 the other driver uploads it in parts and completes them under the condition. Copying a staged object, which
  obstore can do for ``if_absent``, was no choice: it doubles the store's work, drops metadata and checksum, and knows
  no ``if_match``;
* elsewhere it is spooled to a temporary file and put in one request, the only conditional write that these stores have.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextvars import copy_context
from threading import Thread
from typing import TYPE_CHECKING

from dao.errors import DataError, StoreError
from dao_files.manifest import Stat

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Streamed"]

_PARTS = 10_000
"""Parts of one upload, on S3 and Google Cloud."""

Send = Callable[[Iterator["Buffer"]], Stat]
"""Writes an object out of an iterator of its pieces; nothing is left if the iterator raises."""


class _GivenUp(Exception):
    """Raised inside of obstore's upload, so that it aborts it."""


class Streamed:
    """An upload in parts, made by obstore in a thread of its own out of what is handed to it.

    Memory: what waits here, and the parts that obstore is sending.
    """

    _END = object()
    _GIVE_UP = object()

    def __init__(self, key: str, part_size: int, send: Send) -> None:
        """Start the upload."""
        self._key = key
        self._longest = part_size * _PARTS
        self._part_size = part_size
        self._size = 0
        self._pieces: queue.Queue[object] = queue.Queue(maxsize=2)
        self._error: BaseException | None = None
        self._stat: Stat | None = None
        self._thread = Thread(target=copy_context().run, args=(self._run, send), name="dao-s3-put", daemon=True)
        self._thread.start()

    def _run(self, send: Send) -> None:
        try:
            self._stat = send(self._iterated())
        except BaseException as error:
            self._error = error
        finally:
            self._drain()

    def _iterated(self) -> Iterator[Buffer]:
        while True:
            piece = self._pieces.get()
            if piece is self._END:
                return
            if piece is self._GIVE_UP:
                raise _GivenUp
            yield piece  # type: ignore[misc]

    def _drain(self) -> None:
        # Producers waiting for room in the queue detect that the thread has ended.
        while True:
            try:
                self._pieces.get_nowait()
            except queue.Empty:
                return

    def _hand_over(self, piece: object) -> None:
        while self._thread.is_alive():
            try:
                self._pieces.put(piece, timeout=1.0)
                return
            except queue.Full:
                continue

    def write(self, data: Buffer, /) -> int:
        """Add bytes."""
        size = memoryview(data).nbytes
        if self._size + size > self._longest:
            self.abort()
            raise DataError(
                f"{self._key!r}: more than {_PARTS:,} parts of {self._part_size:,} bytes: raise the option part_size"
            )
        self._size += size
        self._hand_over(data)
        self._raise_error()
        return size

    def close(self) -> None:
        """Complete the upload."""
        self._hand_over(self._END)
        self._thread.join()
        self._raise_error()

    def abort(self) -> None:
        """Abort the upload."""
        self._hand_over(self._GIVE_UP)
        self._thread.join()

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            self._thread.join()
            raise error

    @property
    def written(self) -> Stat:
        """The complete object."""
        if self._stat is None:
            raise StoreError(f"{self._key!r}: the upload is not complete")
        return self._stat
