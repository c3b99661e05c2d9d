"""Server programs: started on a free port of the loopback interface, waited for, and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from urllib.request import urlopen

LOOPBACK = "127.0.0.1"
_SECONDS_TO_START = 180
_SECONDS_TO_END = 20


def free_port() -> int:
    """A port of the loopback interface at which nothing listens."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def listens(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    with suppress(OSError), socket.create_connection((host, port), 1):
        return True
    return False


def web_answers(url: str) -> bool:
    """Whether a GET of the URL is answered with success."""
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_until(answers: Callable[[], bool], alive: Callable[[], bool], log: Callable[[], str]) -> None:
    """Wait until something answers.

    Raises:
        RuntimeError: it isn't alive any more, or the time is over; with the end of its log.
    """
    until = time.monotonic() + _SECONDS_TO_START
    while not answers():
        if not alive():
            raise RuntimeError(f"ended before it answered: {log()}")
        if time.monotonic() > until:
            raise RuntimeError(f"did not answer within {_SECONDS_TO_START} s: {log()}")
        time.sleep(0.05)


@contextmanager
def running(
    command: Sequence[str | os.PathLike[str]],
    answers: Callable[[], bool],
    *,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
    end_by: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    """A program that runs while the context is open, from when it first answers.

    Args:
        command: the program and its arguments.
        answers: whether it answers by now.
        environment: variables that it gets beside this process's own.
        user: who it runs as; None for this process's own user.
        end_by: the signal that it ends on.

    Raises:
        RuntimeError: it ended, or didn't answer in time; with the end of what it printed.
    """
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, user=user,
        )  # fmt: skip
        try:
            wait_until(answers, lambda: process.poll() is None, lambda: f"{command[0]}: {_end_of(log.fileno())}")
            yield
        finally:
            process.send_signal(end_by)
            try:
                process.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _end_of(log: int) -> str:
    return os.pread(log, 1 << 20, 0).decode(errors="replace")[-2000:]
