"""Rewrites tables file by file: most files stay as they are, some are rewritten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import evolve, frozen

from dao.errors import UnsupportedError
from dao.memory import current
from dao.results import FileInfo
from dao_files._actions.contents import below
from dao_files._actions.parts import Part, PartWriter
from dao_files._actions.tables import StoredTable, declared_schema, with_views
from dao_files._workers import WORKERS, in_parallel

if TYPE_CHECKING:
    from dao_files._storage.storage import Change

__all__ = [
    "Rewritten",
    "for_rewriting",
    "inside",
    "part_writer",
    "rewrite_each",
]


@frozen
class Rewritten:
    """The outcome for one data file.

    Attributes:
        file: the file.
        part: what takes its place, None where nothing does.
        untouched: it stays as it is.
        rows: what the caller counted.
        found: what else the caller wants to know.
    """

    file: FileInfo
    part: Part | None = None
    untouched: bool = False
    rows: int = 0
    found: Any = None


def for_rewriting(table: StoredTable, schema: Any) -> StoredTable:
    """A table that was opened without a schema, whose files a change is about to replace.

    Args:
        table: the table.
        schema: what the caller or the object declares.

    Raises:
        UnsupportedError: neither its files nor anything else declares the columns' types: values that were read
            by guessing, such as ``007``, might be written back as others.
    """
    declared = declared_schema(schema)
    if not table.format.has_schema and table.record is None and declared is None:
        raise UnsupportedError(
            f"the {table.format.name} files of {table.key!r} hold no types, so rewriting them could alter values: "
            "give schema=, or the object a schema"
        )
    return table if declared is None else evolve(table, declared=declared)


def inside(schema: pa.Schema, partition_by: Sequence[str]) -> pa.Schema:
    """The part of a table's schema that is inside its files."""
    return pa.schema([field for field in schema if field.name not in partition_by], metadata=schema.metadata)


def part_writer(change: Change, table: StoredTable, schema: pa.Schema) -> PartWriter:
    """A writer of replacements for files of a table."""
    rows = inside(schema, table.partition_by)
    return PartWriter(change, table.format, table.options, rows, table.log.next_version(), table.key)


def rewrite_each(
    table: StoredTable, parts: PartWriter, work: Callable[[FileInfo, Callable[..., Part]], Rewritten]
) -> list[Rewritten]:
    """Call ``work`` for each data file, several at a time.

    Args:
        table: the table.
        parts: makes the new files.
        work: gets a file, and a function that writes the batches that take its place into the same folder.
    """

    def job(file: FileInfo) -> Rewritten:
        path = "" if table.snapshot.is_file else parts.successor(below(file.key, table.key))

        def write(batches: Iterable[pa.RecordBatch]) -> Part:
            return parts.write(path, _keep(batches, parts.schema))

        return work(file, write)

    return list(in_parallel(job, table.files, min(WORKERS, current().rewriters)))


def _keep(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The batches as they are inside the files: without the columns that the folders' names hold."""
    for batch in batches:
        yield with_views(batch if batch.schema.names == schema.names else batch.select(schema.names), schema)
