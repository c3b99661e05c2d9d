"""Plugins: found, broken, missing, registered twice, and never in each other's way."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from dao.core import plugins as plugins_module
from dao.core.execute import Executor
from dao.core.plugins import Plugins, load_class
from dao.core.request import Request
from dao.data_object import DataObject, FileObject, TableObject
from dao.data_store import DataStore
from dao.errors import NoRouteError, PluginError
from dao.hookspecs import hookimpl


class GoodPlugin:
    @hookimpl
    def dao_interfaces(self):
        return {
            "good": "backend_of_test:Good",
            "good.broken": "backend_of_test_missing:Nothing",
            "good.typo": "backend_of_test:God",
        }

    @hookimpl
    def dao_object_types(self):
        return {"special": "backend_of_test:Special", "wrong": "backend_of_test:Good"}

    @hookimpl
    def dao_secret_schemes(self):
        return {"vault": lambda argument: f"secret of {argument}"}


class RaisingPlugin:
    @hookimpl
    def dao_interfaces(self):
        raise RuntimeError("no licence")


@pytest.fixture(autouse=True)
def backend(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("backend_of_test")
    module.Good = type("Good", (), {"read": lambda self, data_object: "good"})
    module.Special = type("Special", (TableObject,), {"type_name": "special"})
    monkeypatch.setitem(sys.modules, "backend_of_test", module)


@pytest.fixture
def plugins() -> Plugins:
    made = Plugins(discover=False)
    made.register(GoodPlugin(), "good")
    return made


def test_interfaces_types_and_schemes_are_found(plugins: Plugins) -> None:
    assert plugins.interface_names == ["good", "good.broken", "good.typo"]
    assert plugins.interface_class("good").__name__ == "Good"
    assert plugins.object_type("special").type_name == "special"
    assert plugins.object_type("file") is FileObject
    assert plugins.object_type_names == ["directory", "file", "object", "special", "table", "wrong"]
    assert plugins.secret_schemes["vault"]("x") == "secret of x"


def test_a_store_uses_the_registered_interface(plugins: Plugins) -> None:
    store = DataStore("shop", "good", plugins=plugins)
    assert Executor(plugins).execute("read", DataObject("a", store), {}) == "good"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("goof", "did you mean 'good'.*pip install dao-goof"),
        ("zzz", "known: 'good', 'good.broken', 'good.typo'.*pip install dao-zzz"),
        ("good.broken", "plugin 'good' can't be used: can't import 'backend_of_test_missing'.*pip install"),
        ("good.typo", "has no class 'God': did you mean 'Good'"),
    ],
)
def test_what_is_missing_or_broken_says_what_to_do(plugins: Plugins, name: str, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        plugins.interface_class(name)


def test_an_object_type_must_be_a_data_object(plugins: Plugins) -> None:
    with pytest.raises(PluginError, match="no subclass of DataObject"):
        plugins.object_type("wrong")


def test_two_plugins_with_one_name_are_an_error_for_that_name_only(plugins: Plugins) -> None:
    class Other:
        @hookimpl
        def dao_interfaces(self):
            return {"good": "backend_of_test:Good", "fine": "backend_of_test:Good"}

    plugins.register(Other(), "other")
    with pytest.raises(PluginError, match="registered by 2 plugins: (good, other|other, good)"):
        plugins.interface_class("good")
    assert plugins.interface_class("fine").__name__ == "Good"


def test_a_plugin_that_raises_is_alone_with_its_error(plugins: Plugins) -> None:
    plugins.register(RaisingPlugin(), "raising")
    assert plugins.interface_class("good").__name__ == "Good"
    assert str(plugins.broken["raising"]) == "no licence"
    with pytest.raises(PluginError, match="'raising'.*is broken: RuntimeError"):
        plugins.interface_class("raising")


def test_a_hook_with_wrong_parameters_is_refused(plugins: Plugins) -> None:
    class Wrong:
        @hookimpl
        def dao_before_action(self, requset):
            """Misspelt."""

    with pytest.raises(PluginError, match="requset"):
        plugins.register(Wrong(), "wrong")
    assert "wrong" not in plugins.names
    assert plugins.interface_class("good").__name__ == "Good"


WORKING_PLUGIN = """
from dao.hookspecs import hookimpl

