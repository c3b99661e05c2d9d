"""Writes rows: new data files first, then one commit that names them. Nothing is seen of them before it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import field, frozen
from deltalake import DeltaTable, Schema

from dao.errors import AlreadyExistsError, DataError, UnsupportedError
from dao.increments import Position
from dao.results import WriteResult
from dao.tables import reconcile
from dao_delta._actions.source import Source
from dao_delta._commits.remembered import Remembered
from dao_delta._commits.transaction import Change, commit
from dao_delta._snapshots.parquet import DataFiles, Layout, partition_text
from dao_delta._tables.client import Client, Snapshot, partitions_of
from dao_delta._tables.log import LOG, Action, actions_in, commit_key, remove_file
from dao_delta._tables.properties import checked_properties, number_in
from dao_delta._tables.schemas import check_feed, check_letter_case, check_partitions, delta_fields, storable
from dao_files.lake import FileSettings, check_same_properties

__all__ = ["Write", "new_table_actions", "removals", "write_rows"]

_INDEXED = 32


@frozen(kw_only=True)
class Write:
    """What a write was asked for.

    Attributes:
        mode: see :meth:`dao_delta.DeltaInterface.write`.
        partition_by: the partition columns that were given; None for the table's own.
        schema_mode: ``strict`` or ``evolve``.
        properties: of a new table.
        description: of a new table.
        settings: how files are written.
        timeout: seconds for which the commit is tried again.
        position: up to which version of a source the table has got with it.
    """

    mode: str = "error"
    partition_by: tuple[str, ...] | None = None
    schema_mode: str = "strict"
    properties: Mapping[str, str] = field(default=None, converter=checked_properties)
    description: str | None = None
    settings: FileSettings = field(factory=FileSettings)
    timeout: float = 60.0
    position: Position | None = None

    @property
    def compared(self) -> dict[str, Any]:
        """What the call has in common with an earlier one of the same key."""
        return {
            "mode": self.mode,
            "partition_by": self.partition_by,
            "schema_mode": self.schema_mode,
            "properties": self.properties or None,
            "description": self.description,
        }


def write_rows(client: Client, table: str, source: Source, asked: Write) -> WriteResult:
    """See :meth:`dao_delta.DeltaInterface.write`."""
    plan = partial(_plan, client, table, source, asked)
    remembered = Remembered(source.keyed, asked.position, replaces=asked.mode == "overwrite")
    return commit(client, table, plan, asked.timeout, source.discard, remembered, source.read_rest)


def _plan(client: Client, table: str, source: Source, asked: Write, snapshot: Snapshot | None) -> Change:
    if snapshot is None:
        return _plan_new(client, table, source, asked)
    match asked.mode:
        case "error":
            raise AlreadyExistsError(f"the table {table!r} is there: give mode='append', 'overwrite' or 'ignore'")
        case "ignore":
            return Change(operation="WRITE", result=WriteResult(rows_inserted=0), is_ignored=True)
    check_same_properties(asked.properties, snapshot.properties)
    match asked.mode:
        case "append":
            return _plan_append(client, table, source, asked, snapshot)
        case "overwrite":
            return _plan_overwrite(client, table, source, asked, snapshot)
    return _plan_partitions(client, table, source, asked, snapshot)


def _written(
    files: DataFiles, asked: Write, *removed: Action, extra: Sequence[Action] = (), gone: int | None = 0
) -> Change:
    return Change(
        operation="WRITE",
        parameters={"mode": asked.mode, "partitionBy": json.dumps(list(files.layout.partition_by))},
        actions=[*extra, *removed, *files.actions],
        result=WriteResult(rows_inserted=files.rows, rows_deleted=gone, bytes=files.size, files=len(files.actions)),
        blind=not removed,
    )


def _plan_new(client: Client, table: str, source: Source, asked: Write) -> Change:
    if asked.mode == "overwrite_partitions" and not asked.partition_by:
        raise DataError("mode='overwrite_partitions' needs a partitioned table: give partition_by=")
    layout = first_layout(source.arriving, asked.partition_by, asked.properties)
    begin = new_table_actions(layout.schema, layout.partition_by, asked.properties, asked.description)
    return _written(source.files(client, table, layout, asked.settings), asked, extra=begin)


def first_layout(
    arriving: pa.Schema, partition_by: Sequence[str] | None, properties: Mapping[str, str] | None = None
) -> Layout:
    """How the rows of a new table lie in files."""
    layout = Layout(storable(arriving), tuple(partition_by or ()), _indexed(properties or {}))
    check_partitions(layout.schema, layout.partition_by)
    return layout


def new_table_actions(
    schema: pa.Schema, partition_by: Sequence[str], properties: Mapping[str, str], description: str | None = None
) -> list[Action]:
    """The ``protocol`` and ``metaData`` of a new table, as deltalake makes them.

    Raises:
        DataError: it has a change data feed, and a column that the feed has too.
    """
    check_feed(schema.names, properties)
    with tempfile.TemporaryDirectory(prefix="dao-delta-") as folder:
        DeltaTable.create(
            folder,
            Schema.from_arrow(schema),
            partition_by=list(partition_by) or None,
            configuration=dict(properties),
            description=description,
        )
        commit = Path(folder, LOG, Path(commit_key("", 0)).name).read_bytes()
    return [action for action in actions_in(commit) if "commitInfo" not in action]


def layout_of(snapshot: Snapshot, schema: pa.Schema | None = None) -> Layout:
    """How new rows of a table lie in files."""
    return Layout(schema or snapshot.schema, snapshot.partition_by, _indexed(snapshot.properties))


def _indexed(properties: Mapping[str, str]) -> int:
    """How many columns get statistics."""
    return number_in(properties, "delta.dataSkippingNumIndexedCols", _INDEXED)


def check_given_partitions(given: Sequence[str] | None, snapshot: Snapshot) -> None:
    """Check that partition columns which a call gives are the table's own."""
    if given is not None and tuple(given) != snapshot.partition_by:
        raise DataError(
            f"partition_by: found {list(given)}, expected the table's own, {list(snapshot.partition_by)}; "
            "mode='overwrite' can change them"
        )


