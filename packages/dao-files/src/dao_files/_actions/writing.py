"""Writing of rows to one file or to a tree, in every mode, as one change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dao.arrow.convert import check_names, conform_batch, to_reader
from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, ConflictError, DataError, UnsupportedError
from dao.increments import Position
from dao.progress import advance
from dao.results import WriteResult
from dao.tables import EVOLVE, RetryBudget, reconcile, would_evolve
from dao_files._actions.calls import (
    asked_partitions,
    check_writing,
    default_format,
    refuse_partitions,
)
from dao_files._actions.committing import commit, part_sizes, read_log
from dao_files._actions.declared import refuse_contradictions
from dao_files._actions.keyed import Keyed
from dao_files._actions.layouts import Layout, choose_format, plan_layout
from dao_files._actions.log import Log
from dao_files._actions.modes import result_of_nothing, should_write
from dao_files._actions.partitioned import write_partitions
from dao_files._actions.parts import Part, PartWriter, held_bytes, write_parts
from dao_files._actions.places import Place
from dao_files._actions.positions import refuse_stale
from dao_files._actions.remaining import count_changes, split_files
from dao_files._actions.tables import StoredTable, declared_schema
from dao_files._actions.target import Writing, open_existing, open_target
from dao_files._actions.unkeyed import refuse_keyed_file, refuse_position
from dao_files.formats import infer_format

if TYPE_CHECKING:
    from dao_files._storage.storage import Change, Kind, Storage

__all__ = [
    "resolve_kind",
    "shape_rows",
    "write_into",
    "write_new",
    "write_rows",
]


def write_rows(
    storage: Storage,
    data: Any,
    data_object: DataObject,
    *,
    mode: str,
    path: str | None,
    format: str | None,
    partition_by: str | Sequence[str] | None,
    schema_mode: str,
    schema: Any,
    options: Mapping[str, Any],
    idempotency_key: str | None = None,
    position: Position | None = None,
) -> WriteResult:
    """See :meth:`dao_files._actions.interface.FilesInterface.write`."""
    partitions = asked_partitions(partition_by, path, data_object)
    place = check_writing(
        storage,
        data,
        data_object,
        mode=mode,
        path=path,
        format=format,
        schema_mode=schema_mode,
        schema=schema,
        partition_by=partition_by,
        options=options,
        idempotency_key=idempotency_key,
    )
    declared = declared_schema(schema)
    asked = {"mode": mode, "format": format, "partition_by": partitions, "schema_mode": schema_mode, "options": options}
    keyed = Keyed.of(idempotency_key, "write", **asked, position=position)
    writing = Writing(
        data_object,
        mode,
        format,
        partitions,
        schema_mode,
        options,
        held_bytes(data),
        declared,
        default_format(storage),
        keyed=keyed,
        position=position,
    )
    tree = resolve_kind(storage, place) == "directory"
    if not tree:
        refuse_keyed_file(idempotency_key, place.key)
        refuse_position(position, place.key)
    reader = to_reader(data, schema=declared)
    if keyed is not None:
        reader = keyed.watch(reader)
    with storage.change(place.key, tree=tree, blind=mode == "overwrite") as change:
        place.refuse(_kind_of(change))
        settled = _settle(change, reader, place, writing)
        if settled is not None:
            return settled
        return write_into(change, reader, place, writing, RetryBudget(storage.conflict_timeout), tree=tree)


def write_into(
    change: Change,
    reader: pa.RecordBatchReader,
    place: Place,
    writing: Writing,
    budget: RetryBudget,
    *,
    tree: bool,
) -> WriteResult:
    """Write rows into a change by the mode of ``writing``, and publish the change.

    Raises:
        AlreadyExistsError, ConflictError: another writer has published in the meantime.
        DataError: a repeated column name, or data or arguments that don't fit the existing table.
        UnsupportedError: rows for the end of a file whose format can't append.
    """
    check_names(reader.schema.names, list(dict.fromkeys(reader.schema.names)))
    if tree:
        return _write_tree(change, reader, place, writing, budget)
    return _write_file(change, reader, place, writing)


def resolve_kind(storage: Storage, place: Place) -> Kind:
    """Determine the kind of an object by its class, else by its content, else by its key."""
    named: Kind = "file" if infer_format(place.key) is not None else "directory"
    return place.wanted or storage.kind(place.key) or named


def _kind_of(change: Change) -> Kind | None:
    if change.base is None:
        return None
    return "file" if change.base.is_file else "directory"


def shape_rows(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Convert a reader's batches to a table's schema: columns in its order, missing ones null, types cast losslessly.

    Raises:
        DataError: a value that a column's type can't hold exactly.
    """
    given = set(reader.schema.names)
    absent = [field for field in schema if field.name not in given]
    row = 0
    for batch in reader:
        if absent:
            columns = [*batch.columns, *(pa.nulls(batch.num_rows, field.type) for field in absent)]
            batch = pa.RecordBatch.from_arrays(columns, schema=pa.schema([*batch.schema, *absent]))
        try:
            fitting = conform_batch(batch, schema, row)
        except DataError as error:
            if would_evolve(schema, reader.schema):
                raise DataError(f"{error.message}; {EVOLVE}") from error
            raise
        yield fitting
        row += batch.num_rows


