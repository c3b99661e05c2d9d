"""The ids of tests with long parameters."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

LONG = """
import pytest

@pytest.mark.parametrize("text", ["x" * 1000, "x" * 999 + "y", "\\n" * 101, b"\\xff" * 2000, "short", "\\xe9" * 100, 7])
def test_it(text):
    assert text
"""


def test_long_texts_are_cut_and_told_apart(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LONG)
    done = pytester.runpytest_inprocess("-p", "short_ids", "-p", "no:cacheprovider", "-v")
    done.assert_outcomes(passed=7)
    done.stdout.fnmatch_lines(["*'xxxx*x'... of 1,000_0]*", "*'xxxx*x'... of 1,000_1]*", "*[[]short]*", "*[[]7]*"])
    assert max(map(len, done.outlines)) < 700
