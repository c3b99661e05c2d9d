"""Deletes the files of a table that only old versions need, and what killed writers left.

DAO does it itself: deltalake deletes whatever is in the folder, and follows links out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import ceil, isfinite
from typing import Any

from dao.errors import DataError
from dao.results import WriteResult
from dao_delta._commits.own_files import has_own_form, named_files, removed_files
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.log import LOG
from dao_delta._tables.properties import seconds_in
from dao_files.manifest import Stat

__all__ = ["vacuum"]

_RETENTION = 7 * 24 * 3600
_LONGEST = 1_000_000
"""Hours: no file is older."""


def vacuum(client: Client, table: str, older_than: float | timedelta | None, *, dry_run: bool) -> WriteResult:
    """Delete the files that no version younger than a time needs, and what killed writers left.

    In a table that may have deletion vectors only the files that the log says were removed: the log doesn't say which
    vectors are in use.
    """
    hours = None if older_than is None else _hours(older_than)
    start = f"{table}/"
    # Listed before the version is read: what another writer adds from here on isn't among it.
    found = {stat.key.removeprefix(start): stat for stat in client.transport.list(start)}
    snapshot = client.open(table)
    snapshot.check_writable(removes=False)
    gone = sorted(_unneeded(snapshot, found, hours))
    if not dry_run:
        client.transport.delete(f"{start}{path}" for path in gone)
    version = snapshot.version
    return WriteResult(files=len(gone), version_before=version, version_after=version, details={"dry_run": dry_run})


def _unneeded(snapshot: Snapshot, found: Mapping[str, Stat], hours: int | None) -> Iterator[str]:
    """The paths of the files that can go, of those that were found."""
    needed = set(named_files(snapshot))
    expired = removed_files(snapshot, hours) - needed
    yield from (path for path in expired if path in found)
    if any("deletionVectors" in features for features in snapshot.named_features):
        return
    kept = needed | removed_files(snapshot)
    seconds = seconds_in(snapshot.properties, "delta.deletedFileRetentionDuration", _RETENTION)
    age = timedelta(seconds=seconds) if hours is None else timedelta(hours=hours)
    latest = datetime.now(UTC) - age
    for path, stat in found.items():
        if not path.startswith(f"{LOG}/") and path not in kept and has_own_form(path) and _is_before(stat, latest):
            yield path


def _is_before(stat: Stat, latest: datetime) -> bool:
    return stat.modified is not None and stat.modified <= latest


def _hours(older_than: Any) -> int:
    """Whole hours, upwards: rather too little is deleted."""
    if isinstance(older_than, timedelta):
        seconds = older_than.total_seconds()
    elif isinstance(older_than, (int, float)) and not isinstance(older_than, bool):
        seconds = older_than
    else:
        seconds = -1
    if (isinstance(seconds, float) and not isfinite(seconds)) or seconds < 0:
        raise DataError(f"older_than: found {older_than!r}, expected seconds of at least 0, or a timedelta")
    return _LONGEST if seconds > _LONGEST * 3600 else ceil(seconds / 3600)
