"""Finds the class of an interface by its name in a catalog, as far as possible without using the store."""

from __future__ import annotations

from attrs import frozen

from dao.errors import PluginError, did_you_mean
from dao.plugins import Plugins
from dao.plugins._plugins import load_interface

__all__ = ["Found", "find_interface"]


@frozen
class Found:
    """What is known about an interface when a catalog is loaded.

    Attributes:
        target: ``"module:Class"``, or ``None`` for a registered name.
        cls: its class; ``None`` if not requested or not importable here (its store raises the error when used).
        problem: what is definitely wrong with the name; empty if nothing is.
        installed: whether the package that provides it is installed here.
    """

    target: str | None
    cls: type | None
    problem: str = ""
    installed: bool = True


def find_interface(name: str, location: str | None, plugins: Plugins, *, import_class: bool) -> Found:
    """Find an interface by its name and, for a user-defined class, its module.

    Without ``import_class`` a registered one is not imported, because that may load a driver needlessly.
    """
    if location:
        return _from_module(name, location)
    known = plugins.interface_names
    if name in known:
        if not import_class:
            return Found(None, None)
        try:
            return Found(None, plugins.interface_class(name))
        except PluginError:
            return Found(None, None)
    if name != name.lower():
        return Found(
            None, None, f"no interface {name!r} is registered; a class is named with its module: 'module:{name}'"
        )
    hint = did_you_mean(name, known)
    backend = name.split(".")[0]
    if plugins.broken:  # a broken plugin may provide it; its store raises that error when used
        return Found(None, None, installed=False)
    if hint.startswith("did you mean") or backend in known:
        return Found(None, None, f"no interface {name!r}, {hint}")
    # A backend that is not installed here: only its own store fails, when used.
    return Found(None, None, installed=False)


def _from_module(name: str, location: str) -> Found:
    target = f"{location}:{name}"
    try:
        return Found(target, load_interface(target))
    except PluginError as error:
        # Without a cause, the module exists but has no such class.
        return Found(target, None, "" if error.__cause__ else str(error), installed=not error.__cause__)
