"""The capability that neither a folder nor a store in memory has, on a toy that has it."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

SUITE = """
from datetime import UTC, datetime
import pytest
from dao import DataStore, NotFoundError, Version, WriteResult
from dao.arrow.convert import to_reader
from dao.testing import Backend, ConformanceSuite


class Versioned:
    def __init__(self):
        self.kept = {}

    def _versions(self, data_object):
        if data_object.key not in self.kept:
            raise NotFoundError(f"there is no {data_object.key}")
        return self.kept[data_object.key]

    def read(self, data_object, *, version=None):
        versions = self._versions(data_object)
        if version is not None and version >= len(versions):
            raise NotFoundError(f"there is no version {version}")
        return versions[-1 if version is None else version][0]

    def write(self, data, data_object, *, mode="error"):
        versions = self.kept.setdefault(data_object.key, [])
        versions.append((to_reader(data).read_all(), datetime.now(UTC)))
        return WriteResult(version_after=len(versions) - 1)

    def history(self, data_object):
        found = enumerate(self._versions(data_object))
        return [Version(number, time) for number, (_, time) in found][::-1]


class Mutant(Versioned):
    MUTATION


class TestIt(ConformanceSuite):
    @pytest.fixture
    def backend(self):
        return Backend(store=DataStore("kit", Mutant()), other=DataStore("other", Mutant()))
"""
TESTS = ("test_every_version_can_be_read", "test_a_version_that_never_was_is_an_error")


def outcomes(run_kit, mutation: str) -> dict[str, int]:
    result = run_kit(SUITE.replace("MUTATION", mutation), *(f"test_it.py::TestIt::{name}" for name in TESTS))
    return {word: count for word, count in result.parseoutcomes().items() if word in ("passed", "failed", "error")}


def test_a_store_that_travels_in_time_is_green(run_kit):
    assert outcomes(run_kit, "pass") == {"passed": 2}


@pytest.mark.parametrize(
    ("mutation", "expected"),
    [
        ("def read(self, data_object, *, version=None): return super().read(data_object)", {"failed": 2}),
        ("def history(self, data_object): return super().history(data_object)[:1]", {"failed": 1, "passed": 1}),
        (
            "def write(self, data, data_object, *, mode='error'):\n"
            "        super().write(data, data_object)\n"
            "        return WriteResult()",
            {"failed": 1, "passed": 1},
        ),
    ],
    ids=["version_is_ignored", "history_is_cut", "versions_are_not_told"],
)
def test_one_that_does_not_is_red(run_kit, mutation, expected):
    assert outcomes(run_kit, mutation) == expected
