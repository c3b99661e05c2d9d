"""The plugin that keeps garbage collections short: earlier objects are left alone, garbage of tests is found."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import gc
import weakref

EARLY = [[]]

class Circle:
    def __init__(self):
        self.itself = self

def test_what_was_there_before_the_tests_is_left_alone():
    assert not any(one is EARLY for one in gc.get_objects())

def test_garbage_of_tests_is_found():
    lost = weakref.ref(Circle())
    assert lost() is not None
    gc.collect()
    assert lost() is None

def test_collections_go_on_by_themselves():
    assert gc.isenabled()
"""


@pytest.mark.parametrize("workers", [[], ["-n1"]], ids=["alone", "workers"])
def test_earlier_objects_are_left_alone_and_garbage_is_found(pytester: pytest.Pytester, workers: list[str]) -> None:
    pytester.makepyfile(TESTS)
    done = pytester.runpytest_subprocess("-p", "frozen_start", "-p", "no:cacheprovider", *workers)
    done.assert_outcomes(passed=3)
