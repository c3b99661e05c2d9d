"""Which plugins are refused when they are registered: those of which a hook would never run."""

from __future__ import annotations

from typing import Any

import pytest

from dao import DataAccessObject, hookimpl
from dao.errors import DataError, PluginError
from dao.events import Request
from dao.plugins import Plugins

CATALOG = {"a": {"interface": "memory", "objects": {"x": {"type": "table"}}}}


class Fine:
    @hookimpl
    def dao_before_action(self, request: Request) -> None: ...


class Misspelt:
    @hookimpl
    def dao_befor_action(self, request):
        raise AssertionError


class Later:
    @hookimpl
    async def dao_before_action(self, request):
        raise AssertionError


class Unmarked:
    def dao_after_action(self, request, result):
        raise AssertionError


class Around:
    @hookimpl(wrapper=True)
    def dao_before_action(self, request):
        return (yield)


class Yields:
    @hookimpl
    def dao_before_action(self, request):
        yield


class Renamed:
    @hookimpl(specname="dao_after_acton")
    def after(self, request):
        raise AssertionError


class Selfless:
    @hookimpl
    def dao_after_action(request: Request) -> None: ...  # type: ignore[misc]  # noqa: N805


class Misnamed:
    @hookimpl
    def dao_after_action(self, request: Request, outcom: Any) -> None: ...


class Optional:
    @hookimpl
    def dao_after_action(self, request: Request, outcome: Any = None) -> None: ...


class Anything:
    @hookimpl
    def dao_after_action(self, *given: Any) -> None: ...


@hookimpl
def dao_before_action(request: Request) -> None: ...


@pytest.mark.parametrize(
    ("plugin", "why"),
    [
        (Fine, "it is the class Fine: register an instance of it, Fine()"),
        (dao_before_action, "it is the function dao_before_action, and hooks are found on an object or a module"),
        ("otel", r"Plugins\(enable=\['otel'\]\)"),
        (3, "int has no hook: write a class with @hookimpl before a method such as"),
        (Selfless(), "begins with the parameter 'request', and a method's first is self"),
        (Misnamed(), "hook dao_after_action is never given 'outcom': did you mean 'outcome'"),
        (Optional(), "would not be given outcome: .*=.*: let it be 'outcome' by position"),
        (Anything(), r"has \*given: .*, which would stay empty"),
        (Yields(), "hook dao_before_action has a yield, so that calling it runs nothing"),
        (Misspelt(), "there is no hook 'dao_befor_action': did you mean 'dao_before_action'"),
        (Renamed(), "there is no hook 'dao_after_acton': did you mean 'dao_after_action'"),
        (Later(), "hook dao_before_action is asynchronous"),
        (Unmarked(), "dao_after_action is not marked as a hook: put @hookimpl before it"),
        (Around(), "is a wrapper"),
    ],
)
def test_a_hook_that_would_never_run_is_refused(plugin: object, why: str) -> None:
    plugins = Plugins()
    with pytest.raises(PluginError, match=why):
        plugins.register(plugin, "mine")
    assert not plugins.broken
    assert DataAccessObject(CATALOG, plugins=plugins).exists("a.x") is False


def test_a_plugin_is_registered_once() -> None:
    plugins, seen = Plugins(discover=False), Fine()
    plugins.register(seen, "seen")
    with pytest.raises(PluginError, match="^plugin 'again' can't be registered: the same object .* 'seen' already, so"):
        plugins.register(seen, "again")
    with pytest.raises(PluginError, match="^plugin 'seen' can't be registered: there is one of that name already"):
        plugins.register(Fine(), "seen")
    with pytest.raises(DataError, match=r"^plugins: found list, expected a Plugins with .* register\(\)"):
        DataAccessObject(CATALOG, plugins=[seen])  # type: ignore[arg-type]
