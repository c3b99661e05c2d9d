"""The base class of all capabilities: fixtures, skips for declared absences, and the rule in a failure's message."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar, cast

import pytest

from dao._core.aio import AsyncDataAccessObject
from dao._core.dao import DataAccessObject
from dao.capabilities import Capabilities
from dao.data_object import DataObject
from dao.data_store import DataStore, DataStoreRegistry
from dao.errors import NoRouteError, UnsupportedError
from dao.testing._awaited import Awaited
from dao.testing._backend import Backend
from dao.testing._conformance.samples import people
from dao.testing._rules import with_rule

__all__ = ["REFUSALS", "Capability", "needs"]

REFUSALS = (NoRouteError, UnsupportedError)
"""The errors with which a backend refuses what it doesn't support."""

F = TypeVar("F", bound=Callable[..., Any])


def needs(*names: str) -> Callable[[F], F]:
    """Skip a test for backends that declare one of these absent: actions, modes (``mode:append``), features."""

    def mark(test: F) -> F:
        test.needs = names  # type: ignore[attr-defined]
        return test

    return mark


class Capability:
    """A part of the contract: a class of tests, each of which is a rule.

    In a class of the kit, ``requires`` names the capabilities without which its tests are skipped, and ``written`` says
    where its rules are documented: a public name, or a page and its section.

    Attributes:
        capabilities: the backend's declaration; set by the inheriting class.
        open_to_inheritors: the names that an inheriting class may define.
    """

    capabilities: ClassVar[Capabilities] = Capabilities()
    open_to_inheritors: ClassVar[frozenset[str]] = frozenset({"backend", "capabilities"})

    def __init_subclass__(cls, *, requires: tuple[str, ...] = (), written: str = "", **named: Any) -> None:
        super().__init_subclass__(**named)
        if cls.__module__.startswith("dao.testing."):
            for name, test in list(vars(cls).items()):
                if name.startswith("test_"):
                    setattr(cls, name, _with_rule(test, cls.__name__, requires, written))
        elif vars(cls).get("__test__", True) is not True:
            raise TypeError(f"{cls.__qualname__} sets __test__: the tests of the conformance kit can't be left out")

    @pytest.fixture
    def backend(self) -> Backend:
        """The backend under test; defined by the inheriting class."""
        pytest.fail(f"{type(self).__name__} needs a fixture 'backend' that returns a dao.testing.Backend")

    @pytest.fixture
    def counterpart(self) -> DataStore:
        """An empty store in memory, for copies between two stores."""
        return DataStore("counterpart", "memory")

    @pytest.fixture
    def ten(self, dao: DataAccessObject, backend: Backend) -> DataObject:
        """A table with ten people in it."""
        table = backend.table("people")
        dao.write(people(range(10)), table)
        return table

    @pytest.fixture
    def dao(self, backend: Backend, counterpart: DataStore) -> Iterator[DataAccessObject]:
        """A data access object with its own registry; it awaits the methods of a backend that has only coroutines."""
        registry = DataStoreRegistry([backend.store, backend.other, counterpart])
        if self.capabilities.absence("synchronous") is not None:
            with Awaited(AsyncDataAccessObject(registry=registry)) as awaited:
                yield cast("DataAccessObject", awaited)
            return
        with DataAccessObject(registry=registry) as dao:
            yield dao


def _with_rule(
    test: Callable[..., Any], capability: str, requires: tuple[str, ...], written: str
) -> Callable[..., Any]:
    """Wrap a test: skip it for a declared absence, and add its rule to the message of a failure."""
    wanted = (*requires, *getattr(test, "needs", ()))
    tested = with_rule(test, capability, written)

    @functools.wraps(test)
    def run(self: Capability, *args: Any, **named: Any) -> None:
        for need in wanted:
            absence = self.capabilities.absence(need)
            if absence is not None:
                pytest.skip(f"declared absent: {absence}")
        tested(self, *args, **named)

    return run
