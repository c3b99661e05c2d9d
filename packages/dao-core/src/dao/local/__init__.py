"""The embedded stores: a folder, and memory. Names are loaded when they are first asked for."""

from __future__ import annotations

from dao.lazy import door

_HOMES = {
    "LocalInterface": "interface",
    "LocalStorage": "storage",
    "MemoryInterface": "interface",
    "MemoryStorage": "memory",
}

__all__ = sorted(_HOMES)

__getattr__, __dir__ = door(__name__, _HOMES)
