"""The manifest protocol: tables of files on any store with list, get, conditional put and delete.

A store that can't rename a folder in one step keeps a manifest beside the files of a table. It says which files count,
and is replaced on the condition that no other writer has replaced it meanwhile; so a change is published whole or not
at all.

A :class:`Transport` sends the few requests that everything is made of; :class:`ManifestStorage` makes a
:class:`dao_files.Storage` of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_files.manifest._arrow_files import native_file
    from dao_files.manifest._base import BaseTransport, copy_through
    from dao_files.manifest._levels import list_level
    from dao_files.manifest._memory import MemoryTransport
    from dao_files.manifest._once import Once, OnceWriter, pauses, put_once, without_mark
    from dao_files.manifest._pieces import Pieces
    from dao_files.manifest._snapshot import info_of
    from dao_files.manifest._storage import ManifestStorage
    from dao_files.manifest._transport import ObjectSettings, Stat, Transport, Upload, Writer
    from dao_files.manifest._vacuum import vacuum
    from dao_files.manifest._writer import BufferedWriter, Spooled, Target

_HOMES = {
    "BaseTransport": "dao_files.manifest._base",
    "BufferedWriter": "dao_files.manifest._writer",
    "ManifestStorage": "dao_files.manifest._storage",
    "MemoryTransport": "dao_files.manifest._memory",
    "ObjectSettings": "dao_files.manifest._transport",
    "Once": "dao_files.manifest._once",
    "OnceWriter": "dao_files.manifest._once",
    "Pieces": "dao_files.manifest._pieces",
    "Spooled": "dao_files.manifest._writer",
    "Stat": "dao_files.manifest._transport",
    "Target": "dao_files.manifest._writer",
    "Transport": "dao_files.manifest._transport",
    "Upload": "dao_files.manifest._transport",
    "Writer": "dao_files.manifest._transport",
    "copy_through": "dao_files.manifest._base",
    "info_of": "dao_files.manifest._snapshot",
    "list_level": "dao_files.manifest._levels",
    "native_file": "dao_files.manifest._arrow_files",
    "pauses": "dao_files.manifest._once",
    "put_once": "dao_files.manifest._once",
    "vacuum": "dao_files.manifest._vacuum",
    "without_mark": "dao_files.manifest._once",
}

__all__ = [
    "BaseTransport",
    "BufferedWriter",
    "ManifestStorage",
    "MemoryTransport",
    "ObjectSettings",
    "Once",
    "OnceWriter",
    "Pieces",
    "Spooled",
    "Stat",
    "Target",
    "Transport",
    "Upload",
    "Writer",
    "copy_through",
    "info_of",
    "list_level",
    "native_file",
    "pauses",
    "put_once",
    "vacuum",
    "without_mark",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
