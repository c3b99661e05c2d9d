"""The interface of docs/writing-an-interface.md is the kit's own test subject: small, and with declared absences."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import Phase, settings

sys.path.insert(0, str(Path(__file__).parent))  # the mutants beside the tests

PAGE = Path(__file__).parents[5] / "docs" / "writing-an-interface.md"
_FENCED = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# That a test of the kit fails is enough: the smallest example that it fails with isn't looked for.
settings.register_profile("first failure", max_examples=50, phases=[Phase.explicit, Phase.generate])

Run = Callable[..., pytest.RunResult]


class ImportedModules:
    """A plugin that keeps what a run imports from being imported anew by the next one.

    pytester takes out of `sys.modules` what was not there before the run. A package that was there has the module as
    its attribute still: `from package import module` would give the old one, and patch that, while
    `from package.module import name` would import, and use, another.
    """

    def __init__(self) -> None:
        self._modules: dict[str, ModuleType] = {}

    def pytest_unconfigure(self) -> None:
        folder = str(Path.cwd())  # the run's own tests are others in the next one
        files = {name: str(getattr(module, "__file__", None)) for name, module in sys.modules.items()}
        self._modules |= {name: sys.modules[name] for name, file in files.items() if not file.startswith(folder)}

    def put_back(self) -> None:
        for name, module in self._modules.items():
            sys.modules.setdefault(name, module)


class Chosen:
    """A plugin that makes only the tests that are run: to make all 430 of a suite takes longer than to run a few.

    Attributes:
        names: of test functions.
    """

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def pytest_pycollect_makeitem(self, name: str) -> list[pytest.Item] | None:
        return [] if name.startswith("test_") and name not in self.names else None


def _chosen(arguments: Iterable[str]) -> list[Chosen]:
    """The plugin for a run of named tests, unless one of them looks at the whole suite."""
    names = {argument.rpartition("::")[2] for argument in arguments if "::" in argument}
    whole = "test_the_kit_is_run_whole" in names or not all(name.startswith("test_") for name in names)
    return [] if whole or not names else [Chosen(names)]


@pytest.fixture(autouse=True)
def imported_modules() -> Iterator[ImportedModules]:
    """Set up before pytester, which takes modules out when it is torn down too."""
    modules = ImportedModules()
    yield modules
    modules.put_back()


@pytest.fixture(scope="session")
def page() -> str:
    return PAGE.read_text("utf-8")


@pytest.fixture(scope="session")
def blocks(page: str) -> list[tuple[str, str, str]]:
    """Language, name and text of each fenced block of the page."""
    return _FENCED.findall(page)


@pytest.fixture(scope="session")
def saved(blocks: list[tuple[str, str, str]]) -> dict[str, str]:
    """The blocks that the page saves under a name."""
    return {name: text for _, name, text in blocks if name and name != "output"}


@pytest.fixture
def run_kit(
    imported_modules: ImportedModules,
    pytester: pytest.Pytester,
    saved: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run pytest, in this process, on the page's interface and a test file that is given, or the page's own."""
    pytester.makepyfile(shelf=saved["shelf.py"], shelf_suite=saved["test_shelf.py"])
    pytester.makeini("[pytest]")  # a root of its own, also where the temporary folder is inside another project
    pytester.syspathinsert()
    for name in ("shelf", "shelf_suite", "test_it"):  # another test may have imported a module of that name
        monkeypatch.delitem(sys.modules, name, raising=False)

    def run(test: str, *arguments: str, conftest: str = "") -> pytest.RunResult:
        pytester.makepyfile(test_it=test)
        if conftest:
            pytester.makeconftest(conftest)
        installed = any(point.value == "dao.testing._plugin" for point in entry_points(group="pytest11"))
        plugin = [] if installed else ["-p", "dao.testing._plugin"]
        # When a run ends, the plugin `unraisableexception` of pytest 8 collects garbage five times: among all that a
        # session holds, that takes longer than the run. The session's own plugin sees what the run leaves.
        without = ("cacheprovider", "xdist", "unraisableexception")
        options = (*(word for name in without for word in ("-p", f"no:{name}")), *plugin, *arguments)
        plugins = [imported_modules, *_chosen(arguments)]
        profile = settings.get_current_profile_name()
        settings.load_profile("first failure")
        try:
            return pytester.runpytest_inprocess(*options, plugins=plugins)
        finally:
            settings.load_profile(profile)

    return run
