"""The guard: if a backend's suite leaves out, overrides or skips a test of the kit, another test fails and names it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dao.testing._conformance.base import Capability
from dao.testing._plugin import ABSENCE

__all__ = ["Guard", "kit_classes"]

_SKIPPING = ("skip", "skipif", "xfail")


def kit_classes(cls: type) -> list[type[Capability]]:
    """The classes of the kit from which a class inherits."""
    return [base for base in cls.__mro__ if issubclass(base, Capability) and base.__module__.startswith("dao.testing.")]


class Guard(Capability, written="docs/writing-an-interface.md, 'What your interface lacks'"):
    """The kit runs completely."""

    def test_the_kit_is_run_whole(
        self, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
    ) -> None:
        """Every test of the kit is inherited unchanged, collected, and not marked to be skipped: what a backend lacks
        is declared absent instead.
        """
        for absence in self.capabilities.absences():
            record_property(ABSENCE, str(absence))
        faults = [
            *_find_overrides(type(self)),
            *_find_marks(type(self), request),
            *_find_deselected(type(self), request),
        ]
        assert not faults, f"{'; '.join(faults)}: declare absences in Capabilities instead"


def _own_names(base: type[Capability]) -> Iterator[str]:
    return (name for name in vars(base) if not name.startswith("__"))


def _find_overrides(cls: type[Capability]) -> Iterator[str]:
    """Find tests and helpers of the kit that a subclass overrides."""
    for base in kit_classes(cls):
        for name in _own_names(base):
            if name in Capability.open_to_inheritors:
                continue
            found = inspect.getattr_static(cls, name)
            by = next(owner for owner in cls.__mro__ if name in vars(owner))
            if found is not vars(base)[name] and not by.__module__.startswith("dao.testing."):
                yield f"{by.__qualname__}.{name} takes the place of the kit's {base.__name__}.{name}"


def _find_marks(cls: type[Capability], request: pytest.FixtureRequest) -> Iterator[str]:
    """Find tests of the kit with a mark that prevents their failure."""
    seen = set()
    for item in _items(cls, request):
        for mark in _SKIPPING:
            if item.get_closest_marker(mark) is not None and (item.originalname, mark) not in seen:
                seen.add((item.originalname, mark))
                yield f"{item.originalname} is marked {mark}"


def _find_deselected(cls: type[Capability], request: pytest.FixtureRequest) -> Iterator[str]:
    """Find tests of the kit that weren't collected, unless this run explicitly selects a part of the tests."""
    if _is_narrowed(request.config):
        return
    collected = {item.originalname for item in _items(cls, request)}
    for base in kit_classes(cls):
        for name in _own_names(base):
            if name.startswith("test_") and name not in collected:
                yield f"{base.__name__}.{name} was not collected"


def _items(cls: type[Capability], request: pytest.FixtureRequest) -> list[Any]:
    return [item for item in request.session.items if getattr(item, "cls", None) is cls]


def _is_narrowed(config: pytest.Config) -> bool:
    options = config.option
    by_name = any("::" in argument for argument in config.invocation_params.args if isinstance(argument, str))
    asked = (options.keyword, options.markexpr, getattr(options, "lf", False), getattr(options, "stepwise", False))
    return by_name or any(asked)
