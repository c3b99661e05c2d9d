"""Copy-on-write upserts: files without any of the keys are kept, the others are rewritten, or dropped with their rows.

A file is skipped if its statistics rule out the keys. Else only its columns of ``keys`` and ``order_by`` are read and
matched; all columns are read only if a row changes. Updated rows keep their position in the file and the values of
columns that the source lacks. New rows, and rows that change their partition, go to new files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, frozen

from dao.arrow.predicates import Predicate, parse
from dao.progress import advance
from dao.results import FileInfo, WriteResult
from dao.tables import (
    Matcher,
    Selection,
    numbers,
    precedes,
)
from dao_files._actions.committing import commit, part_sizes
from dao_files._actions.contents import below
from dao_files._actions.layouts import Layout
from dao_files._actions.partitioned import encode_folders
from dao_files._actions.parts import Part
from dao_files._actions.places import Place
from dao_files._actions.rewriting import (
    Rewritten,
    part_writer,
    rewrite_each,
)
from dao_files._actions.tables import StoredTable, with_views
from dao_files._actions.target import Writing
from dao_files._actions.writing import write_new
from dao_files.formats import hive_values
from dao_files.formats._partitions import partition_values

if TYPE_CHECKING:
    from dao_files._storage.storage import Change

__all__ = ["Merge"]

_KEY_ROWS = 1 << 20

_SMALL = 64 << 10
"""Bytes of a file up to which it is fetched in one read: evaluating its statistics first would save nothing."""


@frozen
class _Found:
    """The matches in one file.

    Attributes:
        matched: the indices of the source's rows whose keys are in the file.
        moved: the file's updated rows that belong to another partition now.
        deleted: the number of the file's rows that are deleted.
    """

    matched: pa.Array
    moved: Sequence[pa.RecordBatch] = ()
    deleted: int = 0


@frozen
class _Matches:
    """For each row of one file the index of a row of the source, null if none matches.

    Attributes:
        known: the source row with the same key.
        wins: the same, but null if the source row is older by ``order_by`` and so doesn't replace the stored row.
        stored: the number of the source's rows that are stored; the others delete.
    """

    known: pa.Array
    wins: pa.Array
    stored: int

    @property
    def updated(self) -> int:
        """The number of stored rows that are replaced."""
        return int(pc.sum(pc.less(self.wins, self.stored)).as_py() or 0)

    @property
    def deleted(self) -> int:
        """The number of stored rows that are deleted."""
        return int(len(self.wins) - self.wins.null_count) - self.updated


@define(slots=False)
class Merge:
    """The merge of a source's rows into a table.

    Attributes:
        table: the table, read by the new schema without views.
        schema: the new schema.
        source: the rows to store, in the new schema.
        given: the columns that the source has; the others are null in ``source``.
        decisive: the columns of ``keys`` and ``order_by``, of the rows to store and, after them, of those that delete.
        matcher: finds the keys of ``decisive``.
        order_by: the columns by which a stored row may be newer than the source's.
    """

    table: StoredTable
    schema: pa.Schema
    source: pa.Table
    given: frozenset[str]
    decisive: pa.Table
    matcher: Matcher
    order_by: tuple[str, ...]

    def into_tree(self, change: Change, place: Place, writing: Writing) -> WriteResult | None:
        """Merge the rows into a tree and publish it; None if they change nothing, and there is no position to keep."""
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
        updated, deleted = sum(one.rows for one in done), sum(one.deleted for one in found)
        if not updated and not deleted and not len(fresh) and writing.position is None:
            return None
        written = [one.part for one in done if one.part is not None]
        if not written and not new and not any(one.untouched for one in done) and not table.partition_by:
            written = [parts.write(parts.new_path(), ())]  # an empty file, from which other programs read the schema
        touched = {one.file.key for one in done if not one.untouched}
        before = table.record.rows if table.record is not None else None
        return commit(
            change,
            table.log,
            "upsert",
            new=part_sizes([*written, *new]),
            kept=[info for info in table.snapshot.files if info.key not in touched],
            key=place.key,
            format=table.format,
            options=table.options,
            partition_by=table.partition_by,
            schema=schema,
            rows=None if before is None else before + len(fresh) - deleted,
            inserted=len(fresh),
            updated=updated,
            deleted=deleted,
            keyed=writing.keyed,
            position=writing.position,
        )

    def into_file(self, change: Change) -> WriteResult | None:
        """Merge the rows into a single file and publish it; None if they change nothing."""
        file = self.table.files[0]
        matches = self._match_file(file)
        fresh = self._unmatched([_Found(_distinct(matches.known))])
        if not matches.updated and not matches.deleted and not len(fresh):
            return None
        parts = part_writer(change, self.table, self.schema)
        batches = chain(self._update_file(file, matches, []), self.source.take(fresh).to_batches())
        part = parts.write("", (with_views(batch, self.schema) for batch in batches))
        change.publish()
        return WriteResult(len(fresh), matches.updated, matches.deleted, part.size, 1)

    def _unmatched(self, found: Sequence[_Found]) -> pa.Array:
        """Return the indices of the rows to store without a match."""
        matched = pa.concat_arrays([numbers(0), *(one.matched for one in found)])
        every = numbers(self.source.num_rows)
        return every.filter(pc.invert(pc.is_in(every, value_set=matched)))

    def _merge_file(self, file: FileInfo, write: Callable[..., Part]) -> Rewritten:
        if not self._may_match(file):
            return Rewritten(file, untouched=True)
        matches = self._match_file(file)
        known = _distinct(matches.known)
        updated, deleted = matches.updated, matches.deleted
        if not updated and not deleted:
            return Rewritten(file, untouched=True, found=_Found(known))
        moved: list[pa.RecordBatch] = []
        gone = deleted == len(matches.wins)
        part = None if gone else write(self._update_file(file, matches, moved))
        return Rewritten(file, part, rows=updated, found=_Found(known, moved, deleted))

    def _may_match(self, file: FileInfo) -> bool:
        if file.size is not None and file.size <= _SMALL:
            return True
        return self.table.might_hold(file, self._bounds)

    @cached_property
    def _bounds(self) -> Predicate:
        return parse(self.matcher.bounds(self.table.schema))

    def _match_file(self, file: FileInfo) -> _Matches:
        columns = list(dict.fromkeys((*self.matcher.keys, *self.order_by)))
        known, wins = [numbers(0)], [numbers(0)]
        for batch in self.table.scan(Selection(columns, batch_size=_KEY_ROWS), [file]):
            found = self.matcher.match(batch)
            known.append(found)
            wins.append(self._drop_older(batch, found) if self.order_by else found)
        return _Matches(pa.concat_arrays(known), pa.concat_arrays(wins), self.source.num_rows)

    def _drop_older(self, batch: pa.RecordBatch, found: pa.Array) -> pa.Array:
        """Null the matches whose source rows are older than the stored rows."""
        hit = pc.is_valid(found)
        stored = batch.filter(hit).select(list(self.order_by))
        older = precedes(self.decisive.select(list(self.order_by)).take(found.drop_null()), stored, self.order_by)
        return pc.replace_with_mask(found, hit, pc.if_else(older, pa.scalar(None, found.type), found.drop_null()))

    def _update_file(self, file: FileInfo, matches: _Matches, moved: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the file's rows, with the matching rows replaced by the source's, or left out.

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
            going = pc.fill_null(pc.greater_equal(part, matches.stored), False)
            if pc.any(going).as_py():
                batch, part = batch.filter(pc.invert(going)), part.filter(pc.invert(going))
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
