"""An HTTP proxy in front of an S3 server that lets the requests fail that a plan names.

It passes requests on as they came, the Host header included: a client signs for the proxy's address, and the server
checks the signature against the Host that it is told. Requests are judged one by one, so that "the Nth request" is what
it says, on however many connections.

    with FaultProxy(server.endpoint) as proxy:      # proxy.endpoint is what the client is given
        with proxy.under(FaultPlan(at=3), Toxic.CUT):
            ...                                      # the third request's answer is cut
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self
from urllib.parse import urlsplit

from attrs import frozen

from dao.testing import FaultPlan, Verdict
from dao_redshift.testing._services._programs import LOOPBACK
from services.toxics import ANSWERED_HERE, Toxic, answer_of, concerns, refusal

LATENCY_SECONDS = 0.1
_HEAD_LIMIT = 1 << 20
_PIECE = 1 << 18
_FIRST_BYTES = len("HTTP/1.1 2")


@frozen
class Request:
    """One request as it came.

    Attributes:
        line: its first line.
        headers: name, in lower case, and value.
        body: all of it.
    """

    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def method(self) -> str:
        """Such as GET."""
        return self.line.split(" ", 1)[0]

    @property
    def target(self) -> str:
        """Path and query."""
        return self.line.split(" ")[1]

    @property
    def name(self) -> str:
        """Method and target, for messages."""
        return f"{self.method} {self.target}"

    def head(self) -> bytes:
        """What is sent to the server before the body."""
        kept = [(name, value) for name, value in self.headers if name not in ("connection", "expect")]
        lines = [self.line, *(f"{name}: {value}" for name, value in kept), "connection: close"]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


@frozen
class _Faults:
    """What is to go wrong: which requests, and how."""

    plan: FaultPlan
    toxic: Toxic

    def toxic_for(self, request: Request) -> Toxic | None:
        if not concerns(self.toxic, request.method, request.target, dict(request.headers)):
            return None
        match self.plan.verdict(request.name):
            case Verdict.PASS:
                return None
            case Verdict.LOSE:
                return Toxic.LOST
            case Verdict.FAIL:
                return self.toxic


class FaultProxy:
    """A proxy on a free port of the loopback interface, in a thread of its own; a context manager.

    Attributes:
        endpoint: its URL.
        requests: how many have come so far.
    """

    def __init__(self, target: str) -> None:
        """Prepare one in front of the server at this URL."""
        address = urlsplit(target)
        self._target = (address.hostname or LOOPBACK, address.port or 80)
        self._faults: _Faults | None = None
        self._refused: tuple[str, str, str] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._answering = 0
        self._idle = threading.Event()
        self._idle.set()
        self.requests = 0
        self.endpoint = ""

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        serving = asyncio.start_server(self._serve, LOOPBACK, 0, limit=_HEAD_LIMIT, backlog=512)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result(30)
        self.endpoint = f"http://{LOOPBACK}:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        """Drop all connections and stop."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    @contextmanager
    def under(self, plan: FaultPlan, toxic: Toxic = Toxic.RESET) -> Iterator[FaultPlan]:
        """Let requests fail while the context is open.

        Args:
            plan: which ones; it counts those that the toxic concerns.
            toxic: how; a plan that loses answers says so itself.
        """
        self._faults = _Faults(plan, toxic)
        try:
            yield plan
        finally:
            self._faults = None

    def settle(self) -> None:
        """Wait until what has come is done, for clients too that are gone."""
        assert self._idle.wait(60), "a request is still being answered"

    @contextmanager
    def refusing(self, status: str, code: str, message: str) -> Iterator[None]:
        """Answer all requests with an error while the context is open.

        Args:
            status: HTTP's number and phrase.
            code: S3's name of the error.
            message: S3's words.
        """
        self._refused = (status, code, message)
        try:
            yield
        finally:
            self._refused = None

    async def _end(self) -> None:
        self._server.close()
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        """One connection of a client, request after request."""
        try:
            while (request := await _read_request(client, answer)) is not None:
                self.requests += 1
                if self._refused is not None:
                    answer.write(refusal(*self._refused, request.method))
                    continue
                faults = self._faults
                toxic = faults.toxic_for(request) if faults is not None else None
                self._answering += 1
                self._idle.clear()
                try:
                    if not await self._answer(request, toxic, client, answer):
                        break
                finally:
                    self._answering -= 1
                    if not self._answering:
                        self._idle.set()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client is gone, or the server: either way this connection is of no use any more
        finally:
            answer.close()

    async def _answer(
        self, request: Request, toxic: Toxic | None, client: asyncio.StreamReader, answer: asyncio.StreamWriter
    ) -> bool:
        """Do with a request what is to be done; True if the connection can be used again."""
        if toxic in ANSWERED_HERE:
            answer.write(refusal(*answer_of(toxic), request.method))
            await answer.drain()
            return True
        if toxic is Toxic.RESET:
            _reset(answer)
            return False
        if toxic is Toxic.STALL:
            await client.read()  # until the client has had enough
            return False
        return await self._pass_on(request, toxic, answer)

    async def _pass_on(self, request: Request, toxic: Toxic | None, answer: asyncio.StreamWriter) -> bool:
        server, sending = await asyncio.open_connection(*self._target, limit=_HEAD_LIMIT)
        try:
            sending.write(request.head() + request.body)
            await sending.drain()
            head = await server.readuntil(b"\r\n\r\n")
            if toxic in (Toxic.LOST, Toxic.CUT):
                body = await server.read()  # the server closes when it is done: only now is it surely done
                if toxic is Toxic.CUT:
                    answer.write(head + body[: len(body) // 2] if body else head[:_FIRST_BYTES])
                    await answer.drain()
                return False
            if toxic is Toxic.FAILED_LATE:
                await server.read()
                answer.write(refusal(*answer_of(toxic), request.method))
                await answer.drain()
                return True
            if toxic is Toxic.LATENCY:
                await asyncio.sleep(LATENCY_SECONDS)
            answer.write(_without_connection(head))
            while piece := await server.read(_PIECE):
                answer.write(piece)
                await answer.drain()
            return _ends_by_itself(head, request.method)
        finally:
            sending.close()


async def _read_request(client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> Request | None:
    """The next request of a connection; None at its end."""
    try:
        head = await client.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    line, *rest = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = tuple((name.lower(), value.strip()) for name, _, value in (field.partition(":") for field in rest))
    given = dict(headers)
    if given.get("expect", "").lower() == "100-continue":
        answer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await answer.drain()
    if "chunked" in given.get("transfer-encoding", ""):
        body = await _read_chunks(client)
    else:
        body = await client.readexactly(int(given.get("content-length", 0)))
    return Request(line, headers, body)


async def _read_chunks(client: asyncio.StreamReader) -> bytes:
    """A chunked body, in its chunks, with its trailer."""
    pieces: list[bytes] = []
    while size := int((line := await client.readuntil(b"\r\n")).split(b";")[0], 16):
        pieces += [line, await client.readexactly(size + 2)]
    pieces.append(line)
    while pieces[-1] != b"\r\n":
        pieces.append(await client.readuntil(b"\r\n"))
    return b"".join(pieces)


def _without_connection(head: bytes) -> bytes:
    """An answer's head that doesn't say that the server closes, for the client's connection stays."""
    lines = head.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(b"connection:"))


def _ends_by_itself(head: bytes, method: str) -> bool:
    """Whether a client knows where an answer ends without the connection being closed."""
    has_no_body = method == "HEAD" or head.split(b" ", 2)[1] in (b"204", b"304")
    fields = head.lower()
    return has_no_body or b"\r\ncontent-length:" in fields or b"\r\ntransfer-encoding:" in fields


def _reset(answer: asyncio.StreamWriter) -> None:
    """Close so that the client sees a reset and no end."""
    connection: socket.socket = answer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    answer.transport.abort()
