"""Determines the files that remain after a write, and their number of rows."""

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

__all__ = ["balance", "sort_out"]


def sort_out(
    change: Change, table: StoredTable | None, mode: str, new: Sequence[Part]
) -> tuple[list[FileInfo], list[FileInfo]]:
    """Split files into data files to remove, and files to keep, including hidden ones."""
    if change.base is None:
        return [], []
    if mode == "overwrite":
        return [], hidden_files(change.base)
    if table is None:
        return [], list(change.base.files)
    gone: list[FileInfo] = []
    if mode == "overwrite_partitions":
        types = table.partition_schema
        replaced = {_spell(hive_values(part.path), types) for part in new}
        values = table.partitions or []
        gone = [info for info, value in zip(table.files, values, strict=True) if _spell(value, types) in replaced]
    left = {info.key for info in gone}
    return gone, [info for info in change.base.files if info.key not in left]


def _spell(values: Mapping[str, str | None], types: pa.Schema) -> tuple[str, ...]:
    """Normalize partition values: other programs may write ``month=01`` for ``month=1``."""
    return tuple(str(value) for value in partition_values(values, types).values())


def balance(
    change: Change, table: StoredTable | None, mode: str, gone: Sequence[FileInfo], inserted: int
) -> tuple[int | None, int | None]:
    """The rows that are gone, and the rows that are there now; None for what isn't known without reading data."""
    if change.base is None:
        return 0, inserted
    if table is None or mode == "overwrite":
        return (table.record.rows if table is not None and table.record is not None else None), inserted
    before = _rows_in(table, table.files)
    deleted = _rows_in(table, gone) if mode == "overwrite_partitions" else 0
    return deleted, None if before is None or deleted is None else before - deleted + inserted


def _rows_in(table: StoredTable, files: Sequence[FileInfo]) -> int | None:
    """The number of rows in some of a table's files, if known from metadata."""
    if not files:
        return 0
    if len(files) == len(table.files) and table.record is not None and table.record.rows is not None:
        return table.record.rows
    return table.format.count([info.key for info in files], table.filesystem, table.options)
