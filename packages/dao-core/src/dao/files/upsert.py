"""Upsert, copy on write: a file that holds none of the keys stays as it is, another is written anew.

For each file, its statistics may rule the keys out; else its key columns alone are read and matched, and only if a key
is there all of its columns are. Updated rows keep their place in the file. Rows that are new, and those that change
their partition, go to new files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, evolve, field, frozen

from dao.arrow.convert import normalise_views, to_reader
from dao.arrow.formats import hive_values
from dao.arrow.formats.partitions import partition_values
from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, ConflictError, DataError
from dao.files.committing import commit, sizes
from dao.files.conflicts import Patience, persistent
from dao.files.matching import Matcher, numbers, winners
from dao.files.parts import Part
from dao.files.places import Place, place_of
from dao.files.rewriting import (
    Rewritten,
    open_for_rewriting,
    part_writer,
    rewrite_each,
)
from dao.files.schemas import check_schema_mode, reconcile
from dao.files.tables import StoredTable, as_written, below, declared_schema, worked_on
from dao.files.writing import Layout, Writing, kind_meant, names_of, shaped, table_there, write_into, write_new
from dao.progress import advance
from dao.results import FileInfo, WriteResult

if TYPE_CHECKING:
    from dao.files.storage import Change, Storage

__all__ = ["upsert_rows"]

_KEY_ROWS = 1 << 20


def upsert_rows(
    storage: Storage,
    data: Any,
    data_object: DataObject,
    *,
    keys: str | Sequence[str] | None,
    order_by: str | Sequence[str] | None,
    format: str | None,
    partition_by: str | Sequence[str] | None,
    schema_mode: str,
    schema: Any,
    options: Mapping[str, Any],
) -> WriteResult:
    """See :meth:`dao.files.interface.FilesInterface.upsert`."""
    check_schema_mode(schema_mode)
    place = place_of(storage, data_object, writing=True)
    writing = Writing(data_object, "append", format, names_of(partition_by), schema_mode, options)
    names = names_of(keys) or ()
    source = _gathered(normalise_views(to_reader(data, schema=declared_schema(schema))))
    source = winners(source, names, names_of(order_by))
    tree = kind_meant(storage, place) == "directory"

    def work() -> WriteResult:
        with storage.change(place.key, tree=tree) as change:
            place.refuse(None if change.base is None else "file" if change.base.is_file else "directory")
            if change.base is None or (tree and table_there(change, writing) is None):
                return _written_first(storage, change, source, place, writing, tree=tree)
            table = open_for_rewriting(change, data_object, format=format, schema=schema, options=options)
            return _merge(change, table, source, names, place, writing)

    return persistent(storage, work)


def _written_first(
    storage: Storage, change: Change, source: pa.Table, place: Place, writing: Writing, *, tree: bool
) -> WriteResult:
    """All rows are new: there is no table yet."""
    new = evolve(writing, mode="error")
    try:
        result = write_into(change, source.to_reader(), place, new, Patience(storage), tree=tree)
    except AlreadyExistsError as error:
        raise ConflictError(f"another writer made {place.key!r} meanwhile") from error
    return evolve(result, rows_updated=0)


def _gathered(reader: pa.RecordBatchReader) -> pa.Table:
    batches = []
    for batch in reader:
        advance(batch.num_rows, batch.nbytes)
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


@frozen
class _Found:
    """What was found in one file.

    Attributes:
        matched: the numbers of the source's rows whose keys are there.
        moved: those of them that belong into another partition.
        left: rows that went away to other partitions.
    """

    matched: pa.Array
    moved: pa.Array
    left: int


def _merge(
    change: Change, table: StoredTable, source: pa.Table, keys: tuple[str, ...], place: Place, writing: Writing
) -> WriteResult:
    if writing.partition_by is not None and writing.partition_by != table.partition_by:
        raise DataError(f"{place.key!r} is partitioned by {list(table.partition_by)}, not by {writing.partition_by}")
    schema = reconcile(table.schema, source.schema, writing.schema_mode)
    for name in keys:
        if name not in table.schema.names:
            raise DataError(f"keys: the table has no column {name!r}")
    if source.num_rows == 0:
        return WriteResult(0, 0, 0, 0, 0, table.log.version, table.log.version)
    plain = worked_on(schema)
    rows = pa.Table.from_batches(shaped(source.to_reader(), plain), plain).combine_chunks()
    # Read as what it is about to become: columns that are added are null, types that widen are cast.
    table = evolve(table, declared=plain)
    merge = _Merge(table, schema, rows, Matcher.of(rows, keys))
    if table.snapshot.is_file:
        return merge.into_file(change)
    return merge.into_tree(change, place)


@define(slots=False)
class _Merge:
    table: StoredTable
    schema: pa.Schema
    source: pa.Table
    matcher: Matcher

    def into_tree(self, change: Change, place: Place) -> WriteResult:
        table, schema = self.table, self.schema
        parts = part_writer(change, table, schema)
        done = rewrite_each(table, parts, self._work)
        found: list[_Found] = [one.found for one in done if one.found is not None]
        fresh = self._fresh(found)
        added = self.source.take(_union(fresh, *(one.moved for one in found)))
        layout = Layout(table.format, table.options, schema, table.partition_by)
        batches = (as_written(batch, schema) for batch in added.to_batches())
        new = write_new(change, batches, layout, table.log) if added.num_rows else []
        updated = sum(one.rows for one in done)
        touched = {one.file.key for one in done if not one.untouched}
        before = table.record.rows if table.record is not None else None
        return commit(
            change,
            table.log,
            "upsert",
            new=sizes([*(one.part for one in done if one.part is not None), *new]),
            kept=[info for info in table.snapshot.files if info.key not in touched],
            key=place.key,
            format=table.format.name,
            partition_by=table.partition_by,
            schema=schema,
            rows=None if before is None else before - sum(one.left for one in found) + added.num_rows,
            inserted=len(fresh),
            updated=updated,
            deleted=0,
        )

    def into_file(self, change: Change) -> WriteResult:
        file = self.table.files[0]
        matches = self._matches(file)
        matched = _valid(matches)
        fresh = self._fresh([_Found(matched, _NONE, 0)])
        parts = part_writer(change, self.table, self.schema)
        updated = self._updated(file, matches, _Moves())
        batches = chain(updated, self.source.take(fresh).to_batches())
        part = parts.write("", (as_written(batch, self.schema) for batch in batches))
        change.publish()
        return WriteResult(len(fresh), len(matches) - matches.null_count, 0, part.size, 1)

    def _fresh(self, found: Sequence[_Found]) -> pa.Array:
        """The numbers of the source's rows whose keys are nowhere."""
        matched = _union(*(one.matched for one in found))
        every = numbers(self.source.num_rows)
        return every.filter(pc.invert(pc.is_in(every, value_set=matched)))

    def _work(self, file: FileInfo, write: Callable[..., Part]) -> Rewritten:
        if not self._may_match(file):
            return Rewritten(file, untouched=True)
        matches = self._matches(file)
        count = len(matches) - matches.null_count
        if count == 0:
            return Rewritten(file, untouched=True)
        moves = _Moves()
        part = write(self._updated(file, matches, moves))
        moved = _union(*moves.rows)
        return Rewritten(file, part, rows=count, found=_Found(_valid(matches), moved, moves.left))

    def _may_match(self, file: FileInfo) -> bool:
        rows = self.table.scan([file], columns=[], where=self.matcher.bounds(), limit=1)
        return any(batch.num_rows for batch in rows)

    def _matches(self, file: FileInfo) -> pa.Array:
        """For each row of a file the number of the source's row with its key, null where there is none."""
        keys = list(self.matcher.keys)
        found = [self.matcher.match(batch) for batch in self.table.scan([file], columns=keys, batch_size=_KEY_ROWS)]
        return pa.concat_arrays(found) if found else _NONE

    def _updated(self, file: FileInfo, matches: pa.Array, moves: _Moves) -> Iterator[pa.RecordBatch]:
        """The file's rows, those of the source in the place of those with their keys."""
        start = 0
        here = self._partition_of(file)
        for batch in self.table.scan([file]):
            advance(batch.num_rows, batch.nbytes)
            part = matches.slice(start, batch.num_rows)
            start += batch.num_rows
            if part.null_count == batch.num_rows:
                yield batch
                continue
            updated = _replaced(batch, self.source, part)
            yield self._staying(updated, part, here, moves) if here else updated

    def _partition_of(self, file: FileInfo) -> dict[str, pa.Scalar]:
        if not self.table.partition_by:
            return {}
        return partition_values(hive_values(below(file.key, self.table.key)), self.table.partition_schema)

    def _staying(
        self, batch: pa.RecordBatch, matches: pa.Array, here: Mapping[str, pa.Scalar], moves: _Moves
    ) -> pa.RecordBatch:
        """The rows that still belong into the file's partition; the others are noted."""
        stays = pa.repeat(pa.scalar(True), batch.num_rows)
        for name, value in here.items():
            column = batch.column(name)
            same = pc.fill_null(pc.equal(column, value), False) if value.is_valid else pc.is_null(column)
            stays = pc.and_(stays, same)
        leaving = pc.invert(stays)
        gone = matches.filter(leaving)
        if len(gone):
            moves.rows.append(gone)
            moves.left += len(gone)
        return batch.filter(stays)


@define
class _Moves:
    """Rows that leave a file for another partition."""

    rows: list[pa.Array] = field(factory=list)
    left: int = 0


_NONE = pa.array([], pa.int64())


def _valid(matches: pa.Array) -> pa.Array:
    return matches.drop_null().unique()


def _union(*numbers: pa.Array) -> pa.Array:
    """All numbers, each once, in ascending order."""
    found = pa.concat_arrays([_NONE, *numbers]).unique()
    return found.take(pc.sort_indices(found))


def _replaced(batch: pa.RecordBatch, source: pa.Table, matches: pa.Array) -> pa.RecordBatch:
    """The batch with the source's rows in the place of those that match them."""
    hit = pc.is_valid(matches)
    count = batch.num_rows
    rows = source.take(matches.drop_null()).combine_chunks()
    ordinal = pc.cumulative_sum(hit.cast(pa.int64()))
    chosen = pc.if_else(hit, pc.add(ordinal, count - 1), numbers(count))
    columns = [
        pa.concat_arrays([batch.column(place), *rows.column(place).chunks]).take(chosen)
        for place in range(batch.num_columns)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)
