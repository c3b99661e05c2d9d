"""A pytest plugin that enforces the marker `slow`: `pytest -p slow_tests --cpu-limit=2`.

A test that takes more CPU seconds than that without the marker fails. What counts is the CPU time of this process and
of the child processes that it has waited for: not the clock, which on a busy machine also measures what others do.
Fixtures that several tests share don't count. On a slow machine the limit is higher: a fixed loop is timed when the run
starts, and again before a test fails. Only functions have a limit: the blocks of a page and the examples of a docstring
can't be marked.
"""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

REFERENCE = 0.010
"""CPU seconds that the loop takes on the machine that a limit is meant for."""

_STEPS = 100_000


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--cpu-limit", type=float, metavar="SECONDS", help="for tests that are not marked slow")


def pytest_configure(config: pytest.Config) -> None:
    """Watch the run if there is a limit."""
    limit = config.getoption("--cpu-limit")
    if limit is not None:
        config.pluginmanager.register(Watch(limit, slowness), "slow-tests-watch")


def cpu_seconds() -> float:
    """What this process and its ended children have used so far."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def slowness() -> float:
    """How many times as long as on the reference machine the loop takes here and now; at least 1."""

    def once() -> float:
        start = time.thread_time()
        math.fsum(math.sqrt(step) for step in range(_STEPS))
        return time.thread_time() - start

    return max(1.0, statistics.median(once() for _ in range(9)) / REFERENCE)


class Watch:
    """Adds up what each test uses.

    Args:
        limit: CPU seconds that a test may take on the reference machine.
        measure: says how slow this machine is, compared with it.
    """

    def __init__(self, limit: float, measure: Callable[[], float]) -> None:
        self._measure = measure
        self._limit = limit
        self._slowness = measure()
        self._used = 0.0
        self._shared = 0.0
        self._within_shared = False

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        """Keep apart what is made for several tests."""
        if fixturedef.scope == "function" or self._within_shared:
            return (yield)
        self._within_shared, start = True, cpu_seconds()
        try:
            return (yield)
        finally:
            self._within_shared = False
            self._shared += cpu_seconds() - start

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Generator[None, Any, Any]:
        """Begin a test, whose own fixtures count."""
        self._shared, start = 0.0, cpu_seconds()
        try:
            return (yield)
        finally:
            self._used = cpu_seconds() - start - self._shared

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Let a test fail that has taken too much without the marker."""
        self._shared, start = 0.0, cpu_seconds()
        result = yield
        self._used += cpu_seconds() - start - self._shared
        if isinstance(item, pytest.Function) and item.get_closest_marker("slow") is None and self._is_over():
            pytest.fail(
                f"took {self._used:.1f} s of CPU time, more than {self._limit * self._slowness:.1f} s: "
                "mark it with @pytest.mark.slow, so that only `-t full` runs it, or make it quicker",
                pytrace=False,
            )
        return result

    def _is_over(self) -> bool:
        if self._used <= self._limit * self._slowness:
            return False
        self._slowness = max(self._slowness, self._measure())
        return self._used > self._limit * self._slowness
