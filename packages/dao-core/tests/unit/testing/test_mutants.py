"""Every capability of the kit can fail: LocalInterface, broken on purpose, turns it red.

Each mutant of the folder mutants/ is a few lines that break one promise. The tests of the capability that guards the
promise are run on it, and one must fail; tests/conformance runs the same tests on LocalInterface as it is, where they
are green.
"""

from __future__ import annotations

import textwrap

import pytest
from mutants import MUTATIONS, Mutation

from dao.testing._conformance.base import Capability

pytest_plugins = ["pytester"]

SUITE = """
import contextlib, functools, io, os, re, tempfile, threading, time
from datetime import datetime
import attrs, pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq, pytest
from dao import *
from dao._core.routing.route import routes_of
from dao.capabilities import capabilities_of
from dao import memory
from dao_files import LocalInterface
from dao.progress import Cancelled
from dao.testing import Backend, ConformanceSuite, patched


@attrs.define(slots=False)
class Mutant(LocalInterface):
    pass


def around(*actions):
    '''Put a function around every route for these actions; it gets the original, and what it was called with.'''
    def wrap(change):
        for found in routes_of(LocalInterface):
            if found.action in actions:
                setattr(Mutant, found.method, wrapped(getattr(Mutant, found.method), change))
        return change
    return wrap


def wrapped(original, change):
    @functools.wraps(original)
    def method(self, *args, **named):
        return change(functools.partial(original, self), *args, **named)
    return method

MUTATION

def leftovers(root):
    kept = (root / ".dao").rglob("*")
    return [str(path) for path in kept if path.is_file() or path.parent.name == "staging"]


def faults(plan):
    calls = ("mkdir", "rename", "replace", "link", "unlink", "open")
    return patched(plan, (os, *calls))


DECLARED = {"timestamp[ms]": [datetime(2026, 1, 1)], "float": [0.5], "int8": [1], "string": ["a", "A"]}


class TestIt(ConformanceSuite):
    capabilities = capabilities_of(LocalInterface)

    @pytest.fixture(autouse=True)
    def small_part_files_and_mutations(self, monkeypatch):
        monkeypatch.setattr(memory, "USUAL", memory.Budget(chunk=1 << 20))
        mutate = globals().get("mutate")
        if mutate is not None:
            mutate(monkeypatch)

    @pytest.fixture
    def backend(self, tmp_path):
        def store(name, **options):
            return DataStore(name, Mutant, options={"root": str(tmp_path / name), **options})
        secret = (lambda text: store("secret", token=text)) if hasattr(Mutant(root="/"), "token") else None
        def declare(table, declared):
            folder = tmp_path / "kit" / table.key
            folder.mkdir(parents=True)
            column = pa.array([], pa.type_for_alias(declared))
            pq.write_table(pa.table({"value": column}), folder / "theirs.parquet")
        return Backend(
            declare=declare, declared_types=DECLARED,
            store=store("kit"), other=store("other"),
            table_properties={"format": "parquet", "row_group_bytes": 1 << 20},
            faults=faults, debris=lambda: leftovers(tmp_path / "kit"), secret_store=secret,
        )
"""

HIDDEN_SECRET = """
@attrs.define(slots=False)
class Mutant(LocalInterface):
    token: Secret = Secret("none")
"""


@pytest.mark.parametrize(
    "mutation",
    [pytest.param(one, id=one.name, marks=[pytest.mark.slow] if one.slow else []) for one in MUTATIONS],
)
def test_a_broken_promise_is_noticed(run_kit, mutation: Mutation) -> None:
    tests = [name for name in vars(mutation.guarded_by) if name.startswith(mutation.by or "test_")]
    assert tests, f"{mutation.guarded_by.__name__} has no test {mutation.by}"
    code = textwrap.dedent(mutation.code)
    result = run_kit(SUITE.replace("MUTATION", code), "-x", *(f"test_it.py::TestIt::{name}" for name in tests))
    outcomes = result.parseoutcomes()
    assert outcomes.get("failed", 0) >= 1, f"{mutation.guarded_by.__name__} didn't notice {mutation.name}: {outcomes}"
    assert "errors" not in outcomes
    # It must be red for a broken promise, not because the mutant itself is broken.
    result.stdout.no_re_match_line(r"E +(AttributeError|IndexError|KeyError|NameError|SyntaxError|TypeError)")


def test_a_secret_store_without_the_secret_is_noticed(run_kit) -> None:
    suite = SUITE.replace("MUTATION", textwrap.dedent(HIDDEN_SECRET))
    name = "test_it.py::TestIt::test_a_secret_appears_nowhere"
    run_kit(suite, name).assert_outcomes(passed=1)
    result = run_kit(suite.replace('store("secret", token=text)', 'store("secret")'), name)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*gave a store without the text*"])


def test_every_capability_has_a_mutant() -> None:
    from dao.testing import ConformanceSuite
    from dao.testing._conformance.guard import Guard, kit_classes
    from dao.testing._conformance.honesty import Honesty
    from dao.testing._conformance.idempotency import Idempotency
    from dao.testing._conformance.increments import DeletingUpserts, Increments
    from dao.testing._conformance.operations import Operations
    from dao.testing._conformance.positions import Positions
    from dao.testing._conformance.versions import Changes, References, TimeTravels

    elsewhere = {Guard, Honesty, ConformanceSuite, Capability}  # test_guard.py and test_honesty.py break these
    versioned = {TimeTravels, Changes, References, Idempotency, Operations}  # test_lake.py breaks these
    versioned |= {Positions, DeletingUpserts, Increments}
    guarded = {mutation.guarded_by for mutation in MUTATIONS}
    assert set(kit_classes(ConformanceSuite)) - guarded - elsewhere - versioned == set()
