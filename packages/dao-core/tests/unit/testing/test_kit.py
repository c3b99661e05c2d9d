"""The kit as a whole: nothing in it hides something else in it, and each rule says where it is written."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections import Counter
from importlib import import_module

import pytest

from dao.testing import ConformanceSuite
from dao.testing import _conformance as conformance
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.guard import kit_classes


def all_capabilities() -> set[type[Capability]]:
    names = [f"dao.testing._conformance.{module.name}" for module in pkgutil.iter_modules(conformance.__path__)]
    found = (value for name in names for value in vars(import_module(name)).values())
    return {value for value in found if inspect.isclass(value) and issubclass(value, Capability)}


def test_the_suite_has_every_capability() -> None:
    assert set(kit_classes(ConformanceSuite)) == {*all_capabilities(), ConformanceSuite}


def test_no_capability_hides_a_test_or_a_fixture_of_another() -> None:
    names = Counter(name for kind in kit_classes(ConformanceSuite) for name in vars(kind) if not name.startswith("__"))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_section_that_a_rule_names_is_on_the_page(page: str) -> None:
    sections = set(re.findall(r"^## (.+)$", page, re.MULTILINE))
    modules = {inspect.getmodule(kind) for kind in all_capabilities()}
    named = {
        name
        for module in modules
        for name in re.findall(r"writing-an-interface\.md, '([^']+)'", inspect.getsource(module))
    }
    assert len(named) > 10
    assert named <= sections


def test_a_failing_rule_says_what_it_is_and_where_it_is_written() -> None:
    class Toy(Capability, written="a page"):
        __module__ = "dao.testing._conformance.toy"

        def test_it(self) -> None:
            """The rule."""
            raise AssertionError("no")

    with pytest.raises(AssertionError) as caught:
        Toy().test_it()
    assert caught.value.__notes__ == ["\nThe rule (Toy): The rule.\nWritten in: a page"]


def test_a_test_that_states_no_rule_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"Toy\.test_it states no rule"):

        class Toy(Capability, written="a page"):
            __module__ = "dao.testing._conformance.toy"

            @needs("read")
            def test_it(self) -> None: ...
