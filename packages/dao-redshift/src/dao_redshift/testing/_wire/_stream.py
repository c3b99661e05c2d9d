"""Messages of one socket, read through a buffer; runs of rows are taken as one piece of bytes."""

from __future__ import annotations

import socket
from contextlib import suppress
from struct import Struct
from threading import Lock

_INT = Struct("!i")
_length_at = _INT.unpack_from
_PIECE = 1 << 18


class ConnectionLost(Exception):
    """The other side is gone."""


class MessageStream:
    """The messages that come from one side, and a way to send some to it.

    A message has a kind of one byte, a length of four bytes that counts itself, and a body.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = b""
        self._at = 0
        self._closing = Lock()
        self._closed = False

    def message(self) -> tuple[bytes, bytes]:
        """The next message: its kind and its body.

        Raises:
            ConnectionLost: there is none.
        """
        self._need(5)
        at = self._at
        (length,) = _length_at(self._buffer, at + 1)
        self._need(1 + length)
        at = self._at
        self._at = at + 1 + length
        return self._buffer[at : at + 1], self._buffer[at + 5 : self._at]

    def run_of(self, kind: bytes) -> bytes:
        """The whole messages of one kind that come next and are here already, as they came; waits for one at least.

        Empty if the next message is of another kind.

        Raises:
            ConnectionLost: nothing comes any more.
        """
        wanted = kind[0]
        if not self._comes(wanted):
            return b""
        buffer, start, at, end = self._buffer, self._at, self._at, len(self._buffer)
        last = end - 5
        while at <= last and buffer[at] == wanted:
            following = at + 1 + _length_at(buffer, at + 1)[0]
            if following > end:
                break
            at = following
        self._at = at
        return buffer[start:at]

    def bodies_of(self, kind: bytes) -> bytes:
        """The bodies of the messages of one kind that come next and are here already; waits for one at least.

        Empty if the next message is of another kind.

        Raises:
            ConnectionLost: nothing comes any more.
        """
        wanted = kind[0]
        if not self._comes(wanted):
            return b""
        buffer, at, end, bodies = self._buffer, self._at, len(self._buffer), []
        last = end - 5
        while at <= last and buffer[at] == wanted:
            following = at + 1 + _length_at(buffer, at + 1)[0]
            if following > end:
                break
            bodies.append(buffer[at + 5 : following])
            at = following
        self._at = at
        return b"".join(bodies)

    def exactly(self, size: int) -> bytes:
        """So many bytes that are no message, such as those before a login.

        Raises:
            ConnectionLost: there aren't as many.
        """
        self._need(size)
        self._at += size
        return self._buffer[self._at - size : self._at]

    @property
    def empty(self) -> bool:
        """Whether all that has come has been taken."""
        return self._at == len(self._buffer)

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes, all of them.

        Raises:
            ConnectionLost: the other side doesn't take them.
        """
        try:
            self._socket.sendall(data)
        except (OSError, ValueError) as error:
            raise ConnectionLost(str(error)) from None

    def close(self) -> None:
        """End the connection; who waits for its messages is woken. From any thread, and more than once."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            with suppress(OSError):  # the other side was quicker
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def _comes(self, wanted: int) -> bool:
        """Whether the next message is of a kind; it is in the buffer then."""
        self._need(5)
        if self._buffer[self._at] != wanted:
            return False
        self._need(1 + _length_at(self._buffer, self._at + 1)[0])
        return True

    def _need(self, size: int) -> None:
        """Have so many bytes in the buffer."""
        have = len(self._buffer) - self._at
        if have >= size:
            return
        pieces = [self._buffer[self._at :]]
        while have < size:
            try:
                piece = self._socket.recv(max(_PIECE, size - have))
            except (OSError, ValueError) as error:
                raise ConnectionLost(str(error)) from None
            if not piece:
                raise ConnectionLost("the other side closed the connection")
            pieces.append(piece)
            have += len(piece)
        self._buffer, self._at = b"".join(pieces), 0