def _plan_append(client: Client, table: str, source: Source, asked: Write, snapshot: Snapshot) -> Change:
    snapshot.check_writable(removes=False)
    check_given_partitions(asked.partition_by, snapshot)
    schema, changes = evolved(snapshot, source.arriving, asked.schema_mode)
    files = source.files(client, table, layout_of(snapshot, schema), asked.settings, snapshot)
    return _written(files, asked, extra=changes)


def evolved(
    snapshot: Snapshot, arriving: pa.Schema, schema_mode: str, keys: Sequence[str] = ()
) -> tuple[pa.Schema, list[Action]]:
    """A table's schema after rows of another schema come, and the actions that change it.

    Raises:
        DataError: the schemas don't fit, or a new column differs from another one by the case of letters alone.
        UnsupportedError: a column would get another type.
    """
    made = [one for one in snapshot.schema if one.name in snapshot.generated and one.name not in arriving.names]
    found = reconcile(snapshot.schema, pa.schema([*arriving, *made]), schema_mode, keys)
    if found.equals(snapshot.schema):
        return snapshot.schema, []
    check_letter_case(found.names)  # the table that has both can't be opened any more
    new = [one for one in found if one.name not in snapshot.schema.names]
    for old in snapshot.schema:
        if not found.field(old.name).type.equals(old.type):
            raise UnsupportedError(
                f"column {old.name!r} would become {found.field(old.name).type}: Delta keeps the type of a column, "
                f"{old.type}, without a rewrite; cast the data, or overwrite the table"
            )
    added = storable(pa.schema([one.with_nullable(True) for one in new]))
    check_feed(added.names, snapshot.properties)
    nullable = {one.name for one in found if one.nullable}
    fields = [{**one, "nullable": one["nullable"] or one["name"] in nullable} for one in snapshot.fields]
    text = json.dumps({"type": "struct", "fields": [*fields, *delta_fields(added)]})
    schema = pa.schema([*(one.with_nullable(one.nullable or one.name in nullable) for one in snapshot.schema), *added])
    return schema, [*protocol_for(snapshot, added), snapshot.metadata_action(schemaString=text)]


