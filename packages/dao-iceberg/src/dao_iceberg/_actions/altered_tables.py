"""Operations that change what a table is: its columns, partitions and order, its properties, its name."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
from attrs import frozen
from pyiceberg.exceptions import ResolveError, TableAlreadyExistsError, ValidationError
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import (
    AddSchemaUpdate,
    AssertCurrentSchemaId,
    AssertDefaultSortOrderId,
    AssertDefaultSpecId,
    RemovePropertiesUpdate,
    SetCurrentSchemaUpdate,
    SetPropertiesUpdate,
    TableUpdate,
)
from pyiceberg.table.update.schema import UpdateSchema
from pyiceberg.transforms import VoidTransform

from dao.errors import AlreadyExistsError, DataError, UnsupportedError
from dao.results import WriteResult
from dao_iceberg._actions.evolved_paths import check_paths, path_of
from dao_iceberg._actions.writing import changed_spec
from dao_iceberg._commits.altering import Alteration, alter
from dao_iceberg._commits.evolving import changed_order, widens
from dao_iceberg._tables.client import Client, Snapshot
from dao_iceberg._tables.folders import metadata_key, read_metadata
from dao_iceberg._tables.properties import check_name, checked_properties, refuse_code
from dao_iceberg._tables.schemas import arrow_field, iceberg_type, storable

__all__ = ["Evolution", "evolve_table", "register", "set_properties"]


@frozen(kw_only=True)
class Evolution:
    """What the columns and the layout of a table become; see :meth:`dao_iceberg.IcebergInterface.run_evolve`."""

    drop: Sequence[str] = ()
    rename: Mapping[str, str] | None = None
    widen: pa.Schema | None = None
    add: pa.Schema | None = None
    reorder: Sequence[str] = ()
    partitions: Sequence[str] | None = None
    order: Sequence[str] | None = None

    def __attrs_post_init__(self) -> None:
        columns = (self.drop, self.rename, self.widen, self.add, self.reorder)
        if not any(columns) and self.partitions is None and self.order is None:
            raise DataError("evolve needs one of add=, drop=, rename=, reorder=, widen=, partitions= and order=")


def evolve_table(client: Client, table: str, timeout: float, asked: Evolution) -> WriteResult:
    """See :meth:`dao_iceberg.IcebergInterface.run_evolve`."""
    return alter(client, table, partial(_plan_evolution, asked), timeout)


def _plan_evolution(asked: Evolution, now: Snapshot) -> Alteration:
    now.check_writable()
    metadata = now.metadata
    updates: list[TableUpdate] = list(_column_updates(asked, now))
    columns = _columns_after(metadata, updates)
    if not columns.fields:
        raise DataError("drop: found all columns, and an Iceberg table needs one at least")
    if asked.partitions is not None:
        if metadata.format_version == 1:
            raise UnsupportedError(f"the table {now.key!r} is of version 1 of the format, whose partitions stay")
        updates += changed_spec(now, asked.partitions, columns)[1]
    elif gone := [one.name for one in metadata.spec().fields if not _is_there(one, columns)]:
        raise DataError(f"drop: the table is partitioned by {gone[0]!r}: give other partitions, with partitions=")
    updates += changed_order(metadata, asked.order, columns)[1]
    required = (
        AssertCurrentSchemaId(current_schema_id=metadata.current_schema_id),
        AssertDefaultSpecId(default_spec_id=metadata.default_spec_id),
        AssertDefaultSortOrderId(default_sort_order_id=metadata.default_sort_order_id),
    )
    return Alteration(updates=updates, requirements=required)


def _is_there(one: Any, columns: Schema) -> bool:
    return isinstance(one.transform, VoidTransform) or one.source_id in columns.field_ids


def _columns_after(metadata: TableMetadata, updates: Sequence[TableUpdate]) -> Schema:
    """The columns that a table has after some updates of them."""
    found: Schema = metadata.schema()
    for one in updates:
        if isinstance(one, AddSchemaUpdate):
            found = one.schema_
        elif isinstance(one, SetCurrentSchemaUpdate) and one.schema_id >= 0:
            found = metadata.schema_by_id(one.schema_id) or found
    return found


def _column_updates(asked: Evolution, now: Snapshot) -> Sequence[TableUpdate]:
    update = UpdateSchema(now.table.transaction(), case_sensitive=True, name_mapping=now.table.name_mapping())
    schema = now.metadata.schema()
    check_paths(asked, schema)
    try:
        for name in asked.drop:
            update.delete_column(path_of(schema, name))
        for name, new in (asked.rename or {}).items():
            update.rename_column(path_of(schema, name), new)
        for one in asked.widen or ():
            path = path_of(schema, one.name)
            _check_widens(schema, path, one)
            update.update_column(path, _kept_type(one))
        for one in asked.add or ():
            update.add_column(path_of(schema, one.name), _kept_type(one), required=not one.nullable)
        for name in reversed(asked.reorder):
            update.move_first(path_of(schema, name))
        updates, _ = update._commit()
    except (ValueError, ValidationError, ResolveError) as error:
        raise DataError(f"evolve: {' '.join(str(error).split())}") from error
    return list(updates)


def _kept_type(column: pa.Field) -> Any:
    """The type of a column as Iceberg keeps it; pyiceberg gives the fields inside of it their ids."""
    return iceberg_type(storable(pa.schema([column])).field(0).type, itertools.count(1))


def _check_widens(schema: Schema, path: tuple[str, ...], wanted: pa.Field) -> None:
    found = schema.find_field(".".join(path))
    if not found.field_type.is_primitive:
        raise UnsupportedError(f"widen: column {wanted.name!r} is {found.field_type}, which has no wider type")
    old, new = arrow_field(found).type, storable(pa.schema([wanted])).field(0).type
    if old != new and not widens(old, new):
        raise UnsupportedError(
            f"widen: column {wanted.name!r} would become {new}: Iceberg can't make that of {old} without a rewrite"
        )


def set_properties(client: Client, table: str, timeout: float, properties: Mapping[str, Any]) -> WriteResult:
    """Set properties of a table; those that are None are removed."""
    texts = checked_properties({name: value for name, value in properties.items() if value is not None})
    removed = [check_name(name) for name, value in properties.items() if value is None]
    return alter(client, table, partial(_plan_properties, texts, removed), timeout)


def _plan_properties(texts: Mapping[str, str], removed: Sequence[str], now: Snapshot) -> Alteration:
    gone = [name for name in removed if name in now.properties]
    updates: list[TableUpdate] = []
    if any(now.properties.get(name) != value for name, value in texts.items()):
        updates.append(SetPropertiesUpdate(updates=dict(texts)))
    if gone:
        updates.append(RemovePropertiesUpdate(removals=gone))
    return Alteration(updates=updates)


def register(client: Client, table: str, metadata: str) -> WriteResult:
    """Give the catalog a table whose metadata is in the store."""
    client.refuse_change()
    locations = client.locations
    outside = "://" in metadata or metadata.startswith("/")
    key = metadata_key(client, locations.key_of(metadata) if outside else metadata)
    location = metadata if outside and key == locations.key_of(metadata) else locations.of(key)
    found = read_metadata(bytes(client.transport.get(key)), location)
    locations.key_of(f"{found.location.rstrip('/')}/")
    refuse_code(found.properties)
    identifier = client.identifier(table)
    client.make_namespace(table)
    try:
        client.catalogs.get().register_table(identifier, location)
    except Exception as error:
        made = client.find(table)
        if made is None or made.table.metadata_location != location:
            if isinstance(error, TableAlreadyExistsError):
                raise AlreadyExistsError(f"there is an Iceberg table {table!r} in the catalog already") from error
            raise
        if isinstance(error, TableAlreadyExistsError):
            raise AlreadyExistsError(f"the table {table!r} is registered with this metadata already") from error
    return WriteResult(version_after=found.current_snapshot_id)
