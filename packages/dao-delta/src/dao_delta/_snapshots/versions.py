"""Finds versions of a table by number and by moment, and tells their history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dao.errors import NotFoundError
from dao.results import Version
from dao.tables import version_at
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.log import Action, commit_key, read_commit
from dao_delta._tables.log_files import LogFiles
from dao_files.storage import in_parallel

__all__ = ["history_of", "open_version", "told_by"]

_READERS = 8


def open_version(client: Client, table: str, version: int | None, as_of: datetime | None) -> Snapshot:
    """Open a version of a table: by its number, the last one at or before a moment, or the newest.

    Raises:
        NotFoundError: there is no table, no such version, or the log doesn't have it any more.
    """
    if as_of is not None:
        version = int(version_at(history_of(client.open(table)), as_of).version)  # type: ignore[arg-type]
    if version is None:
        return client.open(table)
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise NotFoundError(f"there is no version {version!r} of {table!r}: versions are numbers from 0")
    _check_kept(client, table, version)  # deltalake looks for each commit up to one that never was, for minutes
    return client.open(table, version)


def _check_kept(client: Client, table: str, version: int) -> None:
    """Check that a version can be read by the log.

    Raises:
        NotFoundError: it never was, or the log doesn't have it any more.
    """
    kept = LogFiles.of(client.transport, table).readable
    if kept and version > kept[-1]:
        raise NotFoundError(f"there is no version {version} of {table!r}: the newest is {kept[-1]}")
    if kept and version not in kept:
        raise NotFoundError(
            f"the log of {table!r} does not have version {version} any more: the oldest that it has is {kept[0]}"
        )


def history_of(snapshot: Snapshot) -> Iterator[Version]:
    """The versions that can be read by the log, the newest first; commits are read as they are asked for."""
    files = LogFiles.of(snapshot.client.transport, snapshot.key)
    kept = [version for version in reversed(files.readable) if version <= snapshot.version]
    return in_parallel(lambda version: version_of(snapshot.client, snapshot.key, version, files), kept, _READERS)


def version_of(client: Client, table: str, version: int, files: LogFiles) -> Version:
    """A version as its commit tells it; without a time where there is a checkpoint alone."""
    if version not in files.commits:
        return Version(version)
    return told_by(version, read_commit(client.transport, commit_key(table, version)), files.commits[version].modified)


def told_by(version: int, actions: Sequence[Action], modified: datetime | None) -> Version:
    """A version as the actions of its commit tell it; ``modified`` is when the commit's file was written."""
    info: dict[str, Any] = next((action["commitInfo"] for action in actions if "commitInfo" in action), {})
    return Version(version, _moment(info) or modified, info.get("operation"), _details(info))


def _moment(info: Mapping[str, Any]) -> datetime | None:
    """When a commit was made: ``inCommitTimestamp`` where the table keeps it, which never goes back."""
    found = info.get("inCommitTimestamp", info.get("timestamp"))
    return None if found is None else datetime.fromtimestamp(int(found) / 1000, UTC)


def _details(info: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: info[name] for name in ("engineInfo", "userMetadata") if info.get(name) is not None}
    return {**_parsed(info.get("operationParameters")), **_parsed(info.get("operationMetrics")), **told}


def _parsed(given: Any) -> dict[str, Any]:
    if isinstance(given, str):
        given = json.loads(given)
    return dict(given or {})
