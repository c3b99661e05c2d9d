"""The house rules find what they forbid, and leave in peace what looks like it."""

from __future__ import annotations

import pytest
from house_rules import FORBIDDEN, archaic_words

# In two parts each, so that the rules don't find this file.
BAD = [
    "/ro" + "ot/.cache/uv",
    "/ho" + "me/ada/data.csv",
    "/Us" + "ers/ada/data.csv",
    "/wo" + "rk/main/packages",
    "https://files.python" + "hosted.org/packages/x.whl",
    "https://pypi.org/" + "simple",
    "https://nexus.example" + ".com/repository/pypi",
    "--index" + "-url https://example.com",
    "extra-index" + '-url = "https://example.com"',
]
GOOD = [
    "/home/user/project",
    "s3://bucket/root/file",
    "https://pypi.org/project/dao-core",
    "a root/child path",
    "network/main",
]


@pytest.mark.parametrize("line", BAD)
def test_bad_lines_are_found(line: str) -> None:
    assert any(pattern.search(line) for pattern in FORBIDDEN.values())


@pytest.mark.parametrize("line", GOOD)
def test_good_lines_are_not(line: str) -> None:
    assert not any(pattern.search(line) for pattern in FORBIDDEN.values())


ARCHAIC = '''"""A module for whoever reads it."""
shall = "nobody is told"  # one that is told
"""An attribute; a listener
hears of it."""
def spelt():
    """Lets go of a lock, and takes it anew."""
'''


def test_archaic_words_are_found_in_docstrings_and_comments_alone() -> None:
    found = sorted(archaic_words(ARCHAIC))
    assert found == [(1, "whoever"), (2, "is told"), (4, "hears"), (6, "Lets go of"), (6, "anew")]


@pytest.mark.parametrize("line", ["# a shell", "# share it", "# it was untold", "# a lesson", "# let it go"])
def test_other_words_are_not(line: str) -> None:
    assert not list(archaic_words(line))
