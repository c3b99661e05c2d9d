"""Writes rows to one file or to a tree, in every mode, as one change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import frozen

from dao.arrow.convert import check_names, conform_batch, find_names, to_reader
from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, ConflictError, DataError, UnsupportedError
from dao.progress import advance
from dao.results import WriteResult
from dao.tables import EVOLVE, RetryBudget, reconcile, would_evolve
from dao_files._actions.calls import check_writing, default_format
from dao_files._actions.committing import commit, log_of, sizes
from dao_files._actions.log import Log
from dao_files._actions.modes import begins
from dao_files._actions.partitioned import check_partition_columns, write_partitions
from dao_files._actions.parts import Part, PartWriter, held_bytes, write_parts
from dao_files._actions.places import Place
from dao_files._actions.remaining import balance, sort_out
from dao_files._actions.tables import StoredTable, declared_schema, format_options
from dao_files._actions.target import Writing, open_target, table_there
from dao_files.formats import Format, get_format, infer_format

if TYPE_CHECKING:
    from dao_files._storage.storage import Change, Kind, Storage

__all__ = [
    "Layout",
    "kind_meant",
    "names_of",
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
) -> WriteResult:
    """See :meth:`dao_files._actions.interface.FilesInterface.write`."""
    place = check_writing(
        storage,
        data,
        data_object,
        mode=mode,
        path=path,
        format=format,
        schema_mode=schema_mode,
        schema=schema,
        options=options,
    )
    # One file by its path has no partitions, whatever the object that it belongs to has.
    inherited = path is not None and partition_by == data_object.get("partition_by")
    partitions = None if inherited else names_of(partition_by)
    declared = declared_schema(schema)
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
    )
    tree = kind_meant(storage, place) == "directory"
    reader = to_reader(data, schema=declared)
    with storage.change(place.key, tree=tree, blind=mode == "overwrite") as change:
        place.refuse(_kind_of(change))
        if not begins(change, place, mode):
            return _nothing_done(change)
        return write_into(change, reader, place, writing, RetryBudget(storage.conflict_timeout), tree=tree)


def _nothing_done(change: Change) -> WriteResult:
    version = log_of(change).version
    return WriteResult(0, 0, 0, 0, 0, version, version)


def write_into(
    change: Change,
    reader: pa.RecordBatchReader,
    place: Place,
    writing: Writing,
    budget: RetryBudget,
    *,
    tree: bool,
) -> WriteResult:
    """Write rows into a change as the mode says, and publish it."""
    check_names(reader.schema.names, list(dict.fromkeys(reader.schema.names)))
    if tree:
        return _write_tree(change, reader, place, writing, budget)
    return _write_file(change, reader, place, writing)


def names_of(columns: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """Column names given as one text or as several."""
    if columns is None or isinstance(columns, str):
        return columns if columns is None else (columns,)
    if not all(isinstance(name, str) for name in columns):
        raise DataError(f"expected column names, found {list(columns)!r}")
    return tuple(columns)


def kind_meant(storage: Storage, place: Place) -> Kind:
    """The kind of an object: by its type, else by its content, else by its key."""
    named: Kind = "file" if infer_format(place.key) is not None else "directory"
    return place.wanted or storage.kind(place.key) or named


def _kind_of(change: Change) -> Kind | None:
    if change.base is None:
        return None
    return "file" if change.base.is_file else "directory"


def _format_of(writing: Writing, place: Place, named: str | None) -> tuple[Format, Any]:
    """The format to write in and its options: the given one, else the one that is there or that a name says."""
    name = writing.format or named
    if name is None:
        raise DataError(f"no format is known for {place.key!r}: give format=, or the object {place.name!r} a format")
    found = get_format(name)
    return found, format_options(found, writing.data_object, writing.options)


def shape_rows(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The batches of a reader under a table's schema: columns in its order, absent ones null, types cast exactly."""
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
    if writing.partition_by or writing.mode == "overwrite_partitions":
        raise DataError(f"{place.key!r} is one file, and only a directory can have partitions")
    format, options = _format_of(writing, place, infer_format(place.key))
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
    """Write the single file of a change; returns the number of new rows."""
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


