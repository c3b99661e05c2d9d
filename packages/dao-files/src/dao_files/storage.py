"""For custom storages: the protocol to implement, and the helpers that the embedded ones use.

A :class:`Storage` that keeps its promises gives a whole interface to :class:`dao_files.FilesInterface`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_files._actions.binary import chunks_of, is_binary
    from dao_files._actions.gathering import collect
    from dao_files._actions.log import LOG_NAME
    from dao_files._actions.places import Place, place_of
    from dao_files._actions.reading import read_table
    from dao_files._storage.filesystem import filesystem_of
    from dao_files._storage.keys import check_key, is_plain, join, key_fault, key_of_path
    from dao_files._storage.names import bears_token, with_new_token
    from dao_files._storage.storage import Change, Kind, Snapshot, Storage
    from dao_files._workers import in_parallel

_HOMES = {
    "Change": "dao_files._storage.storage",
    "Kind": "dao_files._storage.storage",
    "LOG_NAME": "dao_files._actions.log",
    "Place": "dao_files._actions.places",
    "Snapshot": "dao_files._storage.storage",
    "Storage": "dao_files._storage.storage",
    "bears_token": "dao_files._storage.names",
    "check_key": "dao_files._storage.keys",
    "chunks_of": "dao_files._actions.binary",
    "collect": "dao_files._actions.gathering",
    "filesystem_of": "dao_files._storage.filesystem",
    "in_parallel": "dao_files._workers",
    "is_binary": "dao_files._actions.binary",
    "is_plain": "dao_files._storage.keys",
    "join": "dao_files._storage.keys",
    "key_fault": "dao_files._storage.keys",
    "key_of_path": "dao_files._storage.keys",
    "place_of": "dao_files._actions.places",
    "read_table": "dao_files._actions.reading",
    "with_new_token": "dao_files._storage.names",
}

__all__ = [
    "LOG_NAME",
    "Change",
    "Kind",
    "Place",
    "Snapshot",
    "Storage",
    "bears_token",
    "check_key",
    "chunks_of",
    "collect",
    "filesystem_of",
    "in_parallel",
    "is_binary",
    "is_plain",
    "join",
    "key_fault",
    "key_of_path",
    "place_of",
    "read_table",
    "with_new_token",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
