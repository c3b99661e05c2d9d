"""The embedded stores: a folder, and memory. Names are loaded when they are first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "LocalInterface": "interface",
    "LocalStorage": "storage",
    "MemoryInterface": "interface",
    "MemoryStorage": "memory",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
