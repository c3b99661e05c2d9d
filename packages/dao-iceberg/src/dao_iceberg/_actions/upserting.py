"""Upserts: rows with existing keys are replaced and others added, in one commit; see :class:`dao_files.lake.Merge`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
from attrs import field, frozen
from pyiceberg.schema import Schema

from dao.arrow.convert import conform, find_names, normalise_views, to_reader
from dao.arrow.predicates import parse
from dao.errors import DataError
from dao.increments import Position
from dao.results import WriteResult
from dao.tables import check_keys, split_deletes, winners
from dao_files.lake import FileSettings, Merge, files_with_keys, valid_rows
from dao_files.storage import collect
from dao_iceberg._actions.rewriting import NewFiles, Rewriting
from dao_iceberg._actions.writing import check_given, evolved, first_layout, first_table, layout_of
from dao_iceberg._commits.evolving import schema_updates
from dao_iceberg._commits.remembered import Keyed, Remembered, listed_positions
from dao_iceberg._commits.transaction import Change, commit
from dao_iceberg._snapshots.facts import facts_of, in_their_buckets
from dao_iceberg._snapshots.planning import StoredFile, plan_files
from dao_iceberg._tables.client import MAIN, Client, Snapshot
from dao_iceberg._tables.properties import checked_properties

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
        position: up to which version of a source, or of several, the table has got with it.
        branch: that is written to.
        sort_by: the terms of the sort order that were given; None for the table's own.
        properties: of a new table.
    """

    keys: tuple[str, ...]
    order_by: tuple[str, ...] = ()
    delete_when: Any = None
    partition_by: tuple[str, ...] | None = None
    schema_mode: str = "strict"
    settings: FileSettings = field(factory=FileSettings)
    timeout: float = 60.0
    idempotency_key: str | None = None
    position: Position | Sequence[Position] | None = None
    branch: str = MAIN
    sort_by: tuple[str, ...] | None = None
    properties: Mapping[str, str] = field(default=None, converter=checked_properties)

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
            sort_by=self.sort_by,
            properties=self.properties or None,
            schema_mode=self.schema_mode,
            branch=self.branch,
            position=self.position,
        )


def upsert_rows(client: Client, table: str, data: Any, schema: pa.Schema | None, asked: Upsert) -> WriteResult:
    """See :meth:`dao_iceberg.IcebergInterface.upsert`."""
    check_keys(asked.keys)
    reader = normalise_views(to_reader(data, schema=schema))
    keyed = asked.keyed
    source = collect(data, reader if keyed is None else keyed.watch(reader))
    keys = tuple(find_names(source.schema, asked.keys, "keys"))
    order = tuple(find_names(source.schema, asked.order_by, "order_by"))
    source = winners(source, keys, order)
    new = NewFiles(client, asked.settings)
    plan = partial(_plan, table, new, source, keys, order, asked)
    return commit(
        client,
        table,
        plan,
        asked.timeout,
        new.discard,
        Remembered(keyed, listed_positions(asked.position)),
        branch=asked.branch,
    )


def _plan(
    table: str,
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
        return _plan_new(table, new, split.rows, asked)
    snapshot.check_writable()
    check_given(asked, snapshot)
    for name in (*keys, *order):
        if name not in snapshot.schema.names and (name in keys or asked.schema_mode == "strict"):
            raise DataError(f"{'keys' if name in keys else 'order_by'}: the table has no column {name!r}")
    columns = evolved(snapshot, split.rows.schema, asked.schema_mode, keys)
    files = plan_files(snapshot)
    rewriting = Rewriting(snapshot, files, layout_of(snapshot, columns), new)
    merge = Merge.of(rewriting, split, keys, order)
    merged = merge.run(files, _may_match(snapshot, files, columns, merge.matcher.source))
    if not merged.acts:
        return Change(result=WriteResult(0, 0, 0, new.size, new.count))
    return Change(
        operation="overwrite" if rewriting.removed else "append",
        added=new.added,
        removed=rewriting.removed,
        updates=schema_updates(snapshot.metadata, columns),
        result=WriteResult(merged.inserted, merged.updated, merged.deleted, new.size, new.count),
    )


def _may_match(snapshot: Snapshot, files: Sequence[StoredFile], columns: Schema, keys: pa.Table) -> list[bool]:
    """Whether each file may have one of some keys, by its partition and its bounds."""
    bucketed = in_their_buckets(snapshot, files, columns, keys)
    bounded = files_with_keys(facts_of(snapshot, files, columns), keys)
    return [one and other for one, other in zip(bucketed, bounded, strict=True)]


def _plan_new(table: str, new: NewFiles, rows: pa.Table, asked: Upsert) -> Change:
    made = first_table(rows.schema, asked)
    layout = first_layout(new.client, table, made)
    files = new.begin(layout)
    files.write(valid_rows(conform(rows.to_reader(), layout.schema)))
    result = WriteResult(files.rows, 0, 0, new.size, new.count)
    return Change(added=new.added, create=made, result=result)
