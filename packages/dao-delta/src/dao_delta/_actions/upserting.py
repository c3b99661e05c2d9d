"""Upserts: rows with existing keys are replaced and others added, in one commit; see :class:`dao_files.lake.Merge`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from attrs import field, frozen

from dao.arrow.convert import conform, find_names, normalise_views, to_reader
from dao.arrow.predicates import parse
from dao.errors import DataError, did_you_mean
from dao.increments import Position
from dao.results import WriteResult
from dao.tables import check_keys, split_deletes, winners
from dao_delta._actions.rewriting import NewFiles, Rewriting
from dao_delta._actions.writing import check_given_partitions, evolved, first_layout, layout_of, new_table_actions
from dao_delta._commits.remembered import Keyed, Remembered
from dao_delta._commits.transaction import Change, commit
from dao_delta._snapshots.facts import facts_of
from dao_delta._snapshots.stored import stored_files
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.properties import checked_properties
from dao_files.lake import FileSettings, Merge, check_same_properties, files_with_keys, valid_rows, without_extensions
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
    position: Position | None = None
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
            schema_mode=self.schema_mode,
            properties=self.properties or None,
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
    check_same_properties(asked.properties, snapshot.properties)
    snapshot.check_writable(removes=True)
    check_given_partitions(asked.partition_by, snapshot)
    for name in (*keys, *order):
        if name not in snapshot.schema.names and (name in keys or asked.schema_mode == "strict"):
            hint = did_you_mean(name, snapshot.schema.names)
            raise DataError(f"{'keys' if name in keys else 'order_by'}: the table has no column {name!r} ({hint})")
    schema, changes = evolved(snapshot, split.rows.schema, asked.schema_mode, keys)
    rewriting = Rewriting(snapshot, layout_of(snapshot, schema), new)
    merge = Merge.of(rewriting, split, keys, order)
    merged = merge.run(stored_files(snapshot), files_with_keys(facts_of(snapshot), merge.matcher.source))
    return Change(
        operation="MERGE",
        parameters=_parameters(asked),
        actions=[*changes, *rewriting.actions] if merged.acts else [],
        result=WriteResult(merged.inserted, merged.updated, merged.deleted, new.size, new.count),
    )


def _plan_new(new: NewFiles, rows: pa.Table, asked: Upsert) -> Change:
    layout = first_layout(rows.schema, asked.partition_by, asked.properties)
    files = new.begin(layout)
    files.write(valid_rows(conform(rows.to_reader(), layout.schema)))
    return Change(
        operation="MERGE",
        parameters=_parameters(asked),
        actions=[*new_table_actions(layout.schema, layout.partition_by, asked.properties), *new.actions],
        result=WriteResult(files.rows, 0, 0, new.size, new.count),
        blind=True,
    )


def _parameters(asked: Upsert) -> dict[str, Any]:
    when = None if asked.delete_when is None else str(asked.delete_when)
    return {"keys": list(asked.keys), "orderBy": list(asked.order_by) or None, "deleteWhen": when}
