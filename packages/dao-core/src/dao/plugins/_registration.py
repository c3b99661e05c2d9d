"""Checks that every hook of a plugin will be called; one that never would be is an error."""

from __future__ import annotations

import inspect
from typing import Any

from dao.errors import PluginError, did_you_mean

__all__ = ["check_hooks"]

_MARK, _SPEC = "dao_impl", "dao_spec"  # what pluggy's markers for the project "dao" leave on a function


def check_hooks(plugin: object) -> None:
    """Check that every hook of a plugin will be called.

    Raises:
        PluginError: a hook has no such name, is asynchronous or a generator, is a wrapper around other plugins' hooks,
            or lacks ``@hookimpl``.
    """
    from dao import hookspecs

    known = [name for name, function in vars(hookspecs).items() if hasattr(function, _SPEC)]
    for name in dir(plugin):
        try:
            method = getattr(plugin, name)
        except Exception:  # a property of the plugin's own, which is no hook
            continue
        options = getattr(method, _MARK, None)
        if isinstance(options, dict):
            _check(options.get("specname") or name, method, options, known)
        elif name in known and callable(method) and not hasattr(method, _SPEC):
            raise PluginError(f"{name} is not marked as a hook: put @hookimpl before it")


def _check(name: str, method: Any, options: dict[str, Any], known: list[str]) -> None:
    if name not in known:
        raise PluginError(f"there is no hook {name!r}: {did_you_mean(name, known)}")
    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        raise PluginError(f"hook {name} is asynchronous, and hooks are called, not awaited: make it a plain function")
    if options.get("wrapper") or options.get("hookwrapper"):
        raise PluginError(f"hook {name} is a wrapper around other plugins' hooks, which DAO doesn't call")
    if inspect.isgeneratorfunction(method):
        raise PluginError(f"hook {name} has a yield, so that calling it runs nothing: make it a plain function")
