"""All actions over any file storage. Names are loaded when they are first asked for."""

from __future__ import annotations

from dao.lazy import door

_HOMES = {
    "Change": "storage",
    "FilesInterface": "interface",
    "Snapshot": "storage",
    "Storage": "storage",
    "check_key": "keys",
    "filesystem_of": "filesystem",
}

__all__ = sorted(_HOMES)

__getattr__, __dir__ = door(__name__, _HOMES)
