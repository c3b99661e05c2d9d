"""Writing an object of unknown length: one request while it is small; larger content goes on to a target."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from dao.errors import StoreError
from dao_files.manifest._pieces import Pieces
from dao_files.manifest._transport import Stat

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["BufferedWriter", "Spooled", "Target"]

_HANDED_ON = 1 << 20
"""Bytes that are handed on together to a target, which makes its parts of them."""

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


class Spooled:
    """Content that is collected in a temporary file without a name, then put in one request out of it."""

    def __init__(self, key: str, put: Put) -> None:
        """Make the file."""
        self._key = key
        self._put = put
        self._file = tempfile.TemporaryFile(prefix="dao-")  # noqa: SIM115 - closed by close() and abort()
        self._stat: Stat | None = None

    def write(self, data: Buffer, /) -> int:
        """Add bytes."""
        return self._file.write(data)

    def close(self) -> None:
        """Put the object."""
        try:
            self._file.flush()
            # Not read into memory, and not closed here: the mapping ends with its last reference.
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