class I:
    pass

@hookimpl
def dao_interfaces():
    return {"works": "works_plugin:I"}
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Two distributions as pip would leave them: one works, one fails when it is imported."""
    for name, body in {"works": WORKING_PLUGIN, "fails": "import a_driver_that_is_not_there\n"}.items():
        (tmp_path / f"{name}_plugin.py").write_text(body)
        info = tmp_path / f"dao_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dao-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[dao]\n{name} = {name}_plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("works_plugin", None)


def test_entry_points_are_walked_one_by_one(installed: Path) -> None:
    found = Plugins()
    assert found.interface_class("works").__name__ == "I"
    assert "fails" in found.names
    with pytest.raises(PluginError, match="'fails'.*broken.*a_driver_that_is_not_there") as caught:
        found.interface_class("fails.spark")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_further_interface_that_is_missing_is_missed_only_when_it_is_asked_for(plugins: Plugins) -> None:
    store = DataStore("shop", "good", secondary_interfaces=["cluster.spark"], plugins=plugins)
    thing = DataObject("a", store)
    assert Executor(plugins).execute("read", thing, {}) == "good"
    with pytest.raises(PluginError, match="pip install dao-cluster"):
        Executor(plugins).execute("read", thing, {}, "cluster.spark")
    with pytest.raises(NoRouteError, match="not available: no plugin registers.*dao-cluster"):
        Executor(plugins).execute("read", thing, {"limit": 3})


def test_load_class_keeps_the_cause() -> None:
    with pytest.raises(PluginError, match="can't import 'no_such_module_here'") as caught:
        load_class("no_such_module_here:X")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


class Listening:
    def __init__(self) -> None:
        self.heard: list[tuple[str, object]] = []

    @hookimpl
    def dao_before_action(self, request: Request) -> None:
        self.heard.append(("before", request.arguments))

    @hookimpl
    def dao_after_action(self, result: object) -> None:
        self.heard.append(("after", result))

    @hookimpl
    def dao_on_failure(self, error: BaseException) -> None:
        self.heard.append(("failure", type(error).__name__))


def test_action_hooks_hear_of_success_and_of_failure(plugins: Plugins) -> None:
    class Two:
        def read(self, data_object, *, limit=0):
            return limit

        def count(self, data_object):
            raise FileNotFoundError("gone")

    ear = Listening()
    plugins.register(ear, "ear")
    thing = DataObject("a", DataStore("shop", Two()))
    executor = Executor(plugins)
    assert executor.execute("read", thing, {"limit": 3}) == 3
    with pytest.raises(FileNotFoundError):
        executor.execute("count", thing, {})
    assert ear.heard == [("before", {"limit": 3}), ("after", 3), ("before", {}), ("failure", "NotFoundError")]


def test_what_a_before_hook_raises_stops_the_action(plugins: Plugins) -> None:
    class Veto:
        @hookimpl
        def dao_before_action(self, request: Request) -> None:
            raise PermissionError("not on Sundays")

    class Never:
        def read(self, data_object):
            pytest.fail("the action ran")

    plugins.register(Veto(), "veto")
    with pytest.raises(PermissionError, match="not on Sundays"):
        Executor(plugins).execute("read", DataObject("a", DataStore("shop", Never())), {})


def test_without_action_hooks_no_request_is_made(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a request was made although nobody listens")

    import dao.core.execute

    monkeypatch.setattr(dao.core.execute, "Request", never)
    assert Executor(plugins).execute("read", DataObject("a", DataStore("s", "good", plugins=plugins)), {}) == "good"


def test_the_default_plugins_are_made_once() -> None:
    assert plugins_module.default_plugins() is plugins_module.default_plugins()
