"""Moves tables within a store: the catalog gives them another name, and their files stay where they are."""

from __future__ import annotations

from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError

from dao.errors import AlreadyExistsError, NotFoundError
from dao.results import WriteResult
from dao_iceberg._actions.dropping import drop_table
from dao_iceberg._tables.client import Client, Snapshot

__all__ = ["move_table"]


def move_table(client: Client, source: str, target: str, mode: str) -> WriteResult:
    """See :meth:`dao_iceberg.IcebergInterface.move`."""
    snapshot = client.open(source)
    if client.exists(target):
        if mode == "ignore":
            return WriteResult(bytes=0, files=0)
        if mode != "overwrite":
            raise AlreadyExistsError(f"the table {target!r} is there: give mode='overwrite' or 'ignore'")
        drop_table(client, target)
    client.make_namespace(target)
    try:
        client.catalogs.get().rename_table(client.identifier(source), client.identifier(target))
    except Exception as error:
        if not _is_there(client, target, snapshot):  # else its answer was lost
            raise _meant(error, source, target) from error
    return WriteResult(bytes=0, files=0, version_after=snapshot.version)


def _is_there(client: Client, target: str, snapshot: Snapshot) -> bool:
    found = client.find(target)
    return found is not None and found.metadata.table_uuid == snapshot.metadata.table_uuid


def _meant(error: Exception, source: str, target: str) -> Exception:
    if isinstance(error, TableAlreadyExistsError):
        return AlreadyExistsError(f"another writer made the table {target!r} first")
    if isinstance(error, NoSuchTableError):
        return NotFoundError(f"there is no Iceberg table {source!r}")
    return error
