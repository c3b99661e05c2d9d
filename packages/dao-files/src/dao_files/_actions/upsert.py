"""Upserts: the rows to merge, and the change of the table that they are merged into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import evolve, frozen

from dao.arrow.convert import conform, find_names, normalise_views, to_reader
from dao.arrow.predicates import Predicate, parse
from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, ConflictError, DataError, did_you_mean
from dao.increments import Position
from dao.results import WriteResult
from dao.tables import (
    Matcher,
    RetryBudget,
    Split,
    check_keys,
    reconcile,
    retry_conflicts,
    split_deletes,
    winners,
)
from dao_files._actions.calls import as_names, check_writing, default_format
from dao_files._actions.committing import commit_nothing, read_log
from dao_files._actions.declared import refuse_contradictions
from dao_files._actions.gathering import collect
from dao_files._actions.keyed import Keyed
from dao_files._actions.merging import Merge
from dao_files._actions.places import Place
from dao_files._actions.positions import refuse_stale
from dao_files._actions.rewriting import (
    prepare_rewriting,
)
from dao_files._actions.tables import StoredTable, declared_schema, schema_without_views
from dao_files._actions.target import Writing, open_existing, open_target
from dao_files._actions.unkeyed import refuse_keyed_file, refuse_position
from dao_files._actions.writing import resolve_kind, shape_rows, write_into

if TYPE_CHECKING:
    from dao_files._storage.storage import Change, Storage

__all__ = ["upsert_rows"]


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
    idempotency_key: str | None = None,
    delete_when: Any = None,
    position: Position | None = None,
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
        idempotency_key=idempotency_key,
    )
    names = as_names(keys) or ()
    check_keys(names)
    default = default_format(storage)
    partitions = as_names(partition_by)
    condition = None if delete_when is None else parse(delete_when)
    asked = {"format": format, "partition_by": partitions, "schema_mode": schema_mode, "options": options}
    asked |= {"keys": names, "order_by": as_names(order_by)}
    if condition is not None:  # the rows are compared as they come, before they are cast to the declared schema
        asked |= {"delete_when": str(condition), "schema": declared_schema(schema)}
    keyed = Keyed.of(idempotency_key, "upsert", **asked, position=position)
    writing = Writing(
        data_object,
        "append",
        format,
        partitions,
        schema_mode,
        options,
        default=default,
        direction=None,
        keyed=keyed,
        position=position,
    )
    declared = declared_schema(schema)
    reader = normalise_views(to_reader(data, schema=declared if condition is None else None))
    source = collect(data, reader if keyed is None else keyed.watch(reader))
    names = tuple(find_names(source.schema, names, "keys"))
    order = tuple(find_names(source.schema, as_names(order_by) or (), "order_by"))
    source = _Source(winners(source, names, order), condition, names, order, None if condition is None else declared)
    tree = resolve_kind(storage, place) == "directory"
    if not tree:
        refuse_keyed_file(idempotency_key, place.key)
        refuse_position(position, place.key)

    def work() -> WriteResult:
        with storage.change(place.key, tree=tree) as change:
            place.refuse(None if change.base is None else "file" if change.base.is_file else "directory")
            found = None if keyed is None else keyed.find_result(read_log(change))
            if found is not None:
                return found
            refuse_stale(position, change, "append")
            table = None if change.base is None else _open(change, writing, tree=tree)
            if table is None:
                return _write_first(storage, change, source, place, writing, tree=tree)
            table = prepare_rewriting(table, schema)
            return _merge(change, table, source, place, writing)

    return retry_conflicts(storage.conflict_timeout, work)


@frozen
class _Source:
    """The rows of an upsert.

    Attributes:
        rows: all of them, one for each key.
        delete_when: the condition of those that delete; None for none.
        keys: the key columns.
        order_by: the columns that tell which row is older.
        declared: the schema to cast the stored rows to, if that isn't done yet: the condition may need more columns.
    """

    rows: pa.Table
    delete_when: Predicate | None
    keys: tuple[str, ...]
    order_by: tuple[str, ...]
    declared: Any

    def split(self, stored: pa.Schema | None) -> Split:
        """Divide them into those that are stored in a table and those that delete."""
        split = split_deletes(self.rows, self.delete_when, stored, self.keys, self.order_by)
        if self.declared is None:
            return split
        return evolve(split, rows=normalise_views(to_reader(split.rows, schema=self.declared)).read_all())


def _open(change: Change, writing: Writing, *, tree: bool) -> StoredTable | None:
    return open_existing(change, writing) if tree else open_target(change, writing)


def _write_first(
    storage: Storage, change: Change, source: _Source, place: Place, writing: Writing, *, tree: bool
) -> WriteResult:
    """Write all rows to a new table."""
    new = evolve(writing, mode="error")
    rows = source.split(None).rows.to_reader()
    try:
        result = write_into(change, rows, place, new, RetryBudget(storage.conflict_timeout), tree=tree)
    except AlreadyExistsError as error:
        raise ConflictError(f"another writer made {place.key!r} meanwhile") from error
    return evolve(result, rows_updated=0, rows_deleted=0)


def _merge(
    change: Change,
    table: StoredTable,
    source: _Source,
    place: Place,
    writing: Writing,
) -> WriteResult:
    split = source.split(table.schema)
    schema = reconcile(table.schema, split.rows.schema, writing.schema_mode)
    if writing.partition_by is not None:
        asked = find_names(schema, writing.partition_by, "partition_by")
        if asked != list(table.partition_by):
            raise DataError(f"{place.key!r} is partitioned by {list(table.partition_by)}, not by {asked}")
    for name in source.keys:
        if name not in table.schema.names:
            hint = did_you_mean(name, table.schema.names)
            raise DataError(f"keys: the table has no column {name!r} ({hint})")
    given = split.rows.schema
    refuse_contradictions(writing.data_object, schema, given, table.format, table.options, table.partition_by)
    plain = schema_without_views(schema)
    rows = pa.Table.from_batches(shape_rows(split.rows.to_reader(), plain), plain).combine_chunks()
    compared = pa.schema([plain.field(name) for name in split.deletes.column_names])
    deletes = conform(split.deletes.to_reader(), compared).read_all()
    decisive = pa.concat_tables([rows.select(compared.names), deletes]).combine_chunks()
    # Read by the new schema: added columns are null, widened types are cast.
    table = evolve(table, declared=plain)
    matcher = Matcher.of(decisive, source.keys)
    merge = Merge(table, schema, rows, frozenset(given.names), decisive, matcher, source.order_by)
    done = merge.into_file(change) if table.snapshot.is_file else merge.into_tree(change, place, writing)
    return done or commit_nothing(change, table.log, writing.keyed)
