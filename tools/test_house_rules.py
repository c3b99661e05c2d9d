"""The house rules find what they forbid, and leave in peace what looks like it."""

from __future__ import annotations

import pytest
from house_rules import FORBIDDEN

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
