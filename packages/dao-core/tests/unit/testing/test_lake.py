"""What the kit knows of versions, on a lake that has it all, and on one that breaks a promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao.testing._conformance.base import Capability
from dao.testing._conformance.operations import Operations
from dao.testing._conformance.versions import Changes, Idempotency, References, TimeTravels

pytest_plugins = ["pytester"]

LAKES = Path(__file__).parents[2] / "conformance"

SUITE = """
import sys
sys.path.insert(0, "LAKES")
import pytest
from dao import *
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite
from full_lake import FullLakeInterface
from lake import LakeInterface


class Mutant(FullLakeInterface):
    MUTATION


class TestIt(ConformanceSuite):
    capabilities = capabilities_of(Mutant)

    @pytest.fixture
    def backend(self):
        mine = Mutant()
        return Backend(store=DataStore("kit", mine), other=DataStore("other", Mutant()), refer=mine.refer)
"""

CHANGES = "def read_changes(self, data_object, **given):"
EXPIRE = "def run_expire(self, data_object, *, older_than=0, dry_run=True):"

MUTANTS: dict[str, tuple[type[Capability], tuple[str, ...]]] = {
    "version_is_ignored": (
        TimeTravels,
        ("def read(self, data_object, *, version=None, **given):", "return super().read(data_object, **given)"),
    ),
    "as_of_is_ignored": (
        TimeTravels,
        ("def read(self, data_object, *, as_of=None, **given):", "return super().read(data_object, **given)"),
    ),
    "history_is_cut": (
        TimeTravels,
        ("def history(self, data_object):", "return super().history(data_object)[:1]"),
    ),
    "versions_are_not_told": (
        TimeTravels,
        (
            "def write(self, data, data_object, *, mode='error'):",
            "super().write(data, data_object, mode=mode)",
            "return WriteResult()",
        ),
    ),
    "since_is_inclusive": (
        Changes,
        (
            "def read_changes(self, data_object, *, since=None, **given):",
            "since = since - 1 if since and since > 1 else None",
            "return super().read_changes(data_object, since=since, **given)",
        ),
    ),
    "until_is_ignored": (
        Changes,
        (
            "def read_changes(self, data_object, *, until=None, **given):",
            "return super().read_changes(data_object, **given)",
        ),
    ),
    "where_is_ignored": (
        Changes,
        (
            "def read_changes(self, data_object, *, where=None, **given):",
            "return super().read_changes(data_object, **given)",
        ),
    ),
    "deletes_are_left_out": (
        Changes,
        (
            CHANGES,
            "given.pop('where', None)",
            "return super().read_changes(data_object, where=\"_change_type = 'insert'\", **given)",
        ),
    ),
    "a_tag_is_ignored": (
        References,
        ("def read(self, data_object, *, tag=None, **given):", "return super().read(data_object, **given)"),
    ),
    "a_branch_is_the_table": (References, ("def _on(self, data_object, branch):", "return data_object")),
    "a_key_is_ignored": (Idempotency, ("def _once(self, data_object, key, asked, work):", "return work()")),
    "other_data_is_dropped": (
        Idempotency,
        (
            "def _once(self, data_object, key, asked, work):",
            "return super()._once(data_object, key, None, work)",
        ),
    ),
    "expire_is_not_dry": (
        Operations,
        (
            "def run_expire(self, data_object, *, older_than=0, dry_run=False):",
            "return super().run_expire(data_object, older_than=older_than, dry_run=dry_run)",
        ),
    ),
    "dry_run_deletes": (
        Operations,
        (
            EXPIRE,
            "super().run_expire(data_object, older_than=older_than, dry_run=False)",
            "return WriteResult(details={'dry_run': dry_run})",
        ),
    ),
    "expire_keeps_all": (Operations, (EXPIRE, "return WriteResult(details={'dry_run': dry_run})")),
    "compact_loses_rows": (
        Operations,
        (
            "def run_compact(self, data_object):",
            "return self._again(data_object, 'compact', self._rows(data_object).slice(1))",
        ),
    ),
    "restore_forgets_what_was_between": (
        Operations,
        (
            "def run_restore(self, data_object, *, version):",
            "self.tables[data_object.key] = self._until(data_object, version)",
            "return WriteResult(version_after=version)",
        ),
    ),
}
"""For each mutant the capability that must notice it, and its method: the head, and the lines of its body."""


def names_of(kind: type[Capability]) -> list[str]:
    return [f"test_it.py::TestIt::{name}" for name in vars(kind) if name.startswith("test_")]


def suite(mutation: str) -> str:
    return SUITE.replace("LAKES", str(LAKES)).replace("MUTATION", mutation)


def test_a_lake_that_keeps_its_promises_is_green(run_kit):
    held = [name for kind in (TimeTravels, Changes, References, Idempotency, Operations) for name in names_of(kind)]
    outcomes = run_kit(suite("pass"), *held).parseoutcomes()
    assert outcomes == {"passed": len(held)}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_promise_is_noticed(run_kit, name):
    guarded_by, (head, *body) = MUTANTS[name]
    method = "\n".join([head, *(f"        {line}" for line in body)])
    result = run_kit(suite(method), "-x", *names_of(guarded_by))
    assert result.parseoutcomes().get("failed", 0) >= 1, f"{guarded_by.__name__} didn't notice {name}"
    result.stdout.no_re_match_line(r"E +(AttributeError|IndexError|KeyError|NameError|SyntaxError|TypeError)")
