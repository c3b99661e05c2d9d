"""Finds versions of a table by number and by moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dao.errors import NotFoundError
from dao.results import Version
from dao.tables import version_at
from dao_delta._client import Client, Snapshot

__all__ = ["history_of", "open_version"]


def open_version(client: Client, table: str, version: int | None, as_of: datetime | None) -> Snapshot:
    """Open a version of a table: by its number, the last one at or before a moment, or the newest.

    Raises:
        NotFoundError: there is no table, or no such version.
    """
    newest = client.open(table)
    if as_of is not None:
        version = int(version_at(history_of(newest), as_of).version)  # type: ignore[arg-type]
    if version is None or version == newest.version:
        return newest
    if not isinstance(version, int) or not 0 <= version < newest.version:
        raise NotFoundError(f"there is no version {version!r} of {table!r}: the newest is {newest.version}")
    return client.open(table, version)


def history_of(snapshot: Snapshot) -> Sequence[Version]:
    """The versions that the log still has, the newest first."""
    return [_version(entry) for entry in snapshot.table.history()]


def _version(entry: dict[str, Any]) -> Version:
    known = dict(entry)
    moment = datetime.fromtimestamp(known.pop("timestamp") / 1000, UTC)
    number, operation = known.pop("version"), known.pop("operation", None)
    details = {**_parsed(known.pop("operationParameters", None)), **known.pop("operationMetrics", {})}
    return Version(
        number, moment, operation, {**details, **{name: known[name] for name in ("engineInfo",) if name in known}}
    )


def _parsed(parameters: Any) -> dict[str, Any]:
    if isinstance(parameters, str):
        parameters = json.loads(parameters)
    return dict(parameters or {})
