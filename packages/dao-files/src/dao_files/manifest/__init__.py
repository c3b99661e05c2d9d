"""Tables of files on any store that lists, gets, puts on a condition and deletes: the manifest protocol.

A store that can't rename a folder in one step keeps a manifest beside the files of a table. It says which files count,
and is replaced on the condition that nobody else has replaced it meanwhile; so a change is published whole or not
at all.

A :class:`Transport` sends the few requests that everything is made of; :class:`ManifestStorage` makes a
:class:`dao_files.Storage` of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_files.manifest._listing import list_level
    from dao_files.manifest._once import MARK, Once, OnceWriter, pauses, put_once
    from dao_files.manifest._pieces import Pieces
    from dao_files.manifest._snapshot import info_of
    from dao_files.manifest._storage import ManifestStorage
    from dao_files.manifest._transport import ObjectSettings, Stat, Transport, Upload, Writer
    from dao_files.manifest._vacuum import vacuum

_HOMES = {
    "MARK": "dao_files.manifest._once",
    "ManifestStorage": "dao_files.manifest._storage",
    "ObjectSettings": "dao_files.manifest._transport",
    "Once": "dao_files.manifest._once",
    "OnceWriter": "dao_files.manifest._once",
    "Pieces": "dao_files.manifest._pieces",
    "Stat": "dao_files.manifest._transport",
    "Transport": "dao_files.manifest._transport",
    "Upload": "dao_files.manifest._transport",
    "Writer": "dao_files.manifest._transport",
    "info_of": "dao_files.manifest._snapshot",
    "list_level": "dao_files.manifest._listing",
    "pauses": "dao_files.manifest._once",
    "put_once": "dao_files.manifest._once",
    "vacuum": "dao_files.manifest._vacuum",
}

__all__ = [
    "MARK",
    "ManifestStorage",
    "ObjectSettings",
    "Once",
    "OnceWriter",
    "Pieces",
    "Stat",
    "Transport",
    "Upload",
    "Writer",
    "info_of",
    "list_level",
    "pauses",
    "put_once",
    "vacuum",
]

__getattr__, __dir__ = door(__name__, _HOMES)
