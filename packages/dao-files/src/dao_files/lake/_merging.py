"""Copy-on-write upserts: files without any of the keys are kept, the others are written again.

A file that its bounds rule out isn't read. Of another one the columns of ``keys`` and ``order_by`` are matched,
and all columns only if a row changes. Updated rows keep their place in the file, and the values of columns that the
source lacks. New rows, and rows that change their partition, go to new files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field, frozen

from dao.arrow.convert import conform
from dao.progress import advance
from dao.tables import Matcher, Split, numbers, precedes
from dao_files.lake._patching import all_but, first_at, joined, plain_array, with_rows
from dao_files.lake._rewriting import Feed, Rewriting, in_threads, together
from dao_files.lake._shaping import valid_rows, with_missing

__all__ = ["Merge", "Merged"]

F = TypeVar("F")


@frozen
class Merged:
    """What a merge did, in rows.

    Attributes:
        inserted: that were new.
        updated: that were replaced.
        deleted: that went.
    """

    inserted: int
    updated: int
    deleted: int

    @property
    def acts(self) -> bool:
        """Whether any row changed."""
        return bool(self.inserted or self.updated or self.deleted)


@frozen(eq=False)
class _Found(Generic[F]):
    """The matches in one file, in the order of its rows.

    Attributes:
        file: the file.
        rows: the numbers of the rows that change.
        arrivals: for each the number of the arrival that changes it.
        known: the numbers of all arrivals whose keys are in the file, each once.
    """

    file: F
    rows: pa.Array
    arrivals: pa.Array
    known: pa.Array


@define(eq=False)
class _Outcome:
    """What came of a group of files."""

    updated: int = 0
    deleted: int = 0
    moved: list[pa.RecordBatch] = field(factory=list)


@frozen(eq=False)
class Merge(Generic[F]):
    """The merge of arrivals into a version of a table.

    An arrival is a row to store or one that deletes; those that delete come after the others.

    Attributes:
        rewriting: of the version.
        rows: the rows to store, in the columns that the table has afterwards, without generated ones that they lack.
        given: the columns that the source has; the others are null in ``rows``.
        compared: the columns of ``keys`` and ``order_by`` of all arrivals.
        matcher: finds the arrivals' keys.
        order: the columns of ``order_by``.
    """

    rewriting: Rewriting[F]
    rows: pa.Table
    given: frozenset[str]
    compared: pa.Table
    matcher: Matcher
    order: tuple[str, ...]

    @classmethod
    def of(cls, rewriting: Rewriting[F], split: Split, keys: tuple[str, ...], order: tuple[str, ...] = ()) -> Merge[F]:
        """Shape a source for a table.

        Args:
            rewriting: of the table's version.
            split: the source, see :func:`dao.tables.split_deletes`.
            keys: the columns that identify a row.
            order: the columns by which a stored row may be newer.

        Raises:
            DataError: a value doesn't fit its column.
        """
        schema = rewriting.schema
        stored = rewriting.given_schema(split.rows.schema)
        reader = conform(with_missing(split.rows.to_reader(), stored), stored)
        rows = pa.Table.from_batches(valid_rows(reader), stored).combine_chunks()
        names = list(dict.fromkeys((*keys, *order)))
        narrow = pa.schema([schema.field(name).with_nullable(True) for name in names])
        deletes = conform(split.deletes.select(names).to_reader(), narrow).read_all()
        compared = pa.concat_tables([rows.select(names).cast(narrow), deletes]).combine_chunks()
        given = frozenset(split.rows.column_names)
        return cls(rewriting, rows, given, compared, Matcher.of(compared, keys), order)

    def run(self, files: Sequence[F], may_match: Sequence[bool]) -> Merged:
        """Rewrite the files with rows that change, and write new ones for the rows that are new or move.

        Args:
            files: the files of the version.
            may_match: for each whether it may have one of the keys, see :func:`dao_files.lake.files_with_keys`.
        """
        found = in_threads(self._match, [file for file, kept in zip(files, may_match, strict=True) if kept])
        changing = [one for one in found if len(one.rows)]
        done = in_threads(self._merge, together(self.rewriting, changing, lambda one: one.file))
        updated, deleted = sum(one.updated for one in done), sum(one.deleted for one in done)
        known = pa.concat_arrays([numbers(0), *(one.known for one in found)])
        inserted = self._insert(known, done, noted=bool(updated or deleted))
        return Merged(inserted, updated, deleted)

    def _insert(self, known: pa.Array, done: Sequence[_Outcome], *, noted: bool) -> int:
        """Write the new rows, and those that moved to another partition, into new files; returns how many are new.

        Args:
            known: the numbers of the arrivals whose keys are stored.
            done: what came of the files.
            noted: whether other changes of the commit are in the feed.
        """
        every = numbers(self.rows.num_rows)
        fresh = self.rows.take(every.filter(pc.invert(pc.is_in(every, value_set=known))))
        new = self._checked(fresh.to_reader())
        moved = [batch for one in done for batch in one.moved]
        if new or moved:
            self.rewriting.insert(iter([*new, *moved]))
        if noted:
            feed = self.rewriting.feed()
            for batch in new:
                feed.add(batch, "insert")
            feed.finish()
        return int(fresh.num_rows)

    def _checked(self, rows: pa.RecordBatchReader) -> list[pa.RecordBatch]:
        """Rows with the table's generated columns, for which its constraints hold."""
        return [batch for batch in self.rewriting.checked(rows) if batch.num_rows]

    def _merge(self, group: Sequence[_Found[F]]) -> _Outcome:
        outcome = _Outcome()
        files = [found.file for found in group]
        self.rewriting.replace(
            files, lambda feed: chain.from_iterable(self._rewritten(found, outcome, feed) for found in group)
        )
        return outcome

    def _match(self, file: F) -> _Found[F]:
        rows, arrivals, known = [numbers(0)], [numbers(0)], numbers(0)
        start = 0
        for batch in self.rewriting.read(file, self.compared.column_names):
            found = self.matcher.match(batch)
            hit = found.is_valid()
            places, theirs = numbers(batch.num_rows).filter(hit), found.drop_null()
            known = pa.concat_arrays([known, theirs]).unique()
            if self.order and len(theirs):
                older = precedes(self.compared.take(theirs), batch.take(places), self.order)
                newer = pc.invert(older)
                places, theirs = places.filter(newer), theirs.filter(newer)
            rows.append(pc.add(places, start))
            arrivals.append(theirs)
            start += batch.num_rows
        return _Found(file, pa.concat_arrays(rows), pa.concat_arrays(arrivals), known)

    def _rewritten(self, found: _Found[F], outcome: _Outcome, feed: Feed) -> Iterator[pa.RecordBatch]:
        """The rows of a file as they are afterwards, without those that moved."""
        start = begin = 0
        for batch in self.rewriting.read(found.file):
            advance(batch.num_rows, batch.nbytes)
            end = first_at(found.rows, start + batch.num_rows, begin)
            places = pc.subtract(found.rows.slice(begin, end - begin), start)
            arrivals = found.arrivals.slice(begin, end - begin)
            start, begin = start + batch.num_rows, end
            yield self._changed(found.file, batch, places, arrivals, outcome, feed) if len(places) else batch

    def _changed(
        self,
        file: F,
        batch: pa.RecordBatch,
        places: pa.Array,
        arrivals: pa.Array,
        outcome: _Outcome,
        feed: Feed,
    ) -> pa.RecordBatch:
        stores = pc.less(arrivals, self.rows.num_rows)
        gone = places.filter(pc.invert(stores))
        places, arrivals = places.filter(stores), arrivals.filter(stores)
        before = batch.take(places)
        after = self._updated(before, arrivals)
        outcome.updated += len(places)
        outcome.deleted += len(gone)
        feed.add(batch.take(gone), "delete")
        feed.add(before, "update_preimage")
        feed.add(after, "update_postimage")
        stays = self.rewriting.is_inside(after, file)
        left = pc.invert(stays)
        if pc.any(left).as_py():
            outcome.moved.append(after.filter(left))
        gone = pa.concat_arrays([gone, places.filter(left)])
        places = places.filter(stays)
        changed = with_rows(batch, places, after.filter(stays)) if len(places) else batch
        return changed.filter(all_but(batch.num_rows, gone)) if len(gone) else changed

    def _updated(self, before: pa.RecordBatch, arrivals: pa.Array) -> pa.RecordBatch:
        """Stored rows with the values of the arrivals in the columns that the source has."""
        names = self.rows.schema.names
        theirs = self.rows.take(arrivals)
        columns = [plain_array(theirs.column(name)) if name in self.given else before.column(name) for name in names]
        rows = pa.RecordBatch.from_arrays(columns, schema=self.rows.schema)
        if not self.rewriting.has_rules:
            return rows
        return joined(self._checked(pa.Table.from_batches([rows]).to_reader()), before.schema)
