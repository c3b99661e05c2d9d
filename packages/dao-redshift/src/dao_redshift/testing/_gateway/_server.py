"""The server: it listens on the loopback interface, with a thread for each client."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from struct import Struct
from threading import Lock, Thread

from attrs import define, field

from dao_redshift.testing._gateway._context import SessionContext, Shared
from dao_redshift.testing._gateway._replies import Replies
from dao_redshift.testing._gateway._session import Session
from dao_redshift.testing._gateway._startup import Welcomed, ask, welcome
from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._stream import ConnectionLost, MessageStream
from dao_redshift.testing._wire._upstream import UpstreamConnection

LOOPBACK = "127.0.0.1"
_CANCEL = Struct("!ii")


@define(eq=False)
class Server:
    """The listening side of a gateway.

    Attributes:
        shared: what its sessions share.
        tls: how clients are served over TLS; None to refuse it.
        port: where it listens.
    """

    shared: Shared
    tls: ssl.SSLContext | None
    port: int = 0
    _listening: socket.socket = field(init=False)
    _accepting: Thread = field(init=False)
    _open: dict[bytes, tuple[MessageStream, MessageStream]] = field(factory=dict)
    _beginning: set[socket.socket] = field(factory=set)
    _threads: set[Thread] = field(factory=set)
    _lock: Lock = field(factory=Lock)

    def start(self) -> None:
        """Begin to listen."""
        self._listening = socket.create_server((LOOPBACK, self.port), backlog=128)
        self.port = self._listening.getsockname()[1]
        self._accepting = Thread(target=self._accept, name="redshift-gateway", daemon=True)
        self._accepting.start()

    def stop(self) -> None:
        """End all sessions, and listen no more."""
        with suppress(OSError):  # some systems have no such end of what only listens
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join(10)
        self.end_sessions()
        for connection in tuple(self._beginning):
            with suppress(OSError):  # it has ended by itself
                connection.shutdown(socket.SHUT_RDWR)
        for thread in tuple(self._threads):
            thread.join(10)

    def end_sessions(self) -> int:
        """Lose the connections of all sessions, both sides of each; return how many there were."""
        with self._lock:
            found = list(self._open.values())
        for client, upstream in found:
            client.close()
            upstream.close()
        return len(found)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return  # it was closed
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = Thread(target=self._serve, args=(connection,), name="redshift-session", daemon=True)
            with self._lock:
                self._threads.add(thread)
                self._beginning.add(connection)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        stream = MessageStream(connection)
        raw = connection
        try:
            connection, stream, wanted = ask(connection, self.tls)
            if wanted.cancelled is not None:
                self._cancel(wanted.cancelled)
                return
            self._session(stream, welcome(stream, wanted, self.shared))
        except RedshiftError as error:
            with suppress(ConnectionLost):  # it doesn't want to know
                stream.send(m.error(error, "FATAL"))
        except (ConnectionLost, OSError):
            pass  # the client's or PostgreSQL's connection is gone, or TLS couldn't be agreed on: this session is over
        finally:
            stream.close()
            with self._lock:
                self._beginning.discard(raw)

    def _session(self, client: MessageStream, welcomed: Welcomed) -> None:
        upstream = UpstreamConnection(welcomed.upstream)
        context = SessionContext(welcomed.user, self.shared.address.database, welcomed.pid, upstream)
        session = Session(self.shared, context, Replies(client, upstream))
        with self._lock:
            self._open[welcomed.key] = (client, welcomed.upstream)
        try:
            session.serve()
        except ConnectionLost:
            self.shared.sent.lose(welcomed.pid)
            raise
        finally:
            client.close()
            welcomed.upstream.close()
            with self._lock:
                self._open.pop(welcomed.key, None)

    def _cancel(self, key: bytes) -> None:
        """Pass the request on, if it is for a session of this gateway."""
        with self._lock:
            known = key in self._open
        if known:
            with self.shared.address.connect() as connection:
                connection.sendall(_CANCEL.pack(16, 80877102) + key)
                connection.recv(1)  # PostgreSQL closes when it is done
