"""Plugins: found, broken, missing, registered twice, and never in each other's way."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from dao._core.execute import Executor
from dao.catalog import Catalog
from dao.data_object import DataObject, FileObject, TableObject
from dao.data_store import DataStore
from dao.errors import ConfigError, NoRouteError, PluginError
from dao.hookspecs import hookimpl
from dao.interface import TableFormat
from dao.plugins import Plugins, load_class
from dao.plugins import _plugins as plugins_module


class GoodPlugin:
    @hookimpl
    def dao_interfaces(self):
        return {
            "good": "backend_of_test:Good",
            "good.broken": "backend_of_test_missing:Nothing",
            "good.typo": "backend_of_test:God",
            "good.data": "backend_of_test:Data",
            "good.popen": "subprocess:Popen",
        }

    @hookimpl
    def dao_object_types(self):
        return {"special": "backend_of_test:Special", "wrong": "backend_of_test:Good"}

    @hookimpl
    def dao_secret_schemes(self):
        return {"vault": lambda argument: f"secret of {argument}"}

    @hookimpl
    def dao_table_formats(self):
        return {"paimon": TableFormat("good", object_type="special")}


class RaisingPlugin:
    @hookimpl
    def dao_interfaces(self):
        raise RuntimeError("no licence")


@pytest.fixture(autouse=True)
def backend(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("backend_of_test")
    module.Good = type("Good", (), {"read": lambda self, data_object: "good"})
    module.Data = type("Data", (), {"parse": lambda self, data_object: "data"})
    module.Special = type("Special", (TableObject,), {"type_name": "special"})
    monkeypatch.setitem(sys.modules, "backend_of_test", module)


@pytest.fixture
def plugins() -> Plugins:
    made = Plugins(discover=False)
    made.register(GoodPlugin(), "good")
    return made


def test_interfaces_types_and_schemes_are_found(plugins: Plugins) -> None:
    assert plugins.interface_names == ["good", "good.broken", "good.data", "good.popen", "good.typo"]
    assert plugins.interface_class("good").__name__ == "Good"
    assert plugins.object_type("special").type_name == "special"
    assert plugins.object_type("file") is FileObject
    assert plugins.object_type_names == ["directory", "file", "object", "special", "table", "wrong"]
    assert plugins.secret_schemes["vault"]("x") == "secret of x"
    assert plugins.table_format("paimon") == TableFormat("good", object_type="special")
    assert (plugins.table_format_names, plugins.table_format("delta")) == ({"paimon"}, None)


def test_a_store_uses_the_registered_interface(plugins: Plugins) -> None:
    store = DataStore("shop", "good", plugins=plugins)
    assert Executor(plugins).execute("read", DataObject("a", store), {}) == "good"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("goof", "no plugin registers interface 'goof' \\(did you mean 'good'\\?\\)$"),
        ("zzz", "known: 'good', 'good.broken', .*'good.typo'\\)$"),
        ("s3", "not installed here: pip install dao-s3$"),
        ("s3.spark", "not installed here: pip install dao-s3$"),
        (
            "good.broken",
            "plugin 'good' can't be used: can't import 'backend_of_test_missing'.*nothing .* brings the module",
        ),
        ("good.typo", "has no class 'God': did you mean 'Good'"),
        ("good.data", "'backend_of_test:Data' is no interface: it has no method for an action"),
        ("good.popen", "'subprocess:Popen' is no interface: the module 'subprocess' is a part of Python"),
    ],
)
def test_what_is_missing_or_broken_says_what_to_do(plugins: Plugins, name: str, message: str) -> None:
    """Nobody is told to install what is not known to exist."""
    with pytest.raises(PluginError, match=message) as caught:
        plugins.interface_class(name)
    assert ("pip install" in str(caught.value)) == ("dao-s3" in message)


@pytest.mark.parametrize(
    ("hook", "given", "message"),
    [
        ("dao_interfaces", {"UPPER": "backend_of_test:Good"}, "gives the name 'UPPER', expected one such as 's3'"),
        ("dao_interfaces", {"a b": "backend_of_test:Good"}, "gives the name 'a b'"),
        ("dao_interfaces", {3: "backend_of_test:Good"}, "gives the name 3"),
        ("dao_interfaces", {"x": "no-colon"}, "gives 'no-colon' for 'x', expected 'module:Class'"),
        ("dao_interfaces", {"x": "m:"}, "expected 'module:Class'"),
        ("dao_interfaces", {"x": None}, "expected 'module:Class'"),
        ("dao_interfaces", ["x"], "gives list, expected a mapping"),
        ("dao_object_types", {"X": "backend_of_test:Special"}, "gives the name 'X'"),
        ("dao_object_types", {"x": "Special"}, "expected 'module:Class'"),
        (
            "dao_table_formats",
            {"Delta": TableFormat("delta")},
            "gives the name 'Delta', expected one such as 'iceberg'",
        ),
        ("dao_table_formats", {"delta": "delta"}, "gives str for 'delta', expected a TableFormat"),
        ("dao_secret_schemes", {"a b": str}, "gives the name 'a b', expected one such as 'vault'"),
        ("dao_secret_schemes", {"x": "vault"}, "gives str for 'x', expected a function"),
    ],
)
def test_what_a_hook_gives_wrongly_is_said_in_words(hook: str, given: object, message: str) -> None:
    wrong = type("Wrong", (), {hook: hookimpl(lambda self: given, specname=hook)})()
    found = Plugins(discover=False)
    found.register(wrong, "wrong")
    assert "wrong" in found.names
    assert isinstance(found.broken["wrong"], PluginError)
    assert message in str(found.broken["wrong"])


def test_what_a_broken_plugin_may_bring_is_never_called_a_typo(plugins: Plugins) -> None:
    class Broken:
        @hookimpl
        def dao_interfaces(self):
            raise RuntimeError("no licence")

        @hookimpl
        def dao_object_types(self):
            raise RuntimeError("no licence")

    plugins.register(Broken(), "goods")
    for interface in ("goods", "goods.spark", "god", "gold"):
        declared = {"s": {"interface": interface, "objects": {"x": {"type": "tabel"}, "y_{n}": {"type": "speciall"}}}}
        catalog = Catalog(declared, plugins=plugins)
        with pytest.raises(PluginError, match="plugin 'goods' is broken: RuntimeError\\('no licence'\\)"):
            catalog.store("s").interface  # noqa: B018
        for name in ("s.x", "s.y_1"):
            with pytest.raises(PluginError, match="no plugin that works registers object type .*'goods' is broken"):
                catalog[name]


def test_an_object_type_must_be_a_data_object(plugins: Plugins) -> None:
    with pytest.raises(PluginError, match="no subclass of DataObject"):
        plugins.object_type("wrong")


def test_two_plugins_with_one_name_are_an_error_for_that_name_only(plugins: Plugins) -> None:
    class Other:
        @hookimpl
        def dao_interfaces(self):
            return {"good": "backend_of_test:Good", "fine": "backend_of_test:Good"}

    plugins.register(Other(), "other")
    with pytest.raises(PluginError, match="registered by 2 plugins: (good, other|other, good).*'module:Class'"):
        plugins.interface_class("good")
    assert plugins.interface_class("fine").__name__ == "Good"
    assert DataStore("s", "backend_of_test:Good", plugins=plugins).interface is not None


def test_clashes_of_all_kinds_of_names_are_known(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        @hookimpl
        def dao_interfaces(self):
            return {"good": "backend_of_test:Good"}

        @hookimpl
        def dao_object_types(self):
            return {"table": "backend_of_test:Special", "special": "backend_of_test:Special"}

        @hookimpl
        def dao_secret_schemes(self):
            return {"vault": str, "env": str}

        @hookimpl
        def dao_table_formats(self):
            return {"paimon": TableFormat("other")}

    assert plugins.clashes_of("good") == []
    plugins.register(Other(), "other")
    told = plugins.clashes_of("other")
    assert [text.partition(" of plugin")[0].partition(" is ")[0] for text in told] == [
        "interface 'good'",
        "object type 'special'",
        "object type 'table'",
        "secret scheme 'env'",
        "secret scheme 'vault'",
        "table format 'paimon'",
    ]
    with pytest.raises(PluginError, match="table format 'paimon' is registered by 2 plugins"):
        plugins.table_format("paimon")
    assert [text for text in told if "'env'" in text or "'table'" in text] == [
        "object type 'table' of plugin 'other' is not used: DAO itself has one of that name",
        "secret scheme 'env' of plugin 'other' is not used: DAO itself has one of that name",
    ]
    assert plugins.object_type("table") is TableObject
    assert len(plugins.clashes_of("good")) == 4
    with pytest.raises(PluginError, match="object type 'special' is registered by 2 plugins"):
        plugins.object_type("special")
    with pytest.raises(ConfigError, match="secret scheme 'vault' is registered by 2 plugins"):
        plugins.secret_schemes["vault"]("x")


def test_two_distributions_with_one_plugin_name(installed: Path) -> None:
    info = installed / "dao_other-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dao-other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[dao]\nworks = works_plugin\n")
    found = Plugins()
    assert found.clashes_of("works") == ["plugin 'works' is brought by two distributions, of which one is not used"]
    assert found.clashes_of("local") == []
    assert "works" not in found.broken


def test_a_plugin_that_raises_is_alone_with_its_error(plugins: Plugins) -> None:
    plugins.register(RaisingPlugin(), "raising")
    assert plugins.interface_class("good").__name__ == "Good"
    assert str(plugins.broken["raising"]) == "no licence"
    with pytest.raises(PluginError, match="'raising' is broken: RuntimeError"):
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
    def read(self, data_object): ...

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
    with pytest.raises(PluginError, match="'fails' is broken.*a_driver_that_is_not_there") as caught:
        found.interface_class("fails.spark")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_further_interface_that_is_missing_is_missed_only_when_it_is_asked_for(plugins: Plugins) -> None:
    store = DataStore("shop", "good", secondary_interfaces=["cluster.spark"], plugins=plugins)
    thing = DataObject("a", store)
    assert Executor(plugins).execute("read", thing, {}) == "good"
    with pytest.raises(PluginError, match="no plugin registers interface 'cluster.spark'"):
        Executor(plugins).execute("read", thing, {}, "cluster.spark")
    with pytest.raises(NoRouteError, match="not available: no plugin registers.*cluster.spark"):
        Executor(plugins).execute("read", thing, {"limit": 3})


def test_load_class_keeps_the_cause() -> None:
    with pytest.raises(PluginError, match="can't import 'no_such_module_here'") as caught:
        load_class("no_such_module_here:X")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_the_default_plugins_are_made_once() -> None:
    assert plugins_module.default_plugins() is plugins_module.default_plugins()