def protocol_for(snapshot: Snapshot, schema: pa.Schema) -> list[Action]:
    """The ``protocol`` action with which a table can have columns of these types; none if it can already."""
    needs = len(schema) and "timestampNtz" in new_table_actions(schema, (), {})[0]["protocol"].get("readerFeatures", ())
    if not needs or "timestampNtz" in snapshot.named_features[0]:
        return []
    readers, writers = snapshot.named_features
    return [
        {
            "protocol": {
                "minReaderVersion": 3,
                "minWriterVersion": 7,
                "readerFeatures": sorted({*readers, "timestampNtz"}),
                "writerFeatures": sorted({*writers, "timestampNtz"}),
            }
        }
    ]


def removals(snapshot: Snapshot, files: pa.Table | None = None) -> list[Action]:
    """The actions that take data files out of a table; all by default."""
    return [
        remove_file(
            row["path"],
            {name: partition_text(value) for name, value in partitions_of(snapshot, row).items()},
            row["size_bytes"],
            snapshot.vector_of(row["path"]),
        )
        for row in (snapshot.files if files is None else files).to_pylist()
    ]


def _plan_overwrite(client: Client, table: str, source: Source, asked: Write, snapshot: Snapshot) -> Change:
    snapshot.check_writable(removes=True)
    schema = storable(source.arriving)
    partition_by = asked.partition_by or ()
    check_partitions(schema, partition_by)
    check_feed(schema.names, snapshot.properties)
    layout = Layout(schema, partition_by, layout_of(snapshot).indexed)
    changes: list[Action] = []
    if not schema.equals(snapshot.schema) or partition_by != snapshot.partition_by:
        text = json.dumps({"type": "struct", "fields": _kept_fields(snapshot, schema)})
        changes = [
            *protocol_for(snapshot, schema),
            snapshot.metadata_action(schemaString=text, partitionColumns=list(partition_by)),
        ]
    files = source.files(client, table, layout, asked.settings, snapshot)
    return _written(files, asked, *removals(snapshot), extra=changes, gone=gone_rows(snapshot, snapshot.files))


def _kept_fields(snapshot: Snapshot, schema: pa.Schema) -> list[dict[str, Any]]:
    """The columns in Delta's JSON; with the comments and expressions of those that stay as they are."""
    old = {one["name"]: one for one in snapshot.fields}
    new = delta_fields(schema)
    return [old[one["name"]] if _is_same(old.get(one["name"]), one) else one for one in new]


def _is_same(old: dict[str, Any] | None, new: dict[str, Any]) -> bool:
    return old is not None and old["type"] == new["type"] and old["nullable"] == new["nullable"]


def gone_rows(snapshot: Snapshot, files: pa.Table) -> int | None:
    """The rows of data files that can be seen, as the log has them; None where it doesn't say."""
    counts = files.column("num_records")
    vectors = filter(None, map(snapshot.vector_of, files["path"].to_pylist()))
    hidden = sum(vector["cardinality"] for vector in vectors)
    return None if counts.null_count else int(pc.sum(counts).as_py() or 0) - hidden


def _plan_partitions(client: Client, table: str, source: Source, asked: Write, snapshot: Snapshot) -> Change:
    snapshot.check_writable(removes=True)
    check_given_partitions(asked.partition_by, snapshot)
    if not snapshot.partition_by:
        raise DataError(
            "mode='overwrite_partitions' needs a partitioned table; this one has none: use mode='overwrite'"
        )
    schema, changes = evolved(snapshot, source.arriving, asked.schema_mode)
    files = source.files(client, table, layout_of(snapshot, schema), asked.settings, snapshot)
    came = {tuple(action["add"]["partitionValues"].items()) for action in files.actions}
    old = snapshot.files
    gone = [
        number
        for number, row in enumerate(old.to_pylist())
        if tuple((name, partition_text(value)) for name, value in partitions_of(snapshot, row).items()) in came
    ]
    replaced = old.take(pa.array(gone, pa.int64()))
    return _written(files, asked, *removals(snapshot, replaced), extra=changes, gone=gone_rows(snapshot, replaced))
