"""The files that a write removes and keeps, and the row counts of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from dao.results import FileInfo
from dao_files._actions.contents import hidden_files
from dao_files._actions.parts import Part
from dao_files._actions.tables import StoredTable
from dao_files.formats import hive_values
from dao_files.formats._partitions import partition_values

if TYPE_CHECKING:
    from dao_files._storage.storage import Change

__all__ = ["count_changes", "split_files"]


def split_files(
    change: Change, table: StoredTable | None, mode: str, new: Sequence[Part]
) -> tuple[list[FileInfo], list[FileInfo]]:
    """Split the files of the base into data files that the mode replaces, and files to keep, including hidden ones."""
    if change.base is None:
        return [], []
    if mode == "overwrite":
        return [], hidden_files(change.base)
    if table is None:
        return [], list(change.base.files)
    removed: list[FileInfo] = []
    if mode == "overwrite_partitions":
        types = table.partition_schema
        replaced = {_normalize(hive_values(part.path), types) for part in new}
        values = table.partitions or []
        removed = [
            info for info, value in zip(table.files, values, strict=True) if _normalize(value, types) in replaced
        ]
    removed_keys = {info.key for info in removed}
    return removed, [info for info in change.base.files if info.key not in removed_keys]


def _normalize(values: Mapping[str, str | None], types: pa.Schema) -> tuple[str, ...]:
    """Normalize partition values: other programs may write ``month=01`` for ``month=1``."""
    return tuple(str(value) for value in partition_values(values, types).values())


def count_changes(
    change: Change, table: StoredTable | None, mode: str, removed: Sequence[FileInfo], inserted: int
) -> tuple[int | None, int | None]:
    """Count the deleted rows and the rows after the write; None for a count that would need reading data."""
    if change.base is None:
        return 0, inserted
    if table is None or mode == "overwrite":
        return (table.record.rows if table is not None and table.record is not None else None), inserted
    before = _count_rows(table, table.files)
    deleted = _count_rows(table, removed) if mode == "overwrite_partitions" else 0
    return deleted, None if before is None or deleted is None else before - deleted + inserted


def _count_rows(table: StoredTable, files: Sequence[FileInfo]) -> int | None:
    """Count the rows of some of a table's files from metadata; None if it doesn't have the counts."""
    if not files:
        return 0
    if len(files) == len(table.files) and table.record is not None and table.record.rows is not None:
        return table.record.rows
    return table.format.count([info.key for info in files], table.filesystem, table.options)
