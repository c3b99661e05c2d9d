"""Changes of a table's metadata that make no snapshot: columns, properties, branches and tags, expired snapshots."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve, field, frozen
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import (
    AssertTableUUID,
    RemovePropertiesUpdate,
    RemoveSnapshotRefUpdate,
    RemoveSnapshotsUpdate,
    SetCurrentSchemaUpdate,
    SetDefaultSpecUpdate,
    SetPropertiesUpdate,
    SetSnapshotRefUpdate,
    TableRequirement,
    TableUpdate,
    update_table_metadata,
)

from dao.errors import ConflictError, DaoError, TransientError
from dao.results import WriteResult
from dao.tables import RetryBudget
from dao_iceberg._commits.tidying import tidying
from dao_iceberg._errors import translate
from dao_iceberg._tables.client import Client, Snapshot
from dao_iceberg._tables.properties import refuse_code

__all__ = ["Alteration", "alter"]


@frozen(kw_only=True, eq=False)
class Alteration:
    """A change of a table's metadata, planned on what it is now.

    Attributes:
        updates: what the catalog is asked to change; none if all is as it should be.
        requirements: what must be true then.
        result: the result without versions.
    """

    updates: Sequence[TableUpdate] = ()
    requirements: Sequence[TableRequirement] = ()
    result: WriteResult = field(factory=WriteResult)


def alter(client: Client, table: str, plan: Callable[[Snapshot], Alteration], timeout: float) -> WriteResult:
    """Plan a change of a table's metadata, and commit it.

    A commit whose answer was lost is made if the table is then as the commit would have made it. Else it is planned
    again: made twice it does no more than once.

    Args:
        client: the store.
        table: the table's key.
        plan: makes the change; it is called again after each conflict.
        timeout: seconds for which it is planned again after a first conflict.

    Raises:
        NotFoundError: there is no table.
        ConflictError: the time is used up.
        TransientError: the catalog doesn't answer; the message says whether the change may have been made.
    """
    budget = RetryBudget(timeout)
    while True:
        now = client.open(table)
        now.check_place()
        refuse_code(now.properties)
        found = plan(now)
        updates = tuple(found.updates)
        wanted = update_table_metadata(now.metadata, updates) if updates else now.metadata
        if not updates or _put(client, now, wanted, updates, found.requirements, budget):
            before, after = now.metadata.current_snapshot_id, wanted.current_snapshot_id
            return evolve(found.result, version_before=before, version_after=after)


def _put(
    client: Client,
    now: Snapshot,
    wanted: TableMetadata,
    updates: tuple[TableUpdate, ...],
    requirements: Sequence[TableRequirement],
    budget: RetryBudget,
) -> bool:
    """Ask the catalog to make a change; returns whether it is made."""
    asked = (AssertTableUUID(uuid=now.metadata.table_uuid), *requirements)
    written: list[str] = []
    try:
        with client.catalogs.noting(written.append):
            response = client.catalogs.get().commit_table(now.table, asked, updates)
    except Exception as error:
        meant = error if isinstance(error, DaoError) else translate(error)
        if isinstance(error, CommitFailedException):
            with tidying("metadata that was not committed", now.key):
                client.transport.delete(map(client.locations.key_of, written))
        elif not isinstance(meant, (TransientError, ConflictError)):
            raise
        if _is_made(client, now, wanted, updates, error):
            return True
        budget.wait(ConflictError(f"another writer changed {now.key!r} first"))
        return False
    with tidying("old metadata", now.key):
        client.catalogs.get()._delete_old_metadata(client.io, now.metadata, response.metadata)
    return True


def _is_made(
    client: Client, before: Snapshot, wanted: TableMetadata, updates: Sequence[TableUpdate], error: Exception
) -> bool:
    try:
        now = client.open(before.key).metadata
    except Exception as second:
        raise TransientError(
            f"the change of {before.key!r} may have been made: the catalog doesn't tell ({type(second).__name__})"
        ) from error
    return now.table_uuid == wanted.table_uuid and all(_is_as_wanted(one, wanted, now) for one in updates)


def _is_as_wanted(update: TableUpdate, wanted: TableMetadata, now: TableMetadata) -> bool:
    """Whether what an update changes is as it would make it."""
    match update:
        case SetCurrentSchemaUpdate():
            return bool(now.schema().as_struct() == wanted.schema().as_struct())
        case SetDefaultSpecUpdate():
            return bool(now.spec().compatible_with(wanted.spec()))
        case SetSnapshotRefUpdate() | RemoveSnapshotRefUpdate():
            return bool(now.refs.get(update.ref_name) == wanted.refs.get(update.ref_name))
        case RemoveSnapshotsUpdate():
            return not {one.snapshot_id for one in now.snapshots} & set(update.snapshot_ids)
        case SetPropertiesUpdate():
            return all(now.properties.get(name) == value for name, value in update.updates.items())
        case RemovePropertiesUpdate():
            return not set(update.removals) & set(now.properties)
    return True
