"""Deletes whole tables: from the catalog in one step, then their files."""

from __future__ import annotations

from pyiceberg.exceptions import NoSuchTableError

from dao.errors import NotFoundError, UnsupportedError
from dao.results import WriteResult
from dao_iceberg._client import Client
from dao_iceberg._planning import plan_files

__all__ = ["drop_table"]


def drop_table(client: Client, table: str) -> WriteResult:
    """Delete a table: its entry in the catalog, then every object below its folder.

    Raises:
        NotFoundError: there is no table.
        UnsupportedError: its files are outside of the store.
    """
    snapshot = client.open(table)
    folder = client.locations.key_of(f"{snapshot.metadata.location.rstrip('/')}/").rstrip("/")
    if not folder:
        raise UnsupportedError(f"the table {table!r} has the store's root as its folder: delete it there")
    files = plan_files(snapshot)
    rows = None if any(one.has_deletes for one in files) else sum(one.rows for one in files)
    try:
        client.catalogs.get().drop_table(client.identifier(table))
    except NoSuchTableError as error:
        raise NotFoundError(f"there is no Iceberg table {table!r}") from error
    client.transport.delete(stat.key for stat in client.transport.list(f"{folder}/"))
    return WriteResult(rows_deleted=rows, bytes=0, files=0, version_before=snapshot.version)
