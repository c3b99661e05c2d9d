"""Copy-on-write upserts: files without any of the keys are kept, the others are written again.

A file that the log rules out isn't read. Of another one the columns of ``keys`` and ``order_by`` are read and matched,
and all columns only if a row changes. Updated rows keep their place in the file, and the values of columns that the
source lacks. New rows, and rows that change their partition, go to new files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field, frozen

from dao.arrow.convert import conform, find_names, normalise_views, to_reader
from dao.arrow.predicates import parse
from dao.errors import DataError
from dao.increments import Position
from dao.progress import advance
from dao.results import WriteResult
from dao.tables import Matcher, Split, check_keys, numbers, precedes, split_deletes, winners
from dao_delta._client import Client, Snapshot
from dao_delta._expressions import checked_rows, given_schema, has_rules
from dao_delta._facts import facts_of
from dao_delta._log import Action
from dao_delta._remembered import Keyed, Remembered
from dao_delta._rewriting import ChangeFeed, NewFiles, Rewriting, in_threads
from dao_delta._source import valid_rows
from dao_delta._stored import StoredFile, stored_files
from dao_delta._transaction import Change, commit
from dao_delta._writing import (
    check_given_partitions,
    evolved,
    first_layout,
    layout_of,
    new_table_actions,
)
from dao_files.lake import (
    FileSettings,
    all_but,
    files_with_keys,
    first_at,
    joined,
    plain_array,
    with_missing,
    with_rows,
    without_extensions,
)
from dao_files.storage import collect

__all__ = ["Upsert", "upsert_rows"]


@frozen(kw_only=True)
class Upsert:
    """What an upsert was asked for.

    Attributes:
        keys: the columns that identify a row.
        order_by: the columns by which a stored row may be newer.
        delete_when: rows of the source for which it is true delete.
        partition_by: the partition columns that were given; None for the table's own.
        schema_mode: ``strict`` or ``evolve``.
        settings: how files are written.
        timeout: seconds for which the commit is tried again.
        idempotency_key: the key of the call.
        position: up to which version of a source the table has got with it.
    """

    keys: tuple[str, ...]
    order_by: tuple[str, ...] = ()
    delete_when: Any = None
    partition_by: tuple[str, ...] | None = None
    schema_mode: str = "strict"
    settings: FileSettings = field(factory=FileSettings)
    timeout: float = 60.0
    idempotency_key: str | None = None
    position: Position | None = None

    @property
    def keyed(self) -> Keyed | None:
        """The call, if it has a key."""
        return Keyed.of(
            self.idempotency_key,
            "upsert",
            keys=self.keys,
            order_by=self.order_by,
            delete_when=None if self.delete_when is None else str(parse(self.delete_when)),
            partition_by=self.partition_by,
            schema_mode=self.schema_mode,
            position=self.position,
        )


def upsert_rows(client: Client, table: str, data: Any, schema: pa.Schema | None, asked: Upsert) -> WriteResult:
    """See :meth:`dao_delta.DeltaInterface.upsert`."""
    check_keys(asked.keys)
    reader = normalise_views(without_extensions(to_reader(data, schema=schema)))
    keyed = asked.keyed
    source = collect(data, reader if keyed is None else keyed.watch(reader))
    keys = tuple(find_names(source.schema, asked.keys, "keys"))
    order = tuple(find_names(source.schema, asked.order_by, "order_by"))
    source = winners(source, keys, order)
    new = NewFiles(client, table, asked.settings)
    plan = partial(_plan, new, source, keys, order, asked)
    return commit(client, table, plan, asked.timeout, new.discard, Remembered(keyed, asked.position))


def _plan(
    new: NewFiles,
    source: pa.Table,
    keys: tuple[str, ...],
    order: tuple[str, ...],
    asked: Upsert,
    snapshot: Snapshot | None,
) -> Change:
    new.discard()
    split = split_deletes(source, asked.delete_when, None if snapshot is None else snapshot.schema, keys, order)
    if snapshot is None:
        return _plan_new(new, split.rows, asked)
    snapshot.check_writable(removes=True)
    check_given_partitions(asked.partition_by, snapshot)
    for name in (*keys, *order):
        if name not in snapshot.schema.names and (name in keys or asked.schema_mode == "strict"):
            raise DataError(f"{'keys' if name in keys else 'order_by'}: the table has no column {name!r}")
    schema, changes = evolved(snapshot, split.rows.schema, asked.schema_mode, keys)
    rewriting = Rewriting(snapshot, layout_of(snapshot, schema), new)
    return _Merge.of(rewriting, split, keys, order).change(changes, asked)


def _plan_new(new: NewFiles, rows: pa.Table, asked: Upsert) -> Change:
    layout = first_layout(rows.schema, asked.partition_by)
    files = new.begin(layout)
    files.write(valid_rows(conform(rows.to_reader(), layout.schema)))
    return Change(
        operation="MERGE",
        parameters=_parameters(asked),
        actions=[*new_table_actions(layout.schema, layout.partition_by, {}), *new.actions],
        result=WriteResult(files.rows, 0, 0, new.size, new.count),
        blind=True,
    )


def _parameters(asked: Upsert) -> dict[str, Any]:
    when = None if asked.delete_when is None else str(asked.delete_when)
    return {"keys": list(asked.keys), "orderBy": list(asked.order_by) or None, "deleteWhen": when}


@frozen(eq=False)
class _Found:
    """The matches in one file, in the order of its rows.

    Attributes:
        rows: the numbers of the rows that change.
        arrivals: for each the number of the arrival that changes it.
        known: the numbers of all arrivals whose keys are in the file, each once.
    """

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
class _Merge:
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

    rewriting: Rewriting
    rows: pa.Table
    given: frozenset[str]
    compared: pa.Table
    matcher: Matcher
    order: tuple[str, ...]

    @classmethod
    def of(cls, rewriting: Rewriting, split: Split, keys: tuple[str, ...], order: tuple[str, ...]) -> _Merge:
        """Shape a source for a table."""
        schema = rewriting.layout.schema
        stored = given_schema(schema, rewriting.snapshot, split.rows.schema)
        reader = conform(with_missing(split.rows.to_reader(), stored), stored)
        rows = pa.Table.from_batches(valid_rows(reader), stored).combine_chunks()
        names = list(dict.fromkeys((*keys, *order)))
        narrow = pa.schema([schema.field(name).with_nullable(True) for name in names])
        deletes = conform(split.deletes.select(names).to_reader(), narrow).read_all()
        compared = pa.concat_tables([rows.select(names).cast(narrow), deletes]).combine_chunks()
        given = frozenset(split.rows.column_names)
        return cls(rewriting, rows, given, compared, Matcher.of(compared, keys), order)

    def change(self, changes: list[Action], asked: Upsert) -> Change:
        """Write the files and make the change."""
        files = stored_files(self.rewriting.snapshot)
        may_match = files_with_keys(facts_of(self.rewriting.snapshot), self.matcher.source)
        chosen = [file for file, kept in zip(files, may_match, strict=True) if kept]
        found = {file.path: match for file, match in zip(chosen, in_threads(self._match, chosen), strict=True)}
        groups = self.rewriting.together(file for file in chosen if len(found[file.path].rows))
        done = in_threads(lambda group: self._merge(group, found), groups)
        updated, deleted = sum(one.updated for one in done), sum(one.deleted for one in done)
        known = pa.concat_arrays([numbers(0), *(one.known for one in found.values())])
        inserted = self._insert(known, done, noted=bool(updated or deleted))
        acts = bool(updated or deleted or inserted)
        new = self.rewriting.new
        return Change(
            operation="MERGE",
            parameters=_parameters(asked),
            actions=[*changes, *self.rewriting.actions] if acts else [],
            result=WriteResult(inserted, updated, deleted, new.size, new.count),
        )

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
            self.rewriting.new.begin(self.rewriting.layout).write(iter([*new, *moved]))
        if noted:
            feed = self.rewriting.feed()
            for batch in new:
                feed.add(batch, "insert")
            feed.finish()
        return int(fresh.num_rows)

    def _checked(self, rows: pa.RecordBatchReader) -> list[pa.RecordBatch]:
        """Rows with the table's generated columns, for which its constraints hold."""
        found = checked_rows(rows, self.rewriting.layout.schema, self.rewriting.snapshot)
        return [batch for batch in found if batch.num_rows]

    def _merge(self, group: Sequence[StoredFile], found: Mapping[str, _Found]) -> _Outcome:
        outcome = _Outcome()
        self.rewriting.replace(group, lambda file, feed: self._rewritten(file, found[file.path], outcome, feed))
        return outcome

    def _match(self, file: StoredFile) -> _Found:
        rows, arrivals, known = [numbers(0)], [numbers(0)], numbers(0)
        start = 0
        for batch in self.rewriting.stored.read(file, self.compared.column_names):
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
        return _Found(pa.concat_arrays(rows), pa.concat_arrays(arrivals), known)

    def _rewritten(
        self, file: StoredFile, found: _Found, outcome: _Outcome, feed: ChangeFeed
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a file as they are afterwards, without those that moved."""
        start = begin = 0
        for batch in self.rewriting.stored.read(file):
            advance(batch.num_rows, batch.nbytes)
            end = first_at(found.rows, start + batch.num_rows, begin)
            places = pc.subtract(found.rows.slice(begin, end - begin), start)
            arrivals = found.arrivals.slice(begin, end - begin)
            start, begin = start + batch.num_rows, end
            yield self._changed(file, batch, places, arrivals, outcome, feed) if len(places) else batch

    def _changed(
        self,
        file: StoredFile,
        batch: pa.RecordBatch,
        places: pa.Array,
        arrivals: pa.Array,
        outcome: _Outcome,
        feed: ChangeFeed,
    ) -> pa.RecordBatch:
        stores = pc.less(arrivals, self.rows.num_rows)
        gone = places.filter(pc.invert(stores))
        places, arrivals = places.filter(stores), arrivals.filter(stores)
        before = batch.take(places)
        after, in_order = self._updated(before, arrivals)
        outcome.updated += len(places)
        outcome.deleted += len(gone)
        feed.add(batch.take(gone), "delete")
        feed.add(before, "update_preimage")
        feed.add(after, "update_postimage")
        stays = _is_inside(after, file)
        left = pc.invert(stays)
        if pc.any(left).as_py():
            outcome.moved.append(after.filter(left))
        if not in_order:
            kept = batch.filter(all_but(batch.num_rows, pa.concat_arrays([gone, places])))
            return joined([kept, after.filter(stays)])
        gone = pa.concat_arrays([gone, places.filter(left)])
        places = places.filter(stays)
        changed = with_rows(batch, places, after.filter(stays)) if len(places) else batch
        return changed.filter(all_but(batch.num_rows, gone)) if len(gone) else changed

    def _updated(self, before: pa.RecordBatch, arrivals: pa.Array) -> tuple[pa.RecordBatch, bool]:
        """Stored rows with the values of the arrivals in the columns that the source has.

        Returns:
            The rows, and whether they are in the order of the stored ones, which checks don't keep.
        """
        names = self.rows.schema.names
        theirs = self.rows.take(arrivals)
        columns = [plain_array(theirs.column(name)) if name in self.given else before.column(name) for name in names]
        rows = pa.RecordBatch.from_arrays(columns, schema=self.rows.schema)
        if not has_rules(self.rewriting.snapshot):
            return rows, True
        return joined(self._checked(pa.Table.from_batches([rows]).to_reader()), before.schema), False


def _is_inside(rows: pa.RecordBatch, file: StoredFile) -> pa.Array:
    """Which rows belong into the partition of a file."""
    stays = pa.repeat(pa.scalar(True), rows.num_rows)
    for name, value in file.partition.items():
        column = rows.column(name)
        own = (
            column.is_null() if value is None else pc.fill_null(pc.equal(column, pa.scalar(value, column.type)), False)
        )
        stays = pc.and_(stays, own)
    return stays
