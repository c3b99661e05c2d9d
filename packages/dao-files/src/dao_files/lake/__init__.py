"""Building blocks of table formats whose data files are Parquet, such as Delta Lake and Iceberg.

- :class:`FolderTransport` keeps objects in a folder, whole and on a condition;
- :class:`PartitionedFiles` writes rows into data files, one per partition, in bounded memory;
- :func:`files_with_keys` and :func:`files_with_rows` find the files that may have some rows, by their bounds alone;
- :class:`Merge` and :class:`Removal` rewrite files in which rows change, and no others.

What a format's log says of its files is its backend's affair. Names are imported on first access.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_files.lake._bounds import Bounds
    from dao_files.lake._files import FileSettings, OpenFile, PartitionedFiles, Values, split_by_values
    from dao_files.lake._folder import FolderTransport
    from dao_files.lake._patching import all_but, first_at, joined, plain_array, with_rows
    from dao_files.lake._pruning import FileFacts, files_with_keys, files_with_rows
    from dao_files.lake._shaping import typed, with_missing, without_extensions

_HOMES = {
    "Bounds": "dao_files.lake._bounds",
    "FileFacts": "dao_files.lake._pruning",
    "FileSettings": "dao_files.lake._files",
    "FolderTransport": "dao_files.lake._folder",
    "OpenFile": "dao_files.lake._files",
    "PartitionedFiles": "dao_files.lake._files",
    "Values": "dao_files.lake._files",
    "all_but": "dao_files.lake._patching",
    "files_with_keys": "dao_files.lake._pruning",
    "files_with_rows": "dao_files.lake._pruning",
    "first_at": "dao_files.lake._patching",
    "joined": "dao_files.lake._patching",
    "plain_array": "dao_files.lake._patching",
    "split_by_values": "dao_files.lake._files",
    "typed": "dao_files.lake._shaping",
    "with_missing": "dao_files.lake._shaping",
    "with_rows": "dao_files.lake._patching",
    "without_extensions": "dao_files.lake._shaping",
}

__all__ = [
    "Bounds",
    "FileFacts",
    "FileSettings",
    "FolderTransport",
    "OpenFile",
    "PartitionedFiles",
    "Values",
    "all_but",
    "files_with_keys",
    "files_with_rows",
    "first_at",
    "joined",
    "plain_array",
    "split_by_values",
    "typed",
    "with_missing",
    "with_rows",
    "without_extensions",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
