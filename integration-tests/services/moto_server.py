"""moto's server as a program that takes one request after the other: `python moto_server.py PORT`.

moto looks whether a condition holds and then writes; in many threads at once two writers would both win. One at a time,
its conditional writes are as atomic as a real store's. And it says of every multipart upload that it was begun in 2010;
here all have been begun just now.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

_BEGUN = b"2010-11-10T20:48:33.000Z"


class OneAtATime:
    """A WSGI application whose requests wait for one another."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        with self._lock:
            answer = list(self._application(environ, start_response))
        if "uploads" not in environ["QUERY_STRING"]:
            return answer
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z").encode()
        return [piece.replace(_BEGUN, now) for piece in answer]  # as long as it was, so the headers are still right


if __name__ == "__main__":
    moto = DomainDispatcherApplication(create_backend_app)
    # It looks through the folder of its modules with each request: that took a third of the server's time.
    moto.get_backend_for_host = functools.cache(moto.get_backend_for_host)
    run_simple("127.0.0.1", int(sys.argv[1]), OneAtATime(moto), threaded=True, request_handler=MotoRequestHandler)
