"""Plugins: what the installed backends register. A custom ``Plugins`` holds those without an entry point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao.plugins._plugins import Plugins, default_plugins, load_class

_HOMES = {
    "Plugins": "dao.plugins._plugins",
    "default_plugins": "dao.plugins._plugins",
    "load_class": "dao.plugins._plugins",
}

__all__ = [
    "Plugins",
    "default_plugins",
    "load_class",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