def _write_file(change: Change, reader: pa.RecordBatchReader, place: Place, writing: Writing) -> WriteResult:
    refuse_partitions(writing.mode, writing.partition_by, place.key)
    format, options = choose_format(writing, place, infer_format(place.key))
    old: Iterator[pa.RecordBatch] = iter(())
    schema = reader.schema
    if change.base is not None and writing.mode == "append":
        if not format.has_schema:
            raise UnsupportedError(
                f"rows can't be appended to one {format.name} file: write them to a directory (a TableObject), or "
                "read, concatenate and overwrite"
            )
        table = open_target(change, writing)
        schema = reconcile(table.schema, reader.schema, writing.schema_mode)
        table = open_target(change, writing, schema)
        old = iter(table.scan())
    refuse_contradictions(writing.data_object, schema, reader.schema, format, options)
    written = _write_one(PartWriter(change, format, options, schema, 0, place.key), old, shape_rows(reader, schema))
    size = change.size("")
    try:
        change.publish()
    except AlreadyExistsError:
        if writing.mode != "ignore":
            raise
        return WriteResult(0, 0, 0, 0, 0)
    return WriteResult(rows_inserted=written, bytes=size, files=1)


def _write_one(parts: PartWriter, old: Iterator[pa.RecordBatch], new: Iterator[pa.RecordBatch]) -> int:
    """Write the single file of a change and return the number of new rows."""
    count = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal count
        yield from old
        for batch in new:
            advance(batch.num_rows, batch.nbytes)
            count += batch.num_rows
            yield batch

    parts.write("", batches())
    return count


def _write_tree(
    change: Change, reader: pa.RecordBatchReader, place: Place, writing: Writing, budget: RetryBudget
) -> WriteResult:
    """Write rows into the tree of a change by the mode, and publish it.

    On a conflict the new files are reused: only the base that they are added to, or replace, is read again.
    """
    seen = _inspect(change, reader, place, writing, budget)
    if isinstance(seen, WriteResult):
        return seen
    table, layout = seen
    new = write_new(change, shape_rows(reader, layout.schema), layout, read_log(change), writing.held)
    while True:
        try:
            return _publish_tree(change, table, place, writing, layout, new)
        except ConflictError as error:
            settled = _renew_after(change, reader, place, writing, budget, error)
        seen = settled or _inspect(change, reader, place, writing, budget)
        if isinstance(seen, WriteResult):
            return seen
        table, found = seen
        if found != layout:
            raise ConflictError(f"{place.key!r} was given another schema or layout while this was written")


def _inspect(
    change: Change, reader: pa.RecordBatchReader, place: Place, writing: Writing, budget: RetryBudget
) -> tuple[StoredTable | None, Layout] | WriteResult:
    """Open the existing table and plan the new layout; the result if a conflict leaves nothing to write."""
    while True:
        try:
            table = open_existing(change, writing)
            return table, plan_layout(reader.schema, place, writing, table)
        except ConflictError as error:
            settled = _renew_after(change, reader, place, writing, budget, error)
            if settled is not None:
                return settled


def _renew_after(
    change: Change,
    reader: pa.RecordBatchReader,
    place: Place,
    writing: Writing,
    budget: RetryBudget,
    error: ConflictError,
) -> WriteResult | None:
    """Wait for the backoff after a conflict, renew the change, and decide again as :func:`_settle` does."""
    budget.wait(error)
    change.renew()
    return _settle(change, reader, place, writing)


def _settle(change: Change, reader: pa.RecordBatchReader, place: Place, writing: Writing) -> WriteResult | None:
    """Return the result of a call that writes nothing, None for one that does.

    It writes nothing if it was done before, by its idempotency key, or if the object exists and the mode is ``ignore``.

    Raises:
        AlreadyExistsError: the object exists and the mode is ``error``.
        ConflictError: the table has got to another position than the call continues from.
        DataError: another call had the idempotency key.
    """
    if writing.keyed is not None:
        found = writing.keyed.find_result(read_log(change), reader)
        if found is not None:
            return found
    if not should_write(change, place, writing.mode):
        return result_of_nothing(change.base)
    refuse_stale(writing.position, change, writing.mode)
    return None


def _publish_tree(
    change: Change,
    table: StoredTable | None,
    place: Place,
    writing: Writing,
    layout: Layout,
    new: Sequence[Part],
) -> WriteResult:
    log = read_log(change)
    inserted = sum(part.rows for part in new)
    removed, kept = split_files(change, table, writing.mode, new)
    deleted, rows = count_changes(change, table, writing.mode, removed, inserted)
    return commit(
        change,
        log,
        "create" if change.base is None else writing.mode,
        new=part_sizes(new),
        kept=kept,
        key=place.key,
        format=layout.format,
        options=layout.options,
        partition_by=layout.partition_by,
        schema=layout.schema,
        rows=rows,
        inserted=inserted,
        deleted=deleted,
        keyed=writing.keyed,
        position=writing.position,
    )


def write_new(change: Change, batches: Iterator[pa.RecordBatch], layout: Layout, log: Log, held: int = 0) -> list[Part]:
    """Write rows of the layout's schema into new part files of a change; ``held`` as for :func:`write_parts`."""
    inside = pa.schema([field for field in layout.schema if field.name not in layout.partition_by])
    inside = inside.with_metadata(layout.schema.metadata)
    parts = PartWriter(change, layout.format, layout.options, inside, log.next_version(), "")
    if layout.partition_by:
        return write_partitions(parts, batches, layout.partition_by)
    return write_parts(parts, batches, held)
