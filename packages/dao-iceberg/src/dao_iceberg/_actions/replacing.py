"""Replaces a part of a table by new rows: those for which a predicate is true, or the partitions of the new rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DoubleType, FloatType

from dao.arrow.predicates import Predicate, bind
from dao.errors import DataError, UnsupportedError
from dao.results import WriteResult
from dao.tables import numbers
from dao_files.lake import Values, files_with_rows, must_fulfil, remove_rows, remove_selected
from dao_iceberg._actions.rewriting import NewFiles, Rewriting
from dao_iceberg._actions.writing import Source, Write, check_given, evolved, layout_of, plan_new
from dao_iceberg._commits.evolving import schema_updates
from dao_iceberg._commits.remembered import Remembered, listed_positions
from dao_iceberg._commits.transaction import Change, commit
from dao_iceberg._snapshots.facts import facts_of
from dao_iceberg._snapshots.planning import StoredFile, plan_files
from dao_iceberg._tables.client import Client, Snapshot
from dao_iceberg._tables.files import IcebergFiles, Layout, split_by_partition
from dao_iceberg._tables.specs import terms_of

__all__ = ["replace_partitions", "replace_rows"]

_Plan = Callable[[Client, str, NewFiles, Source, Write, "Snapshot | None"], Change]


def replace_rows(client: Client, table: str, source: Source, where: Predicate, asked: Write) -> WriteResult:
    """See :meth:`dao_iceberg.IcebergInterface.replace_where`."""
    return _replace(client, table, source, asked, partial(_plan_rows, where))


def replace_partitions(client: Client, table: str, source: Source, asked: Write) -> WriteResult:
    """See :meth:`dao_iceberg.IcebergInterface.write`."""
    return _replace(client, table, source, asked, _plan_partitions)


def _replace(client: Client, table: str, source: Source, asked: Write, plan: _Plan) -> WriteResult:
    new = NewFiles(client, asked.settings)

    def discard() -> None:
        new.discard()
        source.discard()

    def made(snapshot: Snapshot | None) -> Change:
        new.discard()
        return plan(client, table, new, source, asked, snapshot)

    remembered = Remembered(source.keyed, listed_positions(asked.position))
    return commit(client, table, made, asked.timeout, discard, remembered, source.read_rest, branch=asked.branch)


def _plan_rows(
    where: Predicate, client: Client, table: str, new: NewFiles, source: Source, asked: Write, snapshot: Snapshot | None
) -> Change:
    if snapshot is None:
        return plan_new(client, table, source, asked, lambda schema: must_fulfil(bind(where, schema), schema))
    snapshot.check_writable()
    check_given(asked, snapshot)
    columns = evolved(snapshot, source.arriving, asked.schema_mode)
    layout = layout_of(snapshot, columns)
    predicate = bind(where, layout.schema)
    files = source.files(client, layout, asked.settings, must_fulfil(predicate, layout.schema))
    own = columns.schema_id == snapshot.metadata.current_schema_id
    old = plan_files(snapshot, predicate if own else None)
    rewriting = Rewriting(snapshot, old, layout, new)
    facts = facts_of(snapshot, old, columns)
    gone = remove_rows(rewriting, predicate, old, files_with_rows(facts, predicate), facts.partitions).rows
    return _change(files, rewriting, columns, gone)


def _plan_partitions(
    client: Client, table: str, new: NewFiles, source: Source, asked: Write, snapshot: Snapshot | None
) -> Change:
    if snapshot is None:
        if not asked.partition_by:
            raise DataError("mode='overwrite_partitions' needs a partitioned table: give partition_by=")
        return plan_new(client, table, source, asked)
    snapshot.check_writable()
    check_given(asked, snapshot)
    _check_partitions(snapshot)
    columns = evolved(snapshot, source.arriving, asked.schema_mode)
    layout = layout_of(snapshot, columns)
    files = source.files(client, layout, asked.settings)
    came = {*files.partitions}
    old = plan_files(snapshot)
    replaced = [one for one in old if _is_now(one, snapshot) and tuple(one.entry.file.partition) in came]
    rewriting = Rewriting(snapshot, old, layout, new)
    gone = None if any(one.has_deletes for one in replaced) else sum(one.rows for one in replaced)
    for one in replaced:
        rewriting.remove(one)
    # Files of older partitions may have rows of any of the new ones, which only the rows themselves tell.
    older = [one for one in old if not _is_now(one, snapshot)]
    moved = remove_selected(rewriting, _inside(layout, came), _sources(layout), older).rows if came else 0
    return _change(files, rewriting, columns, None if gone is None else gone + moved)


def _check_partitions(snapshot: Snapshot) -> None:
    """Check that a table has partitions that can be replaced."""
    columns = snapshot.metadata.schema()
    if not terms_of(snapshot.spec, columns):
        raise DataError(
            "mode='overwrite_partitions' needs a partitioned table; this one has none: use mode='overwrite'"
        )
    for one in snapshot.spec.fields:
        kind = columns.find_type(one.source_id)
        if isinstance(one.transform, IdentityTransform) and isinstance(kind, (FloatType, DoubleType)):
            raise UnsupportedError(
                f"mode='overwrite_partitions': the table is partitioned by {one.name!r}, a {kind}, and NaN is no "
                "partition; use mode='overwrite' with where="
            )


def _is_now(file: StoredFile, snapshot: Snapshot) -> bool:
    """Whether a file has the partitions that the table has now."""
    return bool(file.entry.file.spec_id == snapshot.spec.spec_id)


def _sources(layout: Layout) -> set[str]:
    """The columns that partitions are made of: whole ones, also where it is a field inside of them."""
    names = [layout.columns.find_column_name(one.source_id) for one in layout.spec.fields]
    inside = [f"{name}." for name in names]
    return {one.name for one in layout.columns.fields if any(name.startswith(f"{one.name}.") for name in inside)}


def _inside(layout: Layout, partitions: set[Values]) -> Callable[[pa.RecordBatch], pa.Array]:
    """Says which rows are in some partitions."""

    def select(batch: pa.RecordBatch) -> pa.Array:
        found = [numbers(0)]
        if batch.num_rows:
            split = split_by_partition(batch, layout.columns, layout.spec)
            found += [rows for rows, values in split if values in partitions]
        return pc.is_in(numbers(batch.num_rows), value_set=pa.concat_arrays([one.cast(pa.int64()) for one in found]))

    return select


def _change(files: IcebergFiles, rewriting: Rewriting, columns: Schema, gone: int | None) -> Change:
    new = rewriting.new
    added = [*files.added, *new.added]
    return Change(
        operation="overwrite" if rewriting.removed else "append",
        added=added,
        removed=rewriting.removed,
        updates=schema_updates(rewriting.snapshot.metadata, columns),
        result=WriteResult(files.rows, 0, gone, files.size + new.size, len(added)),
    )
