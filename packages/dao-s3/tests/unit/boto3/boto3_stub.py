"""A server that passes requests on to a store, and does some of them wrong when it is told to."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

from attrs import define, field

ERROR = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>told by the stub</Message></Error>'


@define
class Fault:
    """What becomes of a request that matches, ``times`` times after having passed ``skip``.

    Attributes:
        match: looks at the method and the path with its query.
        what: ``answer`` (not done, an error instead), ``reset`` (not done, the connection breaks), ``lose`` (done, the
            connection breaks), ``cut`` (done, half of the answer's body comes), ``flip`` (done, with a wrong bit),
            ``mark`` (done, with another ETag),
            ``hang`` (done, nothing comes after half of the body), ``stall`` (not done, nothing comes).
        status: of an ``answer``.
        code: of an ``answer``.
    """

    match: Callable[[str, str], bool]
    what: str
    times: int = 1
    skip: int = 0
    status: int = 503
    code: str = "SlowDown"

    def meets(self, method: str, path: str) -> bool:
        if not self.match(method, path) or self.times <= 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@define(eq=False)
class Stub:
    """The server. ``seen`` has method, path and headers of all requests, in order.

    Attributes:
        backend: host and port of the store behind it.
        faults: what goes wrong.
        seen: the requests so far.
    """

    backend: tuple[str, int]
    faults: list[Fault] = field(factory=list)
    seen: list[tuple[str, str, dict[str, str]]] = field(factory=list)
    port: int = 0
    _lock: Any = field(factory=Lock)
    _released: Event = field(factory=Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fail(self, method: str, what: str, *, path: str = "", **fault: Any) -> Fault:
        """Let requests with a method, and with a text in their path or query, go wrong."""
        made = Fault(lambda given, target: given == method and path in target, what, **fault)
        self.faults.append(made)
        return made

    def methods(self, path: str = "") -> list[str]:
        """The methods of the requests so far that have a text in their path or query."""
        return [method for method, target, _ in self.seen if path in target]

    def drivers(self) -> set[str]:
        """The drivers that have sent the requests so far: ``boto3``, ``obstore``."""
        agents = [headers.get("User-Agent", "") for _, _, headers in self.seen]
        return {"boto3" if "Botocore" in agent else "obstore" for agent in agents}

    def verdict(self, method: str, path: str, headers: dict[str, str]) -> Fault | None:
        with self._lock:
            self.seen.append((method, path, headers))
            return next((fault for fault in self.faults if fault.meets(method, path)), None)

    def hold(self) -> None:
        """Say nothing, until the test is over."""
        self._released.wait(30)

    @contextmanager
    def serving(self) -> Iterator[Stub]:
        class Server(ThreadingHTTPServer):
            daemon_threads = True
            stub = self

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that goes away is what is being tested."""

        server = Server(("127.0.0.1", 0), _Handler)
        self.port = server.server_address[1]
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield self
        finally:
            self._released.set()
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.stub.verdict(self.command, self.path, dict(self.headers))
        what = fault.what if fault is not None else "pass"
        if what == "stall":
            self.server.stub.hold()
            self.close_connection = True
        elif what == "answer":
            assert fault is not None
            told = ERROR.format(code=fault.code).encode()
            self._answer(fault.status, [("Content-Type", "application/xml")], told)
        elif what == "reset":
            self._reset()
        else:
            status, headers, content = self._passed_on(body)
            if what == "lose":
                self._reset()
            elif what in ("cut", "hang"):
                self._answer(status, headers, content, content[: len(content) // 2])
                self.wfile.flush()
                if what == "hang":
                    self.server.stub.hold()
                self._reset(politely=True)
            elif what == "flip":
                self._answer(status, headers, content, content[:-1] + bytes([content[-1] ^ 1]))
            elif what == "mark":
                kept = [pair for pair in headers if pair[0].lower() != "etag"]
                self._answer(status, [*kept, ("ETag", f'"{"0" * 32}"')], content)
            else:
                self._answer(status, headers, content)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def _passed_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection(*self.server.stub.backend, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        kept = [pair for pair in answer.getheaders() if pair[0].lower() not in ("connection", "transfer-encoding")]
        connection.close()
        return answer.status, kept, content

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes, sent: bytes | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() != "content-length" or self.command == "HEAD":
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        elif not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content if sent is None else sent)

    def _reset(self, politely: bool = False) -> None:
        self.close_connection = True
        if not politely:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Tests are quiet."""
