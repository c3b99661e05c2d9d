"""Reads rows of one version of a table, lazily, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import compress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.arrow.convert import select_fields
from dao.arrow.predicates import Predicate, bind, filter_table, parse
from dao.errors import NotFoundError
from dao.memory import current
from dao.progress import advance
from dao.tables import Selection
from dao_delta._errors import translate
from dao_delta._snapshots.facts import facts_of
from dao_delta._snapshots.misread import has_misread
from dao_delta._snapshots.pushdown import decides, push_down
from dao_delta._snapshots.stored import StoredFiles, gone_error, mapping_of, missing_file, stored_files
from dao_delta._tables.client import Snapshot
from dao_files.lake import files_with_rows, grouped, typed
from dao_files.storage import in_parallel

__all__ = ["count_rows", "read_rows", "stream_rows"]

Batches = Sequence[pa.RecordBatch]

_STREAMED = 2 << 20
"""Bytes of the rows that a stream decodes at a time; it holds some such groups."""

_SHAPERS = 2
"""Threads that cast and filter rows while deltalake decodes the next ones, a row group on one core."""


def read_rows(snapshot: Snapshot, selection: Selection) -> pa.Table:
    """All selected rows.

    Raises:
        DataError: a column doesn't exist, or the predicate doesn't fit.
    """
    wanted = _wanted(snapshot, selection)
    if not wanted.names:  # tables without columns lose their rows when they are joined
        return stream_rows(snapshot, selection).read_all()
    tables = [*_selected(snapshot, selection, wanted, current().batch)]
    return pa.concat_tables(tables) if tables else pa.Table.from_batches([], wanted)


def stream_rows(snapshot: Snapshot, selection: Selection) -> pa.RecordBatchReader:
    """The selected rows as a stream, which reads files as it is read.

    Raises:
        DataError: a column doesn't exist, or the predicate doesn't fit.
    """
    wanted = _wanted(snapshot, selection)
    tables = _selected(snapshot, selection, wanted, min(_STREAMED, current().batch))
    batches = (batch for table in tables for batch in table.to_batches(max_chunksize=selection.batch_size))
    return pa.RecordBatchReader.from_batches(wanted, batches)


def _wanted(snapshot: Snapshot, selection: Selection) -> pa.Schema:
    return pa.schema(select_fields(snapshot.schema, selection.columns))


def _selected(snapshot: Snapshot, selection: Selection, wanted: pa.Schema, size: int) -> Iterator[pa.Table]:
    """The selected rows, in tables of about as many bytes. What is wrong with the selection is raised at once."""
    predicate = None if selection.where is None else bind(parse(selection.where), snapshot.schema)
    left, columns = predicate, _columns(snapshot, wanted, predicate)
    # to look at the files checks them: deltalake reads a file twice that a damaged log has twice, and any file
    snapshot.check_inside()
    if snapshot.files.num_rows and has_misread(snapshot, columns, predicate):
        batches = _read_one_by_one(snapshot, columns, predicate)
    else:
        if predicate is not None and decides(predicate, snapshot.schema):
            left, columns = None, _columns(snapshot, wanted, None)
        batches = _scanned(snapshot, columns, predicate)
    shape = partial(_shaped, schema=_fields(snapshot, columns), predicate=left, names=wanted.names)
    groups = grouped(batches, size, pa.RecordBatch.get_total_buffer_size)  # deltalake's have 8,192 rows
    if selection.limit is not None:  # the rows after the last one that is asked for aren't worked on
        return _first(map(shape, groups), selection.limit)
    # Threads hold more groups, and what one frees of another's memory isn't used again at once.
    return _counted(map(shape, groups) if current().limit else in_parallel(shape, groups, _SHAPERS))


def _columns(snapshot: Snapshot, wanted: pa.Schema, predicate: Predicate | None) -> list[str]:
    """The columns to read: those that are asked for, and of the predicate; one at least."""
    others = frozenset() if predicate is None else predicate.columns - set(wanted.names)
    return [*wanted.names, *sorted(others)] or snapshot.schema.names[:1]


def _fields(snapshot: Snapshot, names: Sequence[str]) -> pa.Schema:
    return pa.schema([snapshot.schema.field(name) for name in names])


def _shaped(batches: Batches, schema: pa.Schema, predicate: Predicate | None, names: Sequence[str]) -> pa.Table:
    """The columns that are asked for of the rows that fulfil the predicate, in the types of the schema."""
    table = typed(batches, schema)
    return (table if predicate is None else filter_table(table, predicate)).select(names)


def _first(tables: Iterator[pa.Table], left: int) -> Iterator[pa.Table]:
    for table in tables:
        found = table.slice(0, left)
        left -= found.num_rows
        advance(rows=found.num_rows)
        yield found
        if left == 0:
            return


def _counted(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    for table in tables:
        advance(rows=table.num_rows)
        yield table


def _scanned(snapshot: Snapshot, columns: list[str], predicate: Predicate | None) -> Iterator[pa.RecordBatch]:
    """Columns of rows, at least of those that a predicate keeps, by deltalake.

    The file that is missed is missed at once.
    """
    sql = None if predicate is None else push_down(predicate, snapshot.schema)
    return _translated(pa.RecordBatchReader.from_stream(snapshot.table.scan(columns=columns, predicate=sql)), snapshot)


def _read_one_by_one(snapshot: Snapshot, columns: list[str], predicate: Predicate | None) -> Iterator[pa.RecordBatch]:
    """Columns of rows, at least of those for which a predicate is true, in the types of the table or refused."""
    reader = StoredFiles(snapshot.client.transport, snapshot.schema, mapping_of(snapshot))
    files = stored_files(snapshot)
    kept = [True] * len(files) if predicate is None else files_with_rows(facts_of(snapshot), predicate)
    for file in compress(files, kept):
        with missing_file(snapshot, file):
            yield from reader.read(file, columns)


def _translated(reader: pa.RecordBatchReader, snapshot: Snapshot) -> Iterator[pa.RecordBatch]:
    """The batches, with deltalake's errors as DAO's.

    Raises:
        NotFoundError: files of an older version are gone.
        StoreError: a file of the newest version is gone or damaged.
    """
    try:
        with reader:
            yield from reader
    except (pa.ArrowException, OSError) as error:
        meant = translate(error)
        if isinstance(meant, NotFoundError):
            raise gone_error(snapshot, meant) from error
        if meant is not None:
            raise meant from error
        raise


def count_rows(snapshot: Snapshot, where: Any) -> int:
    """How many rows a read would give: from the log alone where it says so."""
    if where is None:
        known = snapshot.files.column("num_records")
        if known.null_count == 0 and not snapshot.has_deletion_vectors:
            return int(pc.sum(known).as_py() or 0)
    narrowest = Selection(columns=[_narrowest(snapshot.schema)], where=where)
    return sum(batch.num_rows for batch in stream_rows(snapshot, narrowest))


def _narrowest(schema: pa.Schema) -> str:
    fixed = {field.name: field.type.bit_width for field in schema if pt.is_primitive(field.type)}
    return min(fixed, key=fixed.__getitem__) if fixed else str(schema.names[0])
