"""Plugins: what the installed backends bring. A ``Plugins`` of your own holds what no entry point names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao._core.plugins import Plugins, default_plugins, load_class

_HOMES = {
    "Plugins": "dao._core.plugins",
    "default_plugins": "dao._core.plugins",
    "load_class": "dao._core.plugins",
}

__all__ = [
    "Plugins",
    "default_plugins",
    "load_class",
]

__getattr__, __dir__ = door(__name__, _HOMES)
