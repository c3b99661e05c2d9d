"""Writes rows: new data files first, then one commit that names them. Nothing is seen of them before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import pyarrow as pa
from attrs import define, field, frozen
from pyiceberg.partitioning import PARTITION_FIELD_ID_START, PartitionSpec
from pyiceberg.table.sorting import SortOrder
from pyiceberg.table.update import AddPartitionSpecUpdate, SetDefaultSpecUpdate, TableUpdate

from dao.arrow.convert import conform
from dao.errors import AlreadyExistsError, DataError, UnsupportedError
from dao.increments import Position
from dao.results import WriteResult
from dao.tables import reconcile
from dao_files.lake import FileSettings, RowSource, check_same_properties, valid_rows, with_missing
from dao_iceberg._commits.evolving import changed_order, evolved_columns, replaced_columns, schema_updates
from dao_iceberg._commits.remembered import Keyed, Remembered, listed_positions
from dao_iceberg._commits.transaction import Change, NewTable, commit
from dao_iceberg._snapshots.planning import plan_files
from dao_iceberg._tables.client import MAIN, Client, Snapshot
from dao_iceberg._tables.files import IcebergFiles, Layout
from dao_iceberg._tables.manifests import Entry
from dao_iceberg._tables.properties import checked_properties, metadata_location
from dao_iceberg._tables.schemas import new_schema, storable
from dao_iceberg._tables.specs import parse_term, partition_spec, sort_order, sort_terms, terms_of

__all__ = [
    "Layouts",
    "Source",
    "Write",
    "changed_spec",
    "check_given",
    "evolved",
    "first_layout",
    "first_table",
    "layout_of",
    "plan_new",
    "write_rows",
]


class Layouts(Protocol):
    """A call that may make a table, and says how it is laid out; None for the layout of one that is there."""

    @property
    def partition_by(self) -> tuple[str, ...] | None:
        """The terms of partitions."""

    @property
    def sort_by(self) -> tuple[str, ...] | None:
        """The terms of the sort order."""

    @property
    def properties(self) -> Mapping[str, str]:
        """Properties, as a table keeps them."""


@frozen(kw_only=True)
class Write:
    """What a write was asked for.

    Attributes:
        mode: see :meth:`dao_iceberg.IcebergInterface.write`.
        partition_by: the terms of partitions that were given; None for the table's own.
        sort_by: the terms of the sort order that were given; None for the table's own.
        schema_mode: ``strict`` or ``evolve``.
        properties: of a new table.
        settings: how files are written.
        timeout: seconds for which the commit is tried again.
        position: up to which version of a source, or of several, the table has got with it.
        branch: that is written to.
    """

    mode: str = "error"
    partition_by: tuple[str, ...] | None = None
    sort_by: tuple[str, ...] | None = None
    schema_mode: str = "strict"
    properties: Mapping[str, str] = field(default=None, converter=checked_properties)
    settings: FileSettings = field(factory=FileSettings)
    timeout: float = 60.0
    position: Position | Sequence[Position] | None = None
    branch: str = MAIN

    @property
    def compared(self) -> dict[str, Any]:
        """What is compared with a call of the same idempotency key, beside rows and position."""
        return {
            "mode": self.mode,
            "partition_by": self.partition_by,
            "sort_by": self.sort_by,
            "schema_mode": self.schema_mode,
            "properties": self.properties or None,
            "branch": self.branch,
        }


@define(eq=False, slots=False)
class Source(RowSource[IcebergFiles]):
    """See :class:`dao_files.lake.RowSource`."""

    keyed: Keyed | None = None

    def opened(self) -> pa.RecordBatchReader:
        """The rows from their beginning.

        Raises:
            DataError: they have no columns.
        """
        reader = super().opened()
        if not reader.schema.names:
            raise DataError("the data has no columns, and an Iceberg table needs one at least")
        return reader

    def files(
        self,
        client: Client,
        layout: Layout,
        settings: FileSettings,
        check: Callable[[pa.RecordBatch], None] | None = None,
    ) -> IcebergFiles:
        """The data files with the rows.

        Args:
            client: the store.
            layout: of the files.
            settings: how they are written.
            check: called with each batch before it is written, to refuse rows; always the same.

        Raises:
            ConflictError: the table was changed so that the rows must be written again, and they were a stream.
            DataError: a value doesn't fit its column.
        """
        schema = layout.schema
        return self.written(
            layout.made_of,
            lambda: IcebergFiles(client.transport, client.locations, layout, settings=settings),
            lambda reader: valid_rows(conform(with_missing(reader, schema), schema), check),
            "columns, partitions or order",
        )


def write_rows(client: Client, table: str, source: Source, asked: Write) -> WriteResult:
    """See :meth:`dao_iceberg.IcebergInterface.write`."""
    plan = partial(_plan, client, table, source, asked)
    remembered = Remembered(source.keyed, listed_positions(asked.position), replaces=asked.mode == "overwrite")
    return commit(client, table, plan, asked.timeout, source.discard, remembered, source.read_rest, branch=asked.branch)


def _plan(client: Client, table: str, source: Source, asked: Write, snapshot: Snapshot | None) -> Change:
    if snapshot is None:
        return plan_new(client, table, source, asked)
    match asked.mode:
        case "error":
            raise AlreadyExistsError(f"the table {table!r} is there: give mode='append', 'overwrite' or 'ignore'")
        case "ignore":
            return Change(result=WriteResult(rows_inserted=0), is_ignored=True)
    snapshot.check_writable()
    if asked.mode == "append":
        return _plan_append(client, source, asked, snapshot)
    return _plan_overwrite(client, source, asked, snapshot)


def _written(
    files: IcebergFiles,
    operation: str,
    *,
    removed: Sequence[Entry] = (),
    updates: Sequence[TableUpdate] = (),
    create: NewTable | None = None,
    gone: int | None = 0,
) -> Change:
    return Change(
        operation=operation,
        added=tuple(files.added),
        removed=removed,
        updates=updates,
        create=create,
        result=WriteResult(rows_inserted=files.rows, rows_deleted=gone, bytes=files.size, files=len(files.added)),
    )


def plan_new(
    client: Client,
    table: str,
    source: Source,
    asked: Write,
    check_of: Callable[[pa.Schema], Callable[[pa.RecordBatch], None]] | None = None,
) -> Change:
    """Make a table of the rows of a call.

    Args:
        client: the store.
        table: the table's key.
        source: the rows.
        asked: the call.
        check_of: makes a check of the rows, see :meth:`Source.files`, from the table's columns.
    """
    if asked.branch != MAIN:
        raise DataError(f"branch: found {asked.branch!r} for a new table, which is made on {MAIN!r} first")
    made = first_table(source.arriving, asked)
    layout = first_layout(client, table, made)
    check = None if check_of is None else check_of(layout.schema)
    return _written(source.files(client, layout, asked.settings, check), "append", create=made)


def first_table(arriving: pa.Schema, asked: Layouts) -> NewTable:
    """A new table for rows with some columns.

    Raises:
        DataError: Iceberg has no type for a column, or a partition or order can't be made.
    """
    columns = new_schema(storable(arriving))
    return NewTable(
        columns=columns,
        spec=partition_spec(asked.partition_by or (), columns),
        order=sort_order(asked.sort_by or (), columns),
        properties=asked.properties,
    )


def first_layout(client: Client, table: str, made: NewTable) -> Layout:
    """How the rows of a new table lie in files.

    Raises:
        UnsupportedError: they would be outside of the store.
    """
    location, properties = client.location_of(table), made.properties
    client.locations.key_of(f"{metadata_location(location, properties)}/")
    return Layout(made.columns, made.spec, client.data_folder(location, properties), made.order, properties)


def layout_of(
    snapshot: Snapshot,
    columns: Any = None,
    spec: PartitionSpec | None = None,
    order: SortOrder | None = None,
) -> Layout:
    """How new rows of a table lie in files."""
    columns = columns or snapshot.metadata.schema()
    order = order or changed_order(snapshot.metadata, None, columns)[0]
    return Layout(columns, spec or snapshot.spec, snapshot.data_folder, order, snapshot.properties)


def check_given(asked: Layouts, snapshot: Snapshot) -> None:
    """Check that the partitions, order and properties that a call gives are those that the table has.

    Raises:
        DataError: they are others.
    """
    check_same_properties(asked.properties, snapshot.properties)
    columns, order = snapshot.metadata.schema(), snapshot.metadata.sort_order()
    parts = terms_of(snapshot.spec, columns)
    if asked.partition_by is not None and tuple(str(parse_term(one)) for one in asked.partition_by) != parts:
        raise DataError(
            f"partition_by: found {list(asked.partition_by)}, expected the table's own, {list(parts)}: "
            "run('evolve', partitions=...) and mode='overwrite' change them"
        )
    if asked.sort_by is not None and sort_order(asked.sort_by, columns).fields != order.fields:
        raise DataError(
            f"sort_by: found {list(asked.sort_by)}, expected the table's own, {list(sort_terms(order, columns))}: "
            "run('evolve', order=...) and mode='overwrite' change it"
        )


def evolved(snapshot: Snapshot, arriving: pa.Schema, schema_mode: str, keys: Sequence[str] = ()) -> Any:
    """A table's columns after rows of another schema come.

    Raises:
        DataError: the schemas don't fit.
        UnsupportedError: a column would get a type that Iceberg can't give it.
    """
    found = reconcile(snapshot.schema, arriving, schema_mode, keys)
    if found.equals(snapshot.schema):
        return snapshot.metadata.schema()
    added = pa.schema([one for one in found if one.name not in snapshot.schema.names])
    new = [one.with_nullable(True) for one in storable(added)]
    old = [one for one in found if one.name in snapshot.schema.names]
    return evolved_columns(snapshot.metadata, pa.schema([*old, *new]))


def _plan_append(client: Client, source: Source, asked: Write, snapshot: Snapshot) -> Change:
    check_given(asked, snapshot)
    columns = evolved(snapshot, source.arriving, asked.schema_mode)
    files = source.files(client, layout_of(snapshot, columns), asked.settings)
    return _written(files, "append", updates=schema_updates(snapshot.metadata, columns))


def _plan_overwrite(client: Client, source: Source, asked: Write, snapshot: Snapshot) -> Change:
    check_same_properties(asked.properties, snapshot.properties)
    if asked.branch == MAIN:
        columns = replaced_columns(snapshot.metadata, storable(source.arriving))
        spec, parted = changed_spec(snapshot, asked.partition_by or (), columns)
    else:
        columns, spec, parted = _columns_of_branch(source, asked, snapshot), snapshot.spec, ()
    order, ordered = changed_order(snapshot.metadata, asked.sort_by, columns)
    files = source.files(client, layout_of(snapshot, columns, spec, order), asked.settings)
    old = plan_files(snapshot)
    gone = None if any(one.has_deletes for one in old) else sum(one.rows for one in old)
    return _written(
        files,
        "overwrite",
        removed=[one.entry for one in old],
        updates=[*schema_updates(snapshot.metadata, columns), *parted, *ordered],
        gone=gone,
    )


def _columns_of_branch(source: Source, asked: Write, snapshot: Snapshot) -> Any:
    """The columns after a branch is overwritten: the table's, since main's readers would see others at once."""
    try:
        check_given(asked, snapshot)
        return evolved(snapshot, source.arriving, asked.schema_mode)
    except (DataError, UnsupportedError) as error:
        raise type(error)(
            f"{error.message}. The branch {asked.branch!r} has the columns, partitions and order of the table, so that "
            "an overwrite replaces its rows alone: schema_mode='evolve' adds columns, run('evolve') changes those of "
            "all branches, and mode='overwrite' without branch= replaces them"
        ) from error


def changed_spec(
    snapshot: Snapshot, terms: Sequence[str], columns: Any
) -> tuple[PartitionSpec, tuple[TableUpdate, ...]]:
    """The spec with some terms: one that the table has or had, or a new one."""
    metadata = snapshot.metadata
    first = max(metadata.last_partition_id or 0, PARTITION_FIELD_ID_START - 1) + 1
    number = max(one.spec_id for one in metadata.partition_specs) + 1
    made = partition_spec(terms, columns, number, first)
    for known in metadata.partition_specs:
        if known.compatible_with(made):
            made = known
    if made.spec_id == metadata.default_spec_id:
        return made, ()
    if made.spec_id != number:
        return made, (SetDefaultSpecUpdate(spec_id=made.spec_id),)
    return made, (AddPartitionSpecUpdate(spec=made), SetDefaultSpecUpdate(spec_id=-1))
