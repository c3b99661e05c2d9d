"""Deletes the files in a table's folders that no version of it needs: what killed writers left."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from dao.errors import UnsupportedError
from dao.results import WriteResult
from dao_files.manifest import Stat
from dao_iceberg._actions.reachable import age_of, check_may_delete, files_of, manifests_of, metadata_files, now
from dao_iceberg._tables.client import Client, Snapshot

__all__ = ["delete_orphans"]

_DAYS = 3 * 24 * 3600_000.0
_METADATA = re.compile(r"(.*)/metadata/[^/]+\.metadata\.json(?:\.gz)?")


def delete_orphans(client: Client, table: str, older_than: float | timedelta | None, *, dry_run: bool) -> WriteResult:
    """See :meth:`dao_iceberg.IcebergInterface.run_orphans`."""
    before = now() - age_of(older_than, _DAYS)
    # What is listed first may be committed since; what is committed first is listed.
    listed = _listed(client, client.open(table))
    newest = client.open(table)
    needed = _needed(newest)
    nested = _nested(listed, newest)
    found = [
        one
        for one in listed
        if one.key not in needed and _is_older(one, before) and not one.key.startswith(tuple(nested))
    ]
    if not dry_run:
        check_may_delete(newest)
        client.transport.delete(one.key for one in found)
    details = {"dry_run": dry_run, "bytes_freed": sum(one.size for one in found)}
    return WriteResult(
        0, 0, 0, files=len(found), version_before=newest.version, version_after=newest.version, details=details
    )


def _folders(snapshot: Snapshot) -> set[str]:
    """The keys of the folders of a table, each with a slash behind it.

    Raises:
        UnsupportedError: one is outside of the store, or all of it.
    """
    key_of = snapshot.client.locations.key_of
    places = (snapshot.metadata.location.rstrip("/"), snapshot.metadata_folder)
    found = {f"{key_of(f'{place}/').rstrip('/')}/" for place in places} | {f"{snapshot.data_folder}/"}
    if "/" in found:
        raise UnsupportedError(
            f"the table {snapshot.key!r} has the store's root as its folder: what isn't its can't be told"
        )
    return found


def _listed(client: Client, snapshot: Snapshot) -> list[Stat]:
    """All objects in the folders of a table, each once."""
    found = {one.key: one for folder in _folders(snapshot) for one in client.transport.list(folder)}
    return list(found.values())


def _needed(now: Snapshot) -> set[str]:
    """The keys of all that a table needs."""
    client, metadata = now.client, now.metadata
    manifests = manifests_of(client, metadata.snapshots)
    statistics = {one.statistics_path for one in (*metadata.statistics, *metadata.partition_statistics)}
    locations = {
        now.table.metadata_location,
        *(one.metadata_file for one in metadata.metadata_log),
        *metadata_files(metadata, metadata.snapshots),
        *statistics,
        *manifests,
        *files_of(client, manifests.values()),
    }
    hint = f"{now.metadata_folder}/version-hint.text"
    return {client.locations.key_of(one) for one in (*locations, hint)}


def _nested(listed: Iterable[Stat], now: Snapshot) -> set[str]:
    """The folders of other tables that are in those of a table: what they have isn't looked at."""
    key_of = now.client.locations.key_of
    places = (now.metadata.location.rstrip("/"), now.table.metadata_location.rpartition("/metadata/")[0])
    own = {f"{key_of(f'{place}/').rstrip('/')}/" for place in places}
    return {f"{match[1]}/" for one in listed if (match := _METADATA.fullmatch(one.key))} - own


def _is_older(stat: Stat, before: float) -> bool:
    return stat.modified is not None and stat.modified.timestamp() * 1000 <= before
