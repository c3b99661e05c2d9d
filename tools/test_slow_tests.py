"""The rule about the marker `slow`: what counts as slow, and what doesn't."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import slow_tests

pytest_plugins = ["pytester"]

BUSY = """
import subprocess, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
import pytest

def work(seconds=0.4):
    start = time.process_time()
    while time.process_time() - start < seconds:
        pass
"""


Outcome = Callable[..., pytest.RunResult]
LIMITED = ("--cpu-limit=0.2",)


@pytest.fixture
def outcome(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Runs a test file on a machine that is as slow as given."""

    def run(tests: str, *arguments: str, slowness: Sequence[float] = (1.0, 1.0)) -> pytest.RunResult:
        measured = iter(slowness)
        monkeypatch.setattr(slow_tests, "slowness", lambda: next(measured))
        pytester.makeini("[pytest]\nmarkers = slow")
        pytester.makepyfile(BUSY + tests)
        return pytester.runpytest_inprocess("-p", "slow_tests", "-p", "no:cacheprovider", *arguments)

    return run


TOO_MUCH = {
    "a test": "def test_it(): work()",
    "a method": "class TestIt:\n    def test_it(self): work()",
    "its fixture": "@pytest.fixture\ndef worked(): work()\n\ndef test_it(worked): pass",
    "a process that it starts": "def test_it(): subprocess.run([sys.executable, '-c', CODE])\n\n"
    "CODE = 'import time\\nwhile time.process_time() < 0.4: pass'",
    "a thread that it starts": "def test_it():\n    with ThreadPoolExecutor(1) as pool: pool.submit(work).result()",
}


@pytest.mark.parametrize("tests", TOO_MUCH.values(), ids=TOO_MUCH)
def test_much_cpu_time_without_the_marker_is_an_error(outcome: Outcome, tests: str) -> None:
    result = outcome(tests, *LIMITED)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*took 0.* s of CPU time, more than 0.2 s: mark it with @pytest.mark.slow*"])


ALLOWED = {
    "marked": "@pytest.mark.slow\ndef test_it(): work()",
    "in a marked class": "@pytest.mark.slow\nclass TestIt:\n    def test_it(self): work()",
    "in a marked module": "pytestmark = pytest.mark.slow\n\ndef test_it(): work()",
    "waiting": "def test_it(): threading.Event().wait(0.4)",
    "sharing a fixture": "@pytest.fixture(scope='module')\ndef worked(): work()\n\ndef test_it(worked): pass",
    "sharing one that a fixture of its own asks for": "@pytest.fixture(scope='session')\ndef worked(): work()\n\n"
    "@pytest.fixture\ndef own(request): return request.getfixturevalue('worked')\n\ndef test_it(own): pass",
    "after one that worked": "@pytest.mark.slow\ndef test_before(): work()\n\ndef test_it(): pass",
}


@pytest.mark.parametrize("tests", ALLOWED.values(), ids=ALLOWED)
def test_what_is_allowed(outcome: Outcome, tests: str) -> None:
    result = outcome(tests, *LIMITED)
    result.assert_outcomes(passed=tests.count("def test_"))


def test_a_slow_machine_has_longer(outcome: Outcome) -> None:
    outcome("def test_it(): work()", *LIMITED, slowness=[5.0]).assert_outcomes(passed=1)


def test_a_machine_that_has_become_slow_has_longer(outcome: Outcome) -> None:
    outcome("def test_it(): work()", *LIMITED, slowness=[1.0, 5.0]).assert_outcomes(passed=1)


def test_a_failure_is_shown_as_it_is(outcome: Outcome) -> None:
    result = outcome("def test_it():\n    work()\n    assert 1 == 2", *LIMITED)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2"])
    result.stdout.no_fnmatch_line("*CPU time*")


def test_a_run_without_the_option_has_no_limit(outcome: Outcome) -> None:
    outcome("def test_it(): work()").assert_outcomes(passed=1)


def test_the_loop_is_timed() -> None:
    assert slow_tests.slowness() >= 1.0
