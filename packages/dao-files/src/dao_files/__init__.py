"""Files and tables of files on any storage: the actions, and the embedded stores, a folder and memory.

Names are loaded when they are first asked for; importing this imports no Arrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_files._actions.interface import FilesInterface
    from dao_files._local.interface import LocalInterface, MemoryInterface
    from dao_files._local.memory import MemoryStorage
    from dao_files._local.storage import LocalStorage
    from dao_files._storage.storage import Change, Kind, Snapshot, Storage

_HOMES = {
    "Change": "dao_files._storage.storage",
    "FilesInterface": "dao_files._actions.interface",
    "Kind": "dao_files._storage.storage",
    "LocalInterface": "dao_files._local.interface",
    "LocalStorage": "dao_files._local.storage",
    "MemoryInterface": "dao_files._local.interface",
    "MemoryStorage": "dao_files._local.memory",
    "Snapshot": "dao_files._storage.storage",
    "Storage": "dao_files._storage.storage",
}

__all__ = [
    "Change",
    "FilesInterface",
    "Kind",
    "LocalInterface",
    "LocalStorage",
    "MemoryInterface",
    "MemoryStorage",
    "Snapshot",
    "Storage",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
