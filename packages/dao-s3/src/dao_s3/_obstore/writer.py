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

import mmap
import queue
import tempfile
from collections.abc import Callable, Iterator
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from dao.errors import DataError, StoreError
from dao_files.manifest import Pieces, Stat

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["BufferedWriter", "Spooled", "Streamed", "Target"]

_HANDED_ON = 1 << 20
"""Bytes that are handed on together to a target, which makes its parts of them."""

_PARTS = 10_000
"""Parts of one upload, on S3 and Google Cloud."""

Send = Callable[[Iterator["Buffer"]], Stat]
"""Writes an object out of an iterator of its pieces; nothing is left if the iterator raises."""

Put = Callable[["Buffer"], Stat]
"""Writes an object in one request."""


class Target(Protocol):
    """Where content goes that has become too large for one buffer."""

    def write(self, data: Buffer, /) -> int:
        """Add bytes."""

    def close(self) -> None:
        """Make the object."""

    def abort(self) -> None:
        """Give up: nothing is left."""

    @property
    def written(self) -> Stat:
        """The complete object."""


class BufferedWriter:
    """See :class:`dao_files.manifest.Writer`."""

    def __init__(self, key: str, part_size: int, put: Put, overflow: Callable[[], Target]) -> None:
        """Begin.

        Args:
            key: of the object.
            part_size: bytes that are held before they are sent.
            put: for content up to that.
            overflow: for larger content; asked for when it has become so.
        """
        self.closed = False
        self._key = key
        self._part_size = part_size
        self._put = put
        self._overflow = overflow
        self._held = Pieces()
        self._target: Target | None = None
        self._written: Stat | None = None

    def write(self, data: Buffer, /) -> int:
        """Add bytes."""
        if self.closed:
            raise ValueError("the writer is closed")
        given = memoryview(data).cast("B")
        for begin in range(0, len(given), self._part_size):
            self._held.add(given[begin : begin + self._part_size])
            if len(self._held) > (self._part_size if self._target is None else _HANDED_ON):
                self._send()
        return len(given)

    def _send(self) -> None:
        if self._target is None:
            self._target = self._overflow()
        self._target.write(self._held.taken())

    def close(self) -> None:
        """See :meth:`dao_files.manifest.Writer.close`."""
        if self.closed:
            return
        self.closed = True
        if self._target is None:
            self._written = self._put(self._held.taken())
            return
        try:
            if self._held:
                self._target.write(self._held.taken())
        except BaseException:
            self._target.abort()
            raise
        self._target.close()
        self._written = self._target.written

    def abort(self) -> None:
        """See :meth:`dao_files.manifest.Writer.abort`."""
        if self.closed:
            return
        self.closed = True
        self._held = Pieces()
        if self._target is not None:
            self._target.abort()

    @property
    def written(self) -> Stat:
        """See :attr:`dao_files.manifest.Writer.written`."""
        if self._written is None:
            raise ValueError(f"{self._key!r} is not complete")
        return self._written

    def __del__(self) -> None:
        # Dropped by an error on its way up: nothing may stay open. At the interpreter's end there is no more to do.
        if not getattr(self, "closed", True):
            self.abort()


class _GivenUp(Exception):
    """Raised inside of obstore's upload, so that it aborts it."""


class Streamed:
    """An upload in parts, made by obstore in a thread of its own out of what is handed to it.

    Memory: what waits here, and the parts that obstore is sending.
    """

    _END = object()
    _GIVE_UP = object()

    def __init__(self, key: str, part_size: int, send: Send) -> None:
        """Begin the upload."""
        self._key = key
        self._longest = part_size * _PARTS
        self._part_size = part_size
        self._size = 0
        self._pieces: queue.Queue[object] = queue.Queue(maxsize=2)
        self._error: BaseException | None = None
        self._stat: Stat | None = None
        self._thread = Thread(target=self._run, args=(send,), name="dao-s3-put", daemon=True)
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
        # Whoever waits for room in the queue sees that the thread has ended.
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
        """Give the upload up."""
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


class Spooled:
    """Content that is collected in a temporary file without a name, then put in one request out of it."""

    def __init__(self, key: str, put: Put) -> None:
        """Make the file."""
        self._key = key
        self._put = put
        self._file = tempfile.TemporaryFile(prefix="dao-s3-")  # noqa: SIM115 - closed by close() and abort()
        self._stat: Stat | None = None

    def write(self, data: Buffer, /) -> int:
        """Add bytes."""
        return self._file.write(data)

    def close(self) -> None:
        """Put the object."""
        try:
            self._file.flush()
            # Not read into memory, and not closed here: obstore lets go of it when it is done with it.
            content = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
            self._stat = self._put(memoryview(content))
        finally:
            self._file.close()

    def abort(self) -> None:
        """Drop the file."""
        self._file.close()

    @property
    def written(self) -> Stat:
        """The complete object."""
        if self._stat is None:
            raise StoreError(f"{self._key!r}: the object is not complete")
        return self._stat
