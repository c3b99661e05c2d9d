"""Writers that are killed, as by ``kill -9``, at a chosen one of their I/O operations: for tests of what they leave.

A program has everything imported, and forks a process for each writer, as hundreds of kills are affordable only so:

    # killed_writer.py
    from dao.testing import fork_writers, killing, patched

    def write(order: str) -> None:
        root, at = order.split()
        with patched(killing(int(at)), (os, "replace", "link", "unlink"), (builtins, "open")):
            ...
            print("done", flush=True)

    if __name__ == "__main__":
        fork_writers(write)

    # test_kills.py
    with ForkedWriters(PROGRAM) as writers:
        said, was_killed = writers.run(f"{tmp_path} 7")
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from dao.testing._faults import FaultPlan

__all__ = ["ForkedWriters", "fork_writers", "killing"]

_ENDED = "writer ended "


def killing(at: int | None) -> FaultPlan:
    """Make a plan by which this process is killed instead of its I/O operation ``at``, counted from 1; None for never.

    >>> plan = killing(None)
    >>> plan.call("open", lambda: "opened"), plan.seen
    ('opened', ['open'])
    """
    return FaultPlan(at=at, error=_kill)


def _kill(operation: str) -> NoReturn:
    while True:
        os.kill(os.getpid(), signal.SIGKILL)


def fork_writers(write: Callable[[str], None]) -> None:
    """Fork a process for each line of the standard input, one after another, which writes; the program of the tests.

    Args:
        write: called in the new process with the line. What it prints is read by :meth:`ForkedWriters.run`; an error
            ends the process with its traceback.
    """
    for line in sys.stdin:
        writer = os.fork()
        if not writer:
            _write(write, line.rstrip("\n"))
        print(f"{_ENDED}{os.waitpid(writer, 0)[1]}", flush=True)


def _write(write: Callable[[str], None], order: str) -> NoReturn:
    status = 1
    try:
        write(order)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


class ForkedWriters:
    """A running program of :func:`fork_writers`; a context manager that ends it."""

    def __init__(self, program: Path, *arguments: str) -> None:
        """Start it.

        Args:
            program: the program's file.
            arguments: of the program.
        """
        command = [sys.executable, "-P", str(program), *arguments]
        self._program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> ForkedWriters:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._program.communicate()

    def run(self, order: str) -> tuple[list[str], bool]:
        """Let one process write.

        Args:
            order: the line that the program's function gets.

        Returns:
            The lines that it printed, and whether it was killed.

        Raises:
            AssertionError: the program ended, or the process by something else than a kill.
        """
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(f"{order}\n")
        self._program.stdin.flush()
        said: list[str] = []
        for line in self._program.stdout:
            if line.startswith(_ENDED):
                status = int(line.removeprefix(_ENDED))
                assert status in (0, signal.SIGKILL), f"the writer ended with the status {status} after {said}"
                return said, status != 0
            said.append(line.rstrip("\n"))
        raise AssertionError(f"the program ended after {said}")
