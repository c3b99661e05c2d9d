"""Contestants in processes of their own: they take turns, and each says how long it took and what memory it had.

A process per contestant keeps libraries apart, allocators and thread pools too.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from attrs import frozen
from measuring import Times, timed
from s3_place import Place


@frozen
class Contestant:
    """A function of one of the modules here that prepares something to be timed.

    Attributes:
        function: ``module.function``.
        arguments: what it takes beside the place.
    """

    function: str
    arguments: Mapping[str, Any] = {}


class Process:
    """A contestant's process, prepared when it is made."""

    def __init__(self, name: str, contestant: Contestant, environment: Mapping[str, str]) -> None:
        self.name = name
        command = [sys.executable, __file__, contestant.function, json.dumps(dict(contestant.arguments))]
        inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**inherited, **environment}
        )

    def run(self) -> dict[str, Any]:
        """Let it run once: ``seconds``, ``count`` and the process's peak resident memory ``peak_mib`` so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} ended with {self._process.wait()}")
        return dict(json.loads(answer))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@frozen
class Result:
    """What came of a race.

    Attributes:
        times: seconds by contestant, round by round.
        peaks: by contestant, the largest peak of resident memory, in MiB.
    """

    times: Times
    peaks: Mapping[str, float]


def race(contestants: Mapping[str, Contestant], environment: Mapping[str, str], rounds: int, *, fresh: bool) -> Result:
    """Let contestants take turns, each round in another order; all must do the same amount of work.

    Args:
        contestants: by name.
        environment: tells them where the server is.
        rounds: how many count.
        fresh: a new process for each run, whose peak memory is that of the one run; else processes that stay, and run
            once before it counts.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    peaks = dict.fromkeys(contestants, 0.0)
    counts: dict[str, int] = {}
    staying = {} if fresh else {name: Process(name, one, environment) for name, one in contestants.items()}
    try:
        for number in range(rounds if fresh else rounds + 1):
            for name in _order(list(contestants), number):
                if fresh:
                    with Process(name, contestants[name], environment) as process:
                        told = process.run()
                else:
                    told = staying[name].run()
                counts[name] = told["count"]
                peaks[name] = max(peaks[name], told["peak_mib"])
                if fresh or number:
                    seconds[name].append(told["seconds"])
    finally:
        for process in staying.values():
            process.__exit__(None, None, None)
    if len(set(counts.values())) > 1:
        raise RuntimeError(f"the contestants did not do the same: {counts}")
    return Result(Times(seconds), peaks)


def _order(names: Sequence[str], number: int) -> list[str]:
    """Forwards, backwards, and another one first each time."""
    shift = number // 2 % len(names)
    shifted = [*names[shift:], *names[:shift]]
    return shifted[::-1] if number % 2 else shifted


def _main(function: str, arguments: str) -> None:
    """In a contestant's process: prepare, then run once for each line that comes."""
    # What a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    module, _, name = function.partition(".")
    run = getattr(importlib.import_module(module), name)(Place.of_environment(), **json.loads(arguments))
    for _ in sys.stdin:
        found: list[int] = []
        seconds = timed(lambda found=found: found.append(run()))  # type: ignore[misc]
        print(json.dumps({"seconds": seconds, "count": found[0], "peak_mib": _peak_mib()}), file=answers, flush=True)


def _peak_mib() -> float:
    """The peak of this process's resident memory, in MiB (Linux)."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    _main(*sys.argv[1:])
