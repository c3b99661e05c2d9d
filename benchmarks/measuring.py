"""How things are measured here: contestants take turns, and what counts is the ratio within a round.

The machines are small and noisy. A ratio of two things measured one right after the other means something where two
absolute times don't; the median of at least seven such ratios is what is reported, with the smallest and the largest.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

from attrs import field, frozen

ROUNDS = int(os.environ.get("DAO_BENCH_ROUNDS", "7"))


@frozen
class Row:
    """One line of the report.

    Attributes:
        what: what was measured.
        found: the figure, with its unit.
        bar: what it should be; empty where it is for information.
        holds: whether it is; ``None`` where there is no bar.
        detail: spread, absolute times, versions.
    """

    what: str
    found: str
    bar: str = ""
    holds: bool | None = None
    detail: str = ""


@frozen
class Times:
    """Seconds of each contestant, round by round, in the order in which they took turns.

    Attributes:
        seconds: that passed.
        cpu: those of all threads of the process together, as far as they were measured.
    """

    seconds: Mapping[str, list[float]] = field(factory=dict)
    cpu: Mapping[str, list[float]] = field(factory=dict)

    def of(self, name: str) -> float:
        """The median of one contestant, in seconds."""
        return median(self.seconds[name])

    def ratios(self, name: str, to: str) -> list[float]:
        """One contestant's time over another's, round by round."""
        return [a / b for a, b in zip(self.seconds[name], self.seconds[to], strict=True)]

    def ratio(self, name: str, to: str) -> float:
        """The median of the ratios."""
        return median(self.ratios(name, to))

    def spread(self, name: str, to: str) -> str:
        """The ratios' smallest and largest, for the report."""
        found = self.ratios(name, to)
        return f"{min(found):.2f}..{max(found):.2f} over {len(found)}"


def interleaved(contestants: Mapping[str, Callable[[], object]], rounds: int = ROUNDS, calls: int = 1) -> Times:
    """Let the contestants take turns, after one warm-up each; every other round goes backwards."""
    for run in contestants.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in contestants}
    cpu: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds):
        order = list(contestants)[:: -1 if number % 2 else 1]
        for name in order:
            seconds, processor = _spent(contestants[name], calls)
            times[name].append(seconds)
            cpu[name].append(processor)
    return Times(times, cpu)


def timed(run: Callable[[], object], calls: int = 1) -> float:
    """Seconds for one call, the mean over so many; the garbage collector waits meanwhile."""
    return _spent(run, calls)[0]


def _spent(run: Callable[[], object], calls: int) -> tuple[float, float]:
    """Seconds for one call, and those of all threads together."""
    gc.collect()
    gc.disable()
    try:
        start, cpu = time.perf_counter(), time.process_time()
        for _ in range(calls):
            run()
        return (time.perf_counter() - start) / calls, (time.process_time() - cpu) / calls
    finally:
        gc.enable()


def python(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints for this code; its bytecode is cached."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command: Sequence[str] = (sys.executable, "-c", code, *arguments)
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"a measured process failed:\n{done.stderr}")
    return done.stdout.strip()


PEAK = """
def reset_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
def peak_mib():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
"""
"""To be put before the code of a fresh process that reports its peak resident memory (Linux)."""
