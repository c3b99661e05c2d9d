"""Copy-on-write rewriting of tables, file by file: untouched files are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import evolve, frozen

from dao.errors import UnsupportedError
from dao.memory import current
from dao.results import FileInfo
from dao_files._actions.contents import below
from dao_files._actions.declared import refuse_unnamed
from dao_files._actions.parts import Part, PartWriter
from dao_files._actions.tables import StoredTable, declared_schema, with_views
from dao_files._workers import WORKERS, in_parallel

if TYPE_CHECKING:
    from dao_files._storage.storage import Change
    from dao_files.formats import Format

__all__ = [
    "Rewritten",
    "file_schema",
    "part_writer",
    "prepare_rewriting",
    "refuse_untyped",
    "rewrite_each",
]


@frozen
class Rewritten:
    """The result for one data file.

    Attributes:
        file: the file.
        part: its replacement, or None.
        untouched: True if the file is kept unchanged.
        rows: the caller's count of affected rows.
        found: any further result of the caller.
    """

    file: FileInfo
    part: Part | None = None
    untouched: bool = False
    rows: int = 0
    found: Any = None


def prepare_rewriting(table: StoredTable, schema: Any) -> StoredTable:
    """Prepare a table that was opened without a schema for rewriting, applying the declared schema.

    Args:
        table: the table.
        schema: the schema that the caller or the object declares, or None.

    Raises:
        DataError: an option of the call or the object differs from the one that the files were written with.
            Or a file of another program doesn't fit the table, or the declared schema lacks a column of it.
        StoreError: a value of such a file doesn't.
        UnsupportedError: the columns' types are neither stored, remembered nor declared: values that are read with
            inferred types, such as ``007``, might be written back changed.
    """
    table = table.in_own_spelling()
    declared = declared_schema(schema)
    if table.remembered is None:
        refuse_untyped(table.format, table.key, declared)
    if declared is not None:
        if table.format.has_schema or table.remembered is not None:
            refuse_unnamed(table.schema, declared)
        return evolve(table, declared=declared)
    table.check_files()
    return table


def refuse_untyped(format: Format, key: str, declared: pa.Schema | None) -> None:
    """Refuse to rewrite files whose types are neither stored nor declared.

    Raises:
        UnsupportedError: they are.
    """
    if not format.has_schema and declared is None:
        raise UnsupportedError(
            f"the {format.name} files of {key!r} hold no types, so rewriting them could alter values: give schema=, or "
            "the object a schema"
        )


def file_schema(schema: pa.Schema, partition_by: Sequence[str]) -> pa.Schema:
    """Return a table's schema without the partition columns, which its files don't store."""
    return pa.schema([field for field in schema if field.name not in partition_by], metadata=schema.metadata)


def part_writer(change: Change, table: StoredTable, schema: pa.Schema) -> PartWriter:
    """Create a writer of replacements for files of a table."""
    rows = file_schema(schema, table.partition_by)
    return PartWriter(change, table.format, table.options, rows, table.log.next_version(), table.key)


def rewrite_each(
    table: StoredTable, parts: PartWriter, work: Callable[[FileInfo, Callable[..., Part]], Rewritten]
) -> list[Rewritten]:
    """Call ``work`` for each data file, on several files concurrently.

    Args:
        table: the table.
        parts: the writer of the replacements.
        work: called with a file, and a function that writes batches to the replacement of the file, in its folder.

    Returns:
        The results of ``work``, in the order of the files.
    """

    def job(file: FileInfo) -> Rewritten:
        path = "" if table.snapshot.is_file else parts.successor(below(file.key, table.key))

        def write(batches: Iterable[pa.RecordBatch]) -> Part:
            return parts.write(path, _select_stored(batches, parts.schema))

        return work(file, write)

    return list(in_parallel(job, table.files, min(WORKERS, current().rewriters)))


def _select_stored(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Project batches to the columns that the files store: without the partition columns."""
    for batch in batches:
        yield with_views(batch if batch.schema.names == schema.names else batch.select(schema.names), schema)
