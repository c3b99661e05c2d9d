"""Building blocks of table formats whose data files are Parquet, such as Delta Lake and Iceberg.

- :class:`LakePlace` has the options that say where tables are;
- :class:`FolderTransport` keeps objects in a folder, whole and on a condition;
- :func:`filesystem_over` is what the formats read objects through;
- :class:`PartitionedFiles` writes rows into data files, one per partition, in bounded memory;
- :func:`files_with_keys` and :func:`files_with_rows` find the files that may have some rows, by their bounds alone;
- :class:`Merge` and :func:`remove_rows` rewrite the files in which rows change, and no others, through what a format
  gives as :class:`Rewriting`;
- :func:`without_common` tells the rows that a rewrite changed from those that it copied;
- :class:`PropertyRule` and :func:`check_same_properties` check properties of tables;
- :class:`RowSource` has the rows of a call, which are written once whatever the conflicts of its commit;
- :func:`check_call` and :func:`refuse_keyed_removal` check the arguments of calls, :func:`told_replaced` explains them;
- :class:`StorableTypes` has the types in which a format keeps values;
- :func:`grouped`, :func:`valid_rows`, :func:`with_missing`, :func:`without_extensions` and :func:`typed` shape rows.

What a format's log says of its files is its backend's affair. Names are imported on first access.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_files._actions.unkeyed import refuse_keyed_removal
    from dao_files.lake._bounds import Bounds
    from dao_files.lake._calls import check_call, told_replaced
    from dao_files.lake._difference import compared_bytes, without_common
    from dao_files.lake._files import FileSettings, OpenFile, PartitionedFiles, Values, split_by_values
    from dao_files.lake._filesystem import filesystem_over
    from dao_files.lake._folder import FolderTransport
    from dao_files.lake._merging import Merge, Merged
    from dao_files.lake._place import LakePlace
    from dao_files.lake._properties import PropertyRule, check_same_properties
    from dao_files.lake._pruning import FileFacts, files_with_keys, files_with_rows
    from dao_files.lake._removing import Removed, remove_rows, remove_selected
    from dao_files.lake._replacing import must_fulfil
    from dao_files.lake._rewriting import Feed, Rewriting, in_threads
    from dao_files.lake._shaping import grouped, typed, valid_rows, with_missing, without_extensions
    from dao_files.lake._source import RowSource
    from dao_files.lake._storable import StorableTypes

_HOMES = {
    "Bounds": "dao_files.lake._bounds",
    "Feed": "dao_files.lake._rewriting",
    "FileFacts": "dao_files.lake._pruning",
    "FileSettings": "dao_files.lake._files",
    "FolderTransport": "dao_files.lake._folder",
    "LakePlace": "dao_files.lake._place",
    "Merge": "dao_files.lake._merging",
    "Merged": "dao_files.lake._merging",
    "OpenFile": "dao_files.lake._files",
    "PartitionedFiles": "dao_files.lake._files",
    "PropertyRule": "dao_files.lake._properties",
    "Removed": "dao_files.lake._removing",
    "Rewriting": "dao_files.lake._rewriting",
    "RowSource": "dao_files.lake._source",
    "StorableTypes": "dao_files.lake._storable",
    "Values": "dao_files.lake._files",
    "check_call": "dao_files.lake._calls",
    "check_same_properties": "dao_files.lake._properties",
    "compared_bytes": "dao_files.lake._difference",
    "files_with_keys": "dao_files.lake._pruning",
    "files_with_rows": "dao_files.lake._pruning",
    "filesystem_over": "dao_files.lake._filesystem",
    "grouped": "dao_files.lake._shaping",
    "in_threads": "dao_files.lake._rewriting",
    "must_fulfil": "dao_files.lake._replacing",
    "refuse_keyed_removal": "dao_files._actions.unkeyed",
    "remove_rows": "dao_files.lake._removing",
    "remove_selected": "dao_files.lake._removing",
    "split_by_values": "dao_files.lake._files",
    "told_replaced": "dao_files.lake._calls",
    "typed": "dao_files.lake._shaping",
    "valid_rows": "dao_files.lake._shaping",
    "with_missing": "dao_files.lake._shaping",
    "without_common": "dao_files.lake._difference",
    "without_extensions": "dao_files.lake._shaping",
}

__all__ = [
    "Bounds",
    "Feed",
    "FileFacts",
    "FileSettings",
    "FolderTransport",
    "LakePlace",
    "Merge",
    "Merged",
    "OpenFile",
    "PartitionedFiles",
    "PropertyRule",
    "Removed",
    "Rewriting",
    "RowSource",
    "StorableTypes",
    "Values",
    "check_call",
    "check_same_properties",
    "compared_bytes",
    "files_with_keys",
    "files_with_rows",
    "filesystem_over",
    "grouped",
    "in_threads",
    "must_fulfil",
    "refuse_keyed_removal",
    "remove_rows",
    "remove_selected",
    "split_by_values",
    "told_replaced",
    "typed",
    "valid_rows",
    "with_missing",
    "without_common",
    "without_extensions",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