@frozen
class Layout:
    """The planned contents of a tree."""

    format: Format
    options: Any
    schema: pa.Schema
    partition_by: tuple[str, ...]


def _write_tree(
    change: Change, reader: pa.RecordBatchReader, place: Place, writing: Writing, budget: RetryBudget
) -> WriteResult:
    """Write rows into the tree of a change as the mode says, and publish it.

    Where another writer was faster, the files that were written stay as they are: only what they are added to, or take
    the place of, is read again.
    """
    seen = _inspect(change, reader.schema, place, writing, budget)
    if seen is None:
        return _nothing_done(change)
    table, layout = seen
    new = write_new(change, shape_rows(reader, layout.schema), layout, log_of(change), writing.held)
    while True:
        try:
            return _publish_tree(change, table, place, writing, layout, new)
        except ConflictError as error:
            again = _goes_on(change, place, writing, budget, error)
        seen = _inspect(change, reader.schema, place, writing, budget) if again else None
        if seen is None:
            return _nothing_done(change)
        table, found = seen
        if found != layout:
            raise ConflictError(f"{place.key!r} was given another schema or layout while this was written")


def _inspect(
    change: Change, data: pa.Schema, place: Place, writing: Writing, budget: RetryBudget
) -> tuple[StoredTable | None, Layout] | None:
    """The table that is there, and what it will be; None where nothing is to be written any more."""
    while True:
        try:
            table = table_there(change, writing)
            return table, _layout(data, place, writing, table)
        except ConflictError as error:
            if not _goes_on(change, place, writing, budget, error):
                return None


def _goes_on(change: Change, place: Place, writing: Writing, budget: RetryBudget, error: ConflictError) -> bool:
    """After a conflict, wait and refresh the state; whether there still is something to write."""
    budget.wait(error)
    change.renew()
    return begins(change, place, writing.mode)


def _publish_tree(
    change: Change,
    table: StoredTable | None,
    place: Place,
    writing: Writing,
    layout: Layout,
    new: Sequence[Part],
) -> WriteResult:
    log = log_of(change)
    inserted = sum(part.rows for part in new)
    gone, kept = sort_out(change, table, writing.mode, new)
    deleted, rows = balance(change, table, writing.mode, gone, inserted)
    return commit(
        change,
        log,
        "create" if change.base is None else writing.mode,
        new=sizes(new),
        kept=kept,
        key=place.key,
        format=layout.format.name,
        partition_by=layout.partition_by,
        schema=layout.schema,
        rows=rows,
        inserted=inserted,
        deleted=deleted,
    )


def _layout(data: pa.Schema, place: Place, writing: Writing, table: StoredTable | None) -> Layout:
    format, options = _format_of(writing, place, table.format.name if table is not None else writing.default)
    partition_by = writing.partition_by
    schema = data
    if table is not None and writing.mode != "overwrite":
        schema = reconcile(table.schema, data, writing.schema_mode)
        partition_by = table.partition_by if partition_by is None else _spell(partition_by, schema)
        if partition_by != table.partition_by:
            raise DataError(
                f"{place.key!r} is partitioned by {list(table.partition_by)}, not by {list(partition_by)}; "
                "overwrite it to change that"
            )
    partition_by = _spell(partition_by or (), schema)
    if writing.mode == "overwrite_partitions" and not partition_by:
        raise DataError(f"mode='overwrite_partitions': {place.key!r} has no partitions; partition_by= would make them")
    check_partition_columns(schema, partition_by)
    return Layout(format, options, schema, partition_by)


def _spell(partition_by: Sequence[str], schema: pa.Schema) -> tuple[str, ...]:
    return tuple(find_names(schema, partition_by, "partition_by"))


def write_new(change: Change, batches: Iterator[pa.RecordBatch], layout: Layout, log: Log, held: int = 0) -> list[Part]:
    """Write rows of a table's schema into new part files of a change; ``held`` as for :func:`write_parts`."""
    inside = pa.schema([field for field in layout.schema if field.name not in layout.partition_by])
    inside = inside.with_metadata(layout.schema.metadata)
    parts = PartWriter(change, layout.format, layout.options, inside, log.next_version(), "")
    if layout.partition_by:
        return write_partitions(parts, batches, layout.partition_by)
    return write_parts(parts, batches, held)
