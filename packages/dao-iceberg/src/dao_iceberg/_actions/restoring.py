"""Makes an older version the newest one again: its files, its columns and its positions in sources."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot
from pyiceberg.table.update import SetCurrentSchemaUpdate, SetDefaultSpecUpdate, TableUpdate
from pyiceberg.transforms import VoidTransform

from dao.errors import DataError, NotFoundError, UnsupportedError
from dao.results import WriteResult
from dao_files.storage import in_parallel
from dao_iceberg._commits.evolving import changed_order
from dao_iceberg._commits.prepared import branch_update
from dao_iceberg._commits.remembered import Remembered
from dao_iceberg._commits.transaction import Change, commit
from dao_iceberg._snapshots.moved_files import moved_files
from dao_iceberg._snapshots.versions import open_version
from dao_iceberg._tables.client import MAIN, Client, Snapshot

__all__ = ["restore"]

_READERS = 8


def restore(
    client: Client, table: str, timeout: float, version: int | None, as_of: datetime | None, branch: str
) -> WriteResult:
    """Make an older version the newest one again."""
    if (version is None) == (as_of is None):
        raise DataError("restore needs version= or as_of=, and not both")
    client.open(table, branch)
    older = open_version(client, table, version, as_of, None if version is not None else branch)
    target = older.version
    assert target is not None
    remembered = Remembered(restored=target)
    try:
        plan = partial(_plan, table, target)
        return commit(client, table, plan, timeout, lambda: None, remembered, branch=branch)
    except Exception as error:
        now = client.find(table)
        if now is not None and now.metadata.snapshot_by_id(target) is None:
            raise _expired(table, target) from error
        raise


def _expired(table: str, version: int) -> NotFoundError:
    return NotFoundError(f"snapshot {version} of {table!r} was expired meanwhile")


def _plan(table: str, target: int, newest: Snapshot | None) -> Change:
    if newest is None:
        raise NotFoundError(f"there is no Iceberg table {table!r}")
    newest.check_writable()
    at = newest.metadata.snapshot_by_id(target)
    if at is None:
        raise _expired(table, target)
    branch = newest.branch or MAIN
    columns = _columns(newest, at) if branch == MAIN else []
    if target == newest.version and not columns:
        return Change()
    _check_there(newest, at)
    # A catalog refuses a branch of a snapshot that isn't there: so it is there still when the commit is made.
    still_there = branch_update(newest.metadata, branch, target)
    if branch != MAIN:
        _check_columns(newest, at, branch)
    return Change(operation="overwrite", restored=at, updates=[still_there, *columns])


def _check_there(newest: Snapshot, at: IcebergSnapshot) -> None:
    """Check that the files of an older snapshot weren't deleted.

    Raises:
        NotFoundError: one was.
    """
    client = newest.client
    older = Snapshot(client, newest.key, newest.table, at, None)
    files = {
        entry.path
        for moved in moved_files(newest, older)
        if moved.after is not None
        for entry in (moved.after.entry, *moved.after.positions, *moved.after.equality)
    }
    try:
        for _ in in_parallel(client.transport.head, [client.locations.key_of(path) for path in files], _READERS):
            pass
    except NotFoundError as error:
        raise NotFoundError(
            f"snapshot {at.snapshot_id} of {newest.key!r} isn't kept any more: {error.message}"
        ) from error


def _check_columns(newest: Snapshot, at: IcebergSnapshot, branch: str) -> None:
    """Check that no value of an older snapshot would be lost to readers of a branch, which has the table's columns.

    Raises:
        UnsupportedError: the table lacks a column of then, or has one that may not be null and wasn't there.
    """
    now = newest.metadata.schema()
    then = now if at.schema_id is None else newest.metadata.schema_by_id(at.schema_id) or now
    gone = [then.find_column_name(number) for number in sorted(then.field_ids - now.field_ids)]
    new = [one.name for one in now.fields if one.required and one.field_id not in then.field_ids]
    if gone or new:
        raise UnsupportedError(
            f"snapshot {at.snapshot_id} of {newest.key!r} has other columns than the table, which "
            f"{f'lacks {gone[0]!r}' if gone else f'has {new[0]!r} without nulls'}, and the branch {branch!r} has those "
            "of the table: restore it without branch=, which brings its columns back, or read it by version="
        )


def _columns(newest: Snapshot, at: IcebergSnapshot) -> list[TableUpdate]:
    """What gives the table the columns of an older snapshot, and partitions and an order that fit them."""
    metadata = newest.metadata
    schema = None if at.schema_id is None else metadata.schema_by_id(at.schema_id)
    if schema is None or schema.schema_id == metadata.current_schema_id:
        return []
    updates: list[TableUpdate] = [SetCurrentSchemaUpdate(schema_id=schema.schema_id)]
    if not _fits(metadata.spec(), schema):
        specs = sorted(metadata.partition_specs, key=lambda one: -one.spec_id)
        spec = next((one for one in specs if _fits(one, schema)), None)
        if spec is None:
            raise UnsupportedError(
                f"snapshot {at.snapshot_id} of {newest.key!r} lacks a column that the table is partitioned by now: "
                "change its partitions first, with run('evolve', ..., partitions=[])"
            )
        updates.append(SetDefaultSpecUpdate(spec_id=spec.spec_id))
    updates += changed_order(metadata, None, schema)[1]
    return updates


def _fits(spec: PartitionSpec, schema: Schema) -> bool:
    """Whether all columns of some partitions are there."""
    return all(isinstance(one.transform, VoidTransform) or one.source_id in schema.field_ids for one in spec.fields)
