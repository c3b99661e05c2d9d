"""Copy-on-write upserts: files without any of the keys are kept, the others are rewritten.

A file is skipped if its statistics rule out the keys. Else only its columns of ``keys`` and ``order_by`` are read and
matched; all columns are read only if a row changes. Updated rows keep their position in the file and the values of
columns that the source lacks. New rows, and rows that change their partition, go to new files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, evolve, frozen

from dao.arrow.convert import find_names, normalise_views, to_reader
from dao.arrow.predicates import Predicate, parse
from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, ConflictError, DataError
from dao.progress import advance
from dao.results import FileInfo, WriteResult
from dao.tables import (
    Matcher,
    RetryBudget,
    Selection,
    check_keys,
    numbers,
    precedes,
    reconcile,
    retry_conflicts,
    winners,
)
from dao_files._actions.calls import check_writing, default_format
from dao_files._actions.committing import commit, part_sizes
from dao_files._actions.contents import below
from dao_files._actions.gathering import collect
from dao_files._actions.partitioned import encode_folders
from dao_files._actions.parts import Part
from dao_files._actions.places import Place
from dao_files._actions.rewriting import (
    Rewritten,
    part_writer,
    prepare_rewriting,
    rewrite_each,
)
from dao_files._actions.tables import StoredTable, declared_schema, schema_without_views, with_views
from dao_files._actions.target import Writing, open_existing, open_target
from dao_files._actions.writing import Layout, as_names, resolve_kind, shape_rows, write_into, write_new
from dao_files.formats import hive_values
from dao_files.formats._partitions import partition_values

if TYPE_CHECKING:
    from dao_files._storage.storage import Change, Storage

__all__ = ["upsert_rows"]

_KEY_ROWS = 1 << 20

_SMALL = 64 << 10
"""Bytes of a file up to which it is fetched in one read: evaluating its statistics first would save nothing."""


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
    """See :meth:`dao_files._actions.interface.FilesInterface.upsert`."""
    place = check_writing(
        storage,
        data,
        data_object,
        mode="append",
        format=format,
        schema_mode=schema_mode,
        schema=schema,
        options=options,
        direction=None,
    )
    names = as_names(keys) or ()
    check_keys(names)
    default = default_format(storage)
    partitions = as_names(partition_by)
    writing = Writing(data_object, "append", format, partitions, schema_mode, options, default=default, direction=None)
    source = collect(data, normalise_views(to_reader(data, schema=declared_schema(schema))))
    names = tuple(find_names(source.schema, names, "keys"))
    order = tuple(find_names(source.schema, as_names(order_by) or (), "order_by"))
    source = winners(source, names, order)
    tree = resolve_kind(storage, place) == "directory"

    def work() -> WriteResult:
        with storage.change(place.key, tree=tree) as change:
            place.refuse(None if change.base is None else "file" if change.base.is_file else "directory")
            table = None if change.base is None else _open(change, writing, tree=tree)
            if table is None:
                return _write_first(storage, change, source, place, writing, tree=tree)
            table = prepare_rewriting(table, schema)
            return _merge(change, table, source, names, order, place, writing)

    return retry_conflicts(storage.conflict_timeout, work)


def _open(change: Change, writing: Writing, *, tree: bool) -> StoredTable | None:
    return open_existing(change, writing) if tree else open_target(change, writing)


def _write_first(
    storage: Storage, change: Change, source: pa.Table, place: Place, writing: Writing, *, tree: bool
) -> WriteResult:
    """Write all rows to a new table."""
    new = evolve(writing, mode="error")
    try:
        result = write_into(change, source.to_reader(), place, new, RetryBudget(storage.conflict_timeout), tree=tree)
    except AlreadyExistsError as error:
        raise ConflictError(f"another writer made {place.key!r} meanwhile") from error
    return evolve(result, rows_updated=0)


@frozen
class _Found:
    """The matches in one file.

    Attributes:
        matched: the indices of the source's rows whose keys are in the file.
        moved: the file's updated rows that belong to another partition now.
    """

    matched: pa.Array
    moved: Sequence[pa.RecordBatch] = ()


@frozen
class _Matches:
    """For each row of one file the index of a row of the source, null if none matches.

    Attributes:
        known: the source row with the same key.
        wins: the same, but null if the source row is older by ``order_by`` and so doesn't replace the stored row.
    """

    known: pa.Array
    wins: pa.Array

    @property
    def updated(self) -> int:
        """The number of stored rows that are replaced."""
        return len(self.wins.drop_null())


def _merge(
    change: Change,
    table: StoredTable,
    source: pa.Table,
    keys: tuple[str, ...],
    order_by: tuple[str, ...],
    place: Place,
    writing: Writing,
) -> WriteResult:
    schema = reconcile(table.schema, source.schema, writing.schema_mode)
    if writing.partition_by is not None:
        asked = find_names(schema, writing.partition_by, "partition_by")
        if asked != list(table.partition_by):
            raise DataError(f"{place.key!r} is partitioned by {list(table.partition_by)}, not by {asked}")
    for name in keys:
        if name not in table.schema.names:
            raise DataError(f"keys: the table has no column {name!r}")
    plain = schema_without_views(schema)
    rows = pa.Table.from_batches(shape_rows(source.to_reader(), plain), plain).combine_chunks()
    # Read by the new schema: added columns are null, widened types are cast.
    table = evolve(table, declared=plain)
    merge = _Merge(table, schema, rows, frozenset(source.column_names), Matcher.of(rows, keys), order_by)
    done = merge.into_file(change) if table.snapshot.is_file else merge.into_tree(change, place)
    return done or WriteResult(0, 0, 0, 0, 0, table.log.version, table.log.version)


@define(slots=False)
class _Merge:
    """The merge of a source's rows into a table.

    Attributes:
        table: the table, read by the new schema without views.
        schema: the new schema.
        source: the rows to merge, in the new schema.
        given: the columns that the source has; the others are null in ``source``.
        matcher: finds the source's keys.
        order_by: the columns by which a stored row may be newer than the source's.
    """

    table: StoredTable
    schema: pa.Schema
    source: pa.Table
    given: frozenset[str]
    matcher: Matcher
    order_by: tuple[str, ...]

    def into_tree(self, change: Change, place: Place) -> WriteResult | None:
        """Merge the rows into a tree and publish it; None if they change nothing."""
        table, schema = self.table, self.schema
        parts = part_writer(change, table, schema)
        done = rewrite_each(table, parts, self._merge_file)
        found: list[_Found] = [one.found for one in done if one.found is not None]
        fresh = self._unmatched(found)
        moved = [batch for one in found for batch in one.moved]
        added = pa.concat_tables([self.source.take(fresh), pa.Table.from_batches(moved, self.source.schema)])
        layout = Layout(table.format, table.options, schema, table.partition_by)
        batches = (with_views(batch, schema) for batch in added.to_batches())
        new = write_new(change, batches, layout, table.log) if added.num_rows else []
        updated = sum(one.rows for one in done)
        if not updated and not len(fresh):
            return None
        touched = {one.file.key for one in done if not one.untouched}
        before = table.record.rows if table.record is not None else None
        return commit(
            change,
            table.log,
            "upsert",
            new=part_sizes([*(one.part for one in done if one.part is not None), *new]),
            kept=[info for info in table.snapshot.files if info.key not in touched],
            key=place.key,
            format=table.format,
            options=table.options,
            partition_by=table.partition_by,
            schema=schema,
            rows=None if before is None else before + len(fresh),
            inserted=len(fresh),
            updated=updated,
            deleted=0,
        )

    def into_file(self, change: Change) -> WriteResult | None:
        """Merge the rows into a single file and publish it; None if they change nothing."""
        file = self.table.files[0]
        matches = self._match_file(file)
        fresh = self._unmatched([_Found(_distinct(matches.known))])
        if not matches.updated and not len(fresh):
            return None
        parts = part_writer(change, self.table, self.schema)
        batches = chain(self._update_file(file, matches, []), self.source.take(fresh).to_batches())
        part = parts.write("", (with_views(batch, self.schema) for batch in batches))
        change.publish()
        return WriteResult(len(fresh), matches.updated, 0, part.size, 1)

    def _unmatched(self, found: Sequence[_Found]) -> pa.Array:
        """Return the indices of the source's rows without a match."""
        matched = pa.concat_arrays([_NONE, *(one.matched for one in found)])
        every = numbers(self.source.num_rows)
        return every.filter(pc.invert(pc.is_in(every, value_set=matched)))

    def _merge_file(self, file: FileInfo, write: Callable[..., Part]) -> Rewritten:
        if not self._may_match(file):
            return Rewritten(file, untouched=True)
        matches = self._match_file(file)
        known = _distinct(matches.known)
        if matches.updated == 0:
            return Rewritten(file, untouched=True, found=_Found(known))
        moved: list[pa.RecordBatch] = []
        part = write(self._update_file(file, matches, moved))
        return Rewritten(file, part, rows=matches.updated, found=_Found(known, moved))

    def _may_match(self, file: FileInfo) -> bool:
        if file.size is not None and file.size <= _SMALL:
            return True
        return self.table.might_hold(file, self._bounds)

    @cached_property
    def _bounds(self) -> Predicate:
        return parse(self.matcher.bounds(self.table.schema))

    def _match_file(self, file: FileInfo) -> _Matches:
        columns = list(dict.fromkeys((*self.matcher.keys, *self.order_by)))
        known, wins = [_NONE], [_NONE]
        for batch in self.table.scan(Selection(columns, batch_size=_KEY_ROWS), [file]):
            found = self.matcher.match(batch)
            known.append(found)
            wins.append(self._drop_older(batch, found) if self.order_by else found)
        return _Matches(pa.concat_arrays(known), pa.concat_arrays(wins))

    def _drop_older(self, batch: pa.RecordBatch, found: pa.Array) -> pa.Array:
        """Null the matches whose source rows are older than the stored rows."""
        hit = pc.is_valid(found)
        stored = batch.filter(hit).select(list(self.order_by))
        older = precedes(self.source.select(list(self.order_by)).take(found.drop_null()), stored, self.order_by)
        return pc.replace_with_mask(found, hit, pc.if_else(older, pa.scalar(None, found.type), found.drop_null()))

    def _update_file(self, file: FileInfo, matches: _Matches, moved: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the file's rows, with the matching rows replaced by the source's.

        Args:
            file: the file.
            matches: the matches in the file.
            moved: a list to which the updated rows that belong to another partition are appended.
        """
        start = 0
        here = self._partition_of(file)
        for batch in self.table.scan(files=[file]):
            advance(batch.num_rows, batch.nbytes)
            part = matches.wins.slice(start, batch.num_rows)
            start += batch.num_rows
            if part.null_count == batch.num_rows:
                yield batch
                continue
            updated = _replace(batch, self.source, self.given, part)
            stays = _is_inside(updated, here)
            if not pc.all(stays).as_py():
                moved.append(updated.filter(pc.invert(stays)))
                updated = updated.filter(stays)
            yield updated

    def _partition_of(self, file: FileInfo) -> dict[str, pa.Scalar]:
        if not self.table.partition_by:
            return {}
        return partition_values(hive_values(below(file.key, self.table.key)), self.table.partition_schema)


_NONE = pa.array([], pa.int64())


def _distinct(matches: pa.Array) -> pa.Array:
    return matches.drop_null().unique()


def _is_inside(batch: pa.RecordBatch, partition: Mapping[str, pa.Scalar]) -> pa.Array:
    """Return a mask of the rows that belong to a partition: their values have the same folder texts."""
    stays = pa.repeat(pa.scalar(True), batch.num_rows)
    for name, value in partition.items():
        texts = encode_folders(batch.column(name), name)
        (wanted,) = encode_folders(pa.repeat(value, 1), name).dictionary_decode()
        own = pc.fill_null(pc.equal(texts.dictionary, wanted), False) if wanted.is_valid else texts.dictionary.is_null()
        stays = pc.and_(stays, own.take(texts.indices))
    return stays


def _replace(batch: pa.RecordBatch, source: pa.Table, given: Collection[str], matches: pa.Array) -> pa.RecordBatch:
    """Replace the values of matching rows by the source's, in the columns that the source has."""
    hit = pc.is_valid(matches)
    count = batch.num_rows
    rows = source.take(matches.drop_null()).combine_chunks()
    ordinal = pc.cumulative_sum(hit.cast(pa.int64()))
    chosen = pc.if_else(hit, pc.add(ordinal, count - 1), numbers(count))
    columns = [
        pa.concat_arrays([column, *rows.column(name).chunks]).take(chosen) if name in given else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)
