"""Plans that make I/O fail."""

from __future__ import annotations

import os
import types
from pathlib import Path

import pytest

from dao.testing import FaultPlan, Verdict, patched


def outcomes(plan: FaultPlan, count: int) -> list[str]:
    """What becomes of so many operations: the names of those that were done are marked, failed ones too."""
    done: list[str] = []
    found = []
    for number in range(1, count + 1):
        try:
            plan.call(f"op{number}", done.append, f"op{number}")
        except OSError:
            found.append("lost" if f"op{number}" in done else "failed")
        else:
            found.append("done")
    return found


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (FaultPlan(), ["done", "done", "done", "done"]),
        (FaultPlan(at=2), ["done", "failed", "done", "done"]),
        (FaultPlan(at=2, onwards=True), ["done", "failed", "failed", "failed"]),
        (FaultPlan(at=3, lost=True), ["done", "done", "lost", "done"]),
        (FaultPlan(at=2, lost=True, onwards=True), ["done", "lost", "failed", "failed"]),
    ],
)
def test_a_plan_fails_what_it_says(plan: FaultPlan, expected: list[str]) -> None:
    assert outcomes(plan, 4) == expected
    assert plan.seen == ["op1", "op2", "op3", "op4"]
    assert plan.fired is (plan.at is not None)


def test_a_proxy_asks_for_verdicts() -> None:
    plan = FaultPlan(at=2)
    assert [plan.verdict("PUT") for _ in range(3)] == [Verdict.PASS, Verdict.FAIL, Verdict.PASS]


def test_a_plan_has_its_own_errors() -> None:
    plan = FaultPlan(at=1, error=lambda name: ConnectionError(f"cut in {name}"))
    with pytest.raises(ConnectionError, match="cut in PUT"):
        plan.call("PUT", lambda: None)


class Store:
    def put(self, value: int) -> int:
        return value

    @staticmethod
    def check(value: int) -> int:
        return value

    @classmethod
    def make(cls) -> type:
        return cls


class Child(Store):
    pass


def test_patched_reaches_methods_of_every_kind_and_puts_them_back(tmp_path: Path) -> None:
    before = (vars(Store)["put"], vars(Store)["check"], vars(Store)["make"], os.replace)
    with patched(FaultPlan(), (Store, "put", "check", "make"), (os, "replace")) as plan:
        assert (Store().put(1), Store.check(2), Child.make()) == (1, 2, Child)
        (tmp_path / "a").touch()
        os.replace(tmp_path / "a", tmp_path / "b")
    assert plan.seen == ["Store.put", "Store.check", "Store.make", "os.replace"]
    assert (vars(Store)["put"], vars(Store)["check"], vars(Store)["make"], os.replace) == before


def test_one_instance_is_patched_alone() -> None:
    store = Store()
    with patched(FaultPlan(at=4), (store, "put", "check", "make")):
        assert (store.put(1), store.check(2), store.make(), Store().put(3)) == (1, 2, Store, 3)
        with pytest.raises(OSError, match=r"injected fault in Store\.put"):
            store.put(1)
    assert not vars(store)


def test_what_a_class_inherits_is_patched_on_it_alone() -> None:
    with patched(FaultPlan(at=1), (Child, "put")):
        assert Store().put(1) == 1
        with pytest.raises(OSError, match=r"injected fault in Child\.put"):
            Child().put(1)
    assert "put" not in vars(Child)


def test_a_hook_that_is_out_of_date_is_an_error() -> None:
    module = types.SimpleNamespace(save=lambda: None)
    original = module.save
    with pytest.raises(AttributeError), patched(FaultPlan(), (module, "save", "gone")):
        pass
    assert module.save is original
