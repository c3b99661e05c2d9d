"""Checks that every hook of a plugin will be called; one that never would be is an error."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from dao.errors import PluginError, did_you_mean

__all__ = ["check_hooks", "check_new"]

_MARK, _SPEC = "dao_impl", "dao_spec"  # what pluggy's markers for the project "dao" leave on a function

_EXAMPLE = "a class with @hookimpl before a method such as dao_before_action(self, request)"


def check_new(name: object, plugin: object, others: Mapping[str, object]) -> None:
    """Check the name of a plugin, and that it is registered once.

    Raises:
        PluginError: the name is no text or taken, or the plugin has another name already.
    """
    if not isinstance(name, str) or not name:
        raise PluginError(f"its name is {name!r}, expected text: register(plugin, 'metrics')")
    if name in others:
        raise PluginError("there is one of that name already: give this one another")
    known = next((other for other, found in others.items() if found is plugin), None)
    if known is not None:
        raise PluginError(f"the same object is registered as {known!r} already, so each hook would be called twice")


def check_hooks(plugin: object) -> None:
    """Check that a plugin has hooks, and that every one will be called.

    Raises:
        PluginError: the plugin is a class, a function, or has no hook; a hook has no such name or parameter, is
            asynchronous or a generator, is a wrapper around other plugins' hooks, or lacks ``@hookimpl``.
    """
    from dao import hookspecs

    _refuse_whole(plugin)
    known = {name: function for name, function in vars(hookspecs).items() if hasattr(function, _SPEC)}
    has_hooks = False
    for name in dir(plugin):
        try:
            method = getattr(plugin, name)
        except Exception:  # a property of the plugin's own, which is no hook
            continue
        options = getattr(method, _MARK, None)
        if isinstance(options, dict):
            _check(options.get("specname") or name, method, options, known)
            has_hooks = True
        elif name in known and callable(method) and not hasattr(method, _SPEC):
            raise PluginError(f"{name} is not marked as a hook: put @hookimpl before it")
    if not has_hooks:
        raise PluginError(f"{type(plugin).__qualname__} has no hook: write {_EXAMPLE}, and register an instance of it")


def _refuse_whole(plugin: object) -> None:
    """Refuse what holds hooks in no way in which they could be called."""
    if isinstance(plugin, type):
        raise PluginError(f"it is the class {plugin.__name__}: register an instance of it, {plugin.__name__}()")
    if isinstance(plugin, str):
        raise PluginError(
            f"it is the text {plugin!r}, not a plugin: register an object with hooks; one that is installed and off is "
            f"turned on by Plugins(enable=[{plugin!r}])"
        )
    if inspect.isroutine(plugin):
        name = getattr(plugin, "__name__", "")
        raise PluginError(f"it is the function {name}, and hooks are found on an object or a module: write {_EXAMPLE}")


def _check(name: str, method: Any, options: dict[str, Any], known: Mapping[str, Any]) -> None:
    if name not in known:
        raise PluginError(f"there is no hook {name!r}: {did_you_mean(name, known)}")
    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        raise PluginError(f"hook {name} is asynchronous, and hooks are called, not awaited: make it a plain function")
    if options.get("wrapper") or options.get("hookwrapper"):
        raise PluginError(f"hook {name} is a wrapper around other plugins' hooks, which DAO doesn't call")
    if inspect.isgeneratorfunction(method):
        raise PluginError(f"hook {name} has a yield, so that calling it runs nothing: make it a plain function")
    _check_parameters(name, method, list(inspect.signature(known[name]).parameters))


def _check_parameters(name: str, method: Any, given: list[str]) -> None:
    """Hold the parameters of a hook against those that it is called with, by position, in its own order."""
    first = next(iter(inspect.signature(method.__func__).parameters), "") if inspect.ismethod(method) else ""
    if first in given:
        raise PluginError(f"hook {name} begins with the parameter {first!r}, and a method's first is self")
    for parameter in inspect.signature(method).parameters.values():
        has_default = parameter.default is not parameter.empty
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise PluginError(f"hook {name} has {parameter}, which would stay empty: name what it takes")
        if parameter.name not in given and not has_default:
            raise PluginError(f"hook {name} is never given {parameter.name!r}: {did_you_mean(parameter.name, given)}")
        if parameter.name in given and (has_default or parameter.kind is parameter.KEYWORD_ONLY):
            raise PluginError(f"hook {name} would not be given {parameter}: let it be {parameter.name!r} by position")
