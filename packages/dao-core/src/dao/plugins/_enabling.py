"""Plugins that are installed and off: those of the group ``dao.optional``, until they are enabled by name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dao.errors import PluginError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["VARIABLE", "enabled_names", "enabled_points"]

VARIABLE = "DAO_ENABLE"
"""The variable of the environment with the names of plugins to enable, with commas between them."""

_GROUP = "dao.optional"


def enabled_names(given: Iterable[str] | None) -> tuple[str, ...]:
    """The names of the plugins to enable: those given, else those of the environment, each once."""
    names = os.environ.get(VARIABLE, "").split(",") if given is None else [given] if isinstance(given, str) else given
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def enabled_points(names: Iterable[str]) -> list[EntryPoint]:
    """The entry points of some plugins.

    Raises:
        PluginError: no distribution that is installed has a plugin of such a name that can be enabled.
    """
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group=_GROUP)}
    for name in names:
        if name not in found:
            raise PluginError(f"plugin {name!r} can't be enabled, none is called so: {did_you_mean(name, found)}")
    return [found[name] for name in names]
