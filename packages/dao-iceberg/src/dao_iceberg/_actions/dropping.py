"""Deletes whole tables: from the catalog in one step, then their files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.manifest import ManifestFile

from dao.errors import NotFoundError, PermissionDeniedError, StoreError, TransientError
from dao.results import WriteResult
from dao_iceberg._snapshots.planning import plan_files
from dao_iceberg._tables.client import Client, Snapshot

__all__ = ["drop_table"]

_METADATA = ".metadata.json"


def drop_table(client: Client, table: str) -> WriteResult:
    """Delete a table: its entry in the catalog, then the files that its metadata names and that are below its folder.

    What else is there may be another table's, whose key begins with this one's, or which was renamed to another key.

    Raises:
        NotFoundError: there is no table.
    """
    snapshot = client.open(table)
    snapshot.check_place()
    files = plan_files(snapshot)
    rows = None if any(one.has_deletes for one in files) else sum(one.rows for one in files)
    folder = f"{snapshot.metadata.location.rstrip('/')}/"
    own = {one for one in _own_files(snapshot) if one.startswith(folder)}
    keys = {client.locations.key_of(one) for one in own}
    try:
        client.catalogs.get().drop_table(client.identifier(table))
    except NoSuchTableError as error:
        raise NotFoundError(f"there is no Iceberg table {table!r}") from error
    client.transport.delete(sorted(keys))
    client.transport.delete(_older_metadata(snapshot))
    return WriteResult(rows_deleted=rows, bytes=0, files=0, version_before=snapshot.version)


def _own_files(snapshot: Snapshot) -> Iterator[str]:
    """The locations of all files of a table, of each of its snapshots."""
    metadata, reader = snapshot.metadata, snapshot.client.reader
    yield snapshot.table.metadata_location
    yield from (one.metadata_file for one in metadata.metadata_log)
    yield from (one.statistics_path for one in (*metadata.statistics, *metadata.partition_statistics))
    manifests: dict[str, ManifestFile] = {}
    for one in metadata.snapshots:
        if one.manifest_list:
            yield one.manifest_list
        with _whatever_is_lost():
            manifests |= {manifest.manifest_path: manifest for manifest in reader.manifests(one)}
    yield from manifests
    for manifest in manifests.values():
        with _whatever_is_lost():
            yield from (entry.path for entry in reader.live([manifest]))


@contextmanager
def _whatever_is_lost() -> Iterator[None]:
    """Go on where lists of files are gone or damaged: what only they named stays."""
    try:
        yield
    except (TransientError, PermissionDeniedError):
        raise
    except StoreError:
        return


def _older_metadata(snapshot: Snapshot) -> Iterator[str]:
    """The keys of metadata that the newest one doesn't name any more: it says itself of which table it is."""
    client = snapshot.client
    for stat in client.transport.list(f"{client.locations.key_of(snapshot.metadata_folder)}/"):
        if stat.key.endswith(_METADATA) and _table_of(client, stat.key) == str(snapshot.metadata.table_uuid):
            yield stat.key


def _table_of(client: Client, key: str) -> str | None:
    """The id of the table that a file of metadata is of; None if it doesn't say."""
    try:
        found = json.loads(bytes(client.transport.get(key))).get("table-uuid")
    except (ValueError, AttributeError, NotFoundError):
        return None
    return None if found is None else str(found)
