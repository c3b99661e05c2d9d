"""Reads rows of one version of a table, lazily, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.arrow.convert import select_fields
from dao.arrow.predicates import bind, filter_reader, parse
from dao.errors import NotFoundError, StoreError
from dao.progress import advance
from dao.tables import Selection
from dao_delta._client import Snapshot
from dao_delta._errors import translate
from dao_delta._int96 import has_far_int96
from dao_delta._pushdown import push_down
from dao_delta._shaping import typed
from dao_delta._stored import StoredFiles, mapping_of, stored_files

__all__ = ["count_rows", "read_rows", "stream_rows"]


def read_rows(snapshot: Snapshot, selection: Selection) -> pa.Table:
    """All selected rows.

    Raises:
        DataError: a column doesn't exist, or the predicate doesn't fit.
    """
    return stream_rows(snapshot, selection).read_all()


def stream_rows(snapshot: Snapshot, selection: Selection) -> pa.RecordBatchReader:
    """The selected rows as a stream, which reads files as it is read.

    Raises:
        DataError: a column doesn't exist, or the predicate doesn't fit.
    """
    wanted = pa.schema(select_fields(snapshot.schema, selection.columns))
    if selection.where is None:
        rows = scan(snapshot, wanted.names or snapshot.schema.names[:1])
    else:
        predicate = bind(parse(selection.where), snapshot.schema)
        needed = [*wanted.names, *sorted(predicate.columns - set(wanted.names))]
        found = scan(snapshot, needed or snapshot.schema.names[:1], push_down(predicate, snapshot.schema))
        rows = filter_reader(found, predicate)
    return pa.RecordBatchReader.from_batches(wanted, _shaped(rows, wanted, selection))


def scan(snapshot: Snapshot, columns: list[str], sql: str | None = None) -> pa.RecordBatchReader:
    """Columns of rows, at least of those that a predicate of DataFusion keeps, in the types of the table's schema."""
    schema = pa.schema([snapshot.schema.field(name) for name in columns])
    # to look at the files checks them: deltalake reads a file twice that a damaged log has twice
    if snapshot.files.num_rows and has_far_int96(snapshot, columns):
        reader = StoredFiles(snapshot.client.transport, snapshot.schema, mapping_of(snapshot))
        batches = (batch for file in stored_files(snapshot) for batch in reader.read(file, columns))
        return pa.RecordBatchReader.from_batches(schema, batches)
    found = pa.RecordBatchReader.from_stream(snapshot.table.scan(columns=columns, predicate=sql))
    return pa.RecordBatchReader.from_batches(schema, _typed(found, schema, snapshot))


def _typed(batches: pa.RecordBatchReader, schema: pa.Schema, snapshot: Snapshot) -> Iterator[pa.RecordBatch]:
    with batches:
        for batch in _translated(batches, snapshot):
            yield from typed(batch, schema)


def _translated(batches: pa.RecordBatchReader, snapshot: Snapshot) -> Iterator[pa.RecordBatch]:
    """The batches, with deltalake's errors as DAO's.

    Raises:
        NotFoundError: files of an older version are gone.
        StoreError: a file of the newest version is gone or damaged.
    """
    try:
        yield from batches
    except (pa.ArrowException, OSError) as error:
        meant = translate(error)
        if isinstance(meant, NotFoundError):
            if snapshot.is_newest:
                raise StoreError(
                    f"a data file of {snapshot.key!r} is gone; run('repair') says which: {meant}"
                ) from error
            gone = f"version {snapshot.version} of {snapshot.key!r} isn't kept any more: vacuum deleted files of it"
            raise NotFoundError(gone) from error
        if meant is not None:
            raise meant from error
        raise


def _shaped(rows: pa.RecordBatchReader, schema: pa.Schema, selection: Selection) -> Iterator[pa.RecordBatch]:
    """The columns in their order, at most as many rows, in batches of at most the size that is asked for."""
    left = selection.limit
    with rows:
        for batch in rows:
            if left is not None:
                batch = batch.slice(0, left)
                left -= batch.num_rows
            chosen = batch.select(schema.names)
            for part in _pieces(chosen, selection.batch_size):
                advance(rows=part.num_rows)
                yield part
            if left == 0:
                return


def _pieces(batch: pa.RecordBatch, size: int | None) -> Iterator[pa.RecordBatch]:
    if size is None or batch.num_rows <= size:
        yield batch
        return
    for begin in range(0, batch.num_rows, size):
        yield batch.slice(begin, size)


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
