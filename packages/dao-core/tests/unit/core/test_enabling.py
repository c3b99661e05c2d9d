"""Plugins that are installed and off: how they are turned on, and that they cost nothing until then."""

from __future__ import annotations

import sys

import pytest

from dao import DataAccessObject, PluginError, Plugins
from dao.plugins import default_plugins
from dao.testing import modules_after


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAO_ENABLE", raising=False)


def test_what_is_not_enabled_is_off() -> None:
    plugins = Plugins()
    assert not plugins.has_action_hooks
    assert not {"otel", "lineage"} & set(plugins.names)


def test_a_plugin_is_enabled_by_name() -> None:
    plugins = Plugins(enable=["otel"])
    assert plugins.has_action_hooks
    assert "otel" in plugins.names
    assert DataAccessObject({"a": {"interface": "memory"}}, plugins=plugins).list("a") == []


def test_one_name_is_enough() -> None:
    assert "otel" in Plugins(enable="otel", discover=False).names


def test_the_environment_enables_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAO_ENABLE", " otel,,otel ")
    assert Plugins().has_action_hooks
    assert not Plugins(enable=()).has_action_hooks
    assert not Plugins(discover=False).has_action_hooks


@pytest.mark.parametrize("names", [["otle"], ["otel", "otle"]])
def test_a_wrong_name_is_an_error_at_once(names: list[str]) -> None:
    with pytest.raises(PluginError, match="plugin 'otle' can't be enabled, none is called so: did you mean 'otel'"):
        Plugins(enable=names)


def test_a_wrong_name_in_the_environment_is_an_error_of_the_first_access(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAO_ENABLE", "otle")
    default_plugins.cache_clear()
    try:
        with pytest.raises(PluginError, match="did you mean 'otel'"):
            DataAccessObject({"a": {"interface": "memory"}})
    finally:
        default_plugins.cache_clear()


def test_a_missing_library_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "dao.otel._plugin", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(PluginError, match=r"plugin 'otel' can't be enabled: .*pip install 'dao-core\[otel\]'"):
        Plugins(enable=["otel"])


def test_a_plugin_that_is_off_is_not_imported() -> None:
    code = """
from dao import DataAccessObject
DataAccessObject({"a": {"interface": "memory", "objects": {"x": {"type": "file"}}}}).exists("a.x")
"""
    found = modules_after(code)
    assert not {name for name in found if name.partition(".")[0] in ("opentelemetry", "openlineage")}
    assert "dao.otel" not in found
