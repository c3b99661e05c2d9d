"""Joins chunks of bytes: copied once, or not at all."""

from __future__ import annotations

__all__ = ["Pieces"]

_SMALL = 64 << 10
"""Bytes below which a piece is copied at once: as an object of its own it would take more than they do."""


class Pieces:
    """Collects bytes until they are taken.

    Growing a buffer copies what is in it again and again, and leaves holes in memory; making it large at once writes
    zeros first. So ``bytes`` are kept as they are until then. What isn't ``bytes`` may change later and is copied.

    >>> pieces = Pieces()
    >>> pieces.add(memoryview(b"ab"))
    >>> pieces.add(memoryview(bytearray(b"c")))
    >>> len(pieces), pieces.taken(), len(pieces)
    (3, b'abc', 0)
    """

    def __init__(self) -> None:
        self._all: list[bytes | bytearray | memoryview] = []
        self._size = 0

    def __len__(self) -> int:
        """How many bytes there are."""
        return self._size

    def add(self, piece: memoryview) -> None:
        """Add bytes; ``piece`` is a view of single bytes, as by ``cast("B")``."""
        self._size += len(piece)
        if len(piece) < _SMALL:
            self._tail().extend(piece)
        elif not isinstance(piece.obj, bytes):
            self._all.append(bytes(piece))
        else:
            self._all.append(piece.obj if len(piece) == len(piece.obj) else piece)

    def _tail(self) -> bytearray:
        if not self._all or not isinstance(self._all[-1], bytearray):
            self._all.append(bytearray())
        tail = self._all[-1]
        assert isinstance(tail, bytearray)
        return tail

    def taken(self) -> bytes:
        """All bytes; none are left here."""
        pieces, self._all, self._size = self._all, [], 0
        return pieces[0] if len(pieces) == 1 and isinstance(pieces[0], bytes) else b"".join(pieces)
