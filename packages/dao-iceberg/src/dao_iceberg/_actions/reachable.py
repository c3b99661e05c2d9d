"""The files that versions of a table need: what expire and orphans must not delete."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import timedelta

from pyiceberg.manifest import ManifestFile
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot

from dao.errors import DataError, UnsupportedError
from dao_files.storage import in_parallel
from dao_iceberg._tables.client import Client, Snapshot

__all__ = ["age_of", "check_may_delete", "files_of", "manifests_of", "metadata_files", "now"]

_READERS = 8
_GC = "gc.enabled"


def check_may_delete(snapshot: Snapshot) -> None:
    """Check that files of a table may be deleted.

    Raises:
        UnsupportedError: its property ``gc.enabled`` forbids it: other tables may have the files too. Or it can only
            be read.
    """
    snapshot.check_place()
    if snapshot.properties.get(_GC, "true").lower() == "false":
        raise UnsupportedError(f"the table {snapshot.key!r} has the property {_GC}=false: its files may not be deleted")


def now() -> float:
    """This moment, in milliseconds of the epoch."""
    return time.time() * 1000


def age_of(older_than: float | timedelta | None, default: float) -> float:
    """A time from which on something is old, in milliseconds.

    Args:
        older_than: seconds, or a ``timedelta``.
        default: milliseconds, if that is None.

    Raises:
        DataError: it is below 0.
    """
    if older_than is None:
        return default
    seconds = older_than.total_seconds() if isinstance(older_than, timedelta) else float(older_than)
    if not seconds >= 0:
        raise DataError(f"older_than: found {older_than!r}, expected seconds of at least 0, or a timedelta")
    return seconds * 1000


def manifests_of(client: Client, snapshots: Iterable[IcebergSnapshot]) -> Mapping[str, ManifestFile]:
    """The manifests of snapshots by their location, each once."""
    found = in_parallel(client.reader.manifests, list(snapshots), _READERS)
    return {one.manifest_path: one for some in found for one in some}


def files_of(client: Client, manifests: Iterable[ManifestFile]) -> set[str]:
    """The locations of the files that are in some manifests, of data and of deletes."""
    return {one.path for one in client.reader.live(list(manifests))}


def metadata_files(metadata: TableMetadata, snapshots: Iterable[IcebergSnapshot]) -> set[str]:
    """The locations of what snapshots have beside manifests and what these name: manifest lists, and statistics."""
    ids, found = set(), set()
    for one in snapshots:
        ids.add(one.snapshot_id)
        found.add(one.manifest_list)
    statistics = (*metadata.statistics, *metadata.partition_statistics)
    return found | {one.statistics_path for one in statistics if one.snapshot_id in ids}
