"""From an interface's name in a catalog to its class, as far as that can be told here."""

from __future__ import annotations

from attrs import frozen

from dao.errors import PluginError, did_you_mean
from dao.plugins import Plugins
from dao.plugins._plugins import load_interface

__all__ = ["Found", "find_interface"]


@frozen
class Found:
    """What is known of an interface when a catalog is loaded.

    Attributes:
        target: ``"module:Class"``, or ``None`` for a registered name.
        cls: its class; ``None`` where it was not asked for, or can't be imported here, which its store says when used.
        problem: what is certainly wrong with the name; empty if nothing is.
        installed: whether what brings it is installed here.
    """

    target: str | None
    cls: type | None
    problem: str = ""
    installed: bool = True


def find_interface(name: str, location: str | None, plugins: Plugins, *, import_class: bool) -> Found:
    """Look for an interface by its name and, for a class of the user's own, its module.

    Without ``import_class`` a registered one is not imported: that may take a driver along, for nothing.
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
    if plugins.broken:  # one of them may be what brings it; its store says so when it is used
        return Found(None, None, installed=False)
    if hint.startswith("did you mean") or backend in known:
        return Found(None, None, f"no interface {name!r}, {hint}")
    # A backend that is not installed here. Its store can't be used, and says so; the others can.
    return Found(None, None, installed=False)


def _from_module(name: str, location: str) -> Found:
    target = f"{location}:{name}"
    try:
        return Found(target, load_interface(target))
    except PluginError as error:
        # Without a cause the module is there, and has no such class.
        return Found(target, None, "" if error.__cause__ else str(error), installed=not error.__cause__)
