"""The pytest plugin of dao-core, loaded by pytest if dao-core is installed.

Fixtures for the tests of a pipeline:

- ``memory_store``: an empty store in memory, with the behaviour of any other store;
- ``dao_in_memory``: a function that takes a catalog, as :class:`~dao._core.dao.DataAccessObject` does, and returns a
  data access object with all stores in memory. Names, objects and properties are those of the catalog::

      def test_silver(dao_in_memory):
          dao = dao_in_memory("catalog.yaml")
          dao.write([{"id": 1, "amount": "7.50"}], "bronze.orders")
          make_silver(dao)                                   # the pipeline's own code
          assert dao.read("silver.orders", into="pylist") == [{"id": 1, "amount": Decimal("7.50")}]

- ``dao_in_folder``: the same with each store's own interface, in a temporary folder where it can be, else in memory.

For backends: ``pytest --hypothesis-profile=quick`` or ``thorough`` sets the effort of the conformance kit (see
:mod:`dao.testing._profiles`). The absences that conformance suites declare are shown at the end of the run, and a test
of the kit that is skipped for any other reason fails.

Failing asserts of the kit show their values, as those of a project's own tests do.

Importing this module imports no Arrow and no driver: pytest loads it in every environment with dao-core.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dao._core.dao import DataAccessObject
    from dao.data_store import DataStore

__all__ = [
    "ABSENCE",
    "dao_in_folder",
    "dao_in_memory",
    "memory_store",
    "pytest_configure",
    "pytest_runtest_makereport",
    "pytest_terminal_summary",
]

pytest.register_assert_rewrite("dao.testing._conformance")

ABSENCE = "declared_absent"
"""The property of a test report that marks a declared absence; pytest-xdist's workers transmit it."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the Hypothesis profiles of the kit before Hypothesis' own plugin loads the selected one."""
    if config.getoption("hypothesis_profile", None) in ("quick", "thorough"):
        from dao.testing import _profiles

        _profiles.register()


@pytest.fixture
def memory_store() -> Iterator[DataStore]:
    """An empty store in memory, named ``memory``."""
    from dao.data_store import DataStore
    from dao.testing._doubles import MEMORY

    with DataStore("memory", MEMORY) as store:
        yield store


@pytest.fixture
def dao_in_memory() -> Iterator[Callable[..., DataAccessObject]]:
    """:func:`dao.testing.in_memory`; the data access objects that it makes are closed at the end of the test."""
    from dao.testing._doubles import in_memory

    yield from _closed_at_the_end(in_memory)


@pytest.fixture
def dao_in_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., DataAccessObject]]:
    """:func:`dao.testing.in_folder`, each call in a new temporary folder; closed at the end of the test."""
    from dao.testing._doubles import in_folder

    yield from _closed_at_the_end(
        lambda *sources, **options: in_folder(tmp_path_factory.mktemp("dao"), *sources, **options)
    )


def _closed_at_the_end(maker: Callable[..., DataAccessObject]) -> Iterator[Callable[..., DataAccessObject]]:
    made: list[DataAccessObject] = []

    def make(*sources: Any, **options: Any) -> DataAccessObject:
        made.append(maker(*sources, **options))
        return made[-1]

    yield make
    for dao in made:
        dao.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail tests of the kit that were skipped, or expected to fail, without a declared absence."""
    report = yield
    kit = sys.modules.get("dao.testing._conformance.base")
    if kit is not None and issubclass(getattr(item, "cls", None) or object, kit.Capability) and report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if "declared absent" not in reason:
            report.outcome = "failed"
            report.longrepr = (
                f"a test of the conformance kit was skipped ({reason}): tests of the kit are not skipped; "
                "what the backend lacks is declared in its Capabilities, with the reason"
            )
            report.__dict__.pop("wasxfail", None)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the absences that each conformance suite of the run declares."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    absences = {
        report.nodeid.rpartition("::")[0]: [text for name, text in report.user_properties if name == ABSENCE]
        for report in reports
        if any(name == ABSENCE for name, _ in report.user_properties)
    }
    if absences:
        terminalreporter.section("declared absent")
    for suite, texts in absences.items():
        terminalreporter.write_line(suite)
        for text in texts:
            terminalreporter.write_line(f"  {text}")
