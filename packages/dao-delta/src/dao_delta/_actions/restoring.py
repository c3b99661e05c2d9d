"""Makes an older version the newest one again: its files, columns, properties and positions in sources.

DAO does it itself, with the actions of the log word for word. deltalake spells paths in its own way, and a ``remove``
with another spelling than the file's ``add`` takes nothing out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from dao.errors import DataError, NotFoundError, StoreError, UnsupportedError
from dao.results import WriteResult
from dao.tables import version_at
from dao_delta._commits.remembered import restored_positions
from dao_delta._commits.transaction import Change, commit
from dao_delta._snapshots.stored import gone_error
from dao_delta._snapshots.versions import history_of
from dao_delta._tables.active import active_files
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.keys import plain_path
from dao_delta._tables.log import Action, commit_key, read_commit, remove_file
from dao_files.storage import in_parallel

__all__ = ["restore"]

_READERS = 8


def restore(client: Client, table: str, timeout: float, version: int | None, as_of: datetime | None) -> WriteResult:
    """Make an older version the newest one again."""
    newest = client.open(table)
    if (version is None) == (as_of is None):
        raise DataError("restore needs version= or as_of=, and not both")
    if as_of is not None:
        version = int(version_at(history_of(newest), as_of).version)  # type: ignore[arg-type]
    if not isinstance(version, int) or not 0 <= version <= newest.version:
        raise NotFoundError(f"there is no version {version!r} of {table!r}: the newest is {newest.version}")
    return commit(client, table, partial(_plan, client, table, version), timeout, lambda: None)


def _plan(client: Client, table: str, target: int, newest: Snapshot | None) -> Change:
    if newest is None:
        raise NotFoundError(f"there is no Delta table at {table!r}")
    older = client.open(table, target)
    before, after = _files(newest), _files(older)
    gone = [before[known] for known in before.keys() - after.keys()]
    back = [after[known] for known in after.keys() - before.keys()]
    newest.check_writable(removes=bool(gone))
    _check_protocol(older, newest)
    _check_there(older, back)
    actions = [
        *_changed_metadata(older, newest),
        *(remove_file(one["path"], one["partitionValues"], one["size"], one.get("deletionVector")) for one in gone),
        *({"add": {**one, "dataChange": True}} for one in back),
    ]
    if actions:
        actions += _old_positions(client, older, newest)
    return Change(operation="RESTORE", parameters={"version": target}, actions=actions)


def _files(snapshot: Snapshot) -> dict[tuple[str, str], dict[str, Any]]:
    """The files of a version as the log has them.

    Raises:
        StoreError: they aren't those that deltalake finds.
    """
    found = active_files(snapshot.client.transport, snapshot.key, snapshot.version)
    if sorted(one["path"] for one in found.values()) != sorted(snapshot.files["path"].to_pylist()):
        raise StoreError(f"the files of version {snapshot.version} of {snapshot.key!r} can't be told from its log")
    return found


def _check_there(older: Snapshot, files: Iterable[dict[str, Any]]) -> None:
    """Check that the files of an older version, and its deletion vectors, weren't deleted."""
    keys = [f"{older.key}/{plain_path(one['path'])}" for one in files]
    try:
        for _ in in_parallel(older.client.transport.head, keys, _READERS):
            pass
    except NotFoundError as error:
        raise gone_error(older, error) from error
    _ = older.kept_rows


def _check_protocol(older: Snapshot, newest: Snapshot) -> None:
    lost = [old - new for old, new in zip(older.named_features, newest.named_features, strict=True)]
    if any(lost):
        raise UnsupportedError(
            f"version {older.version} of {older.key!r} has the features {', '.join(sorted(set.union(*lost)))}, which "
            "the table lost since: only Spark can restore it"
        )


def _changed_metadata(older: Snapshot, newest: Snapshot) -> list[Action]:
    then = older.metadata_action()
    return [] if then == newest.metadata_action() else [then]


def _old_positions(client: Client, older: Snapshot, newest: Snapshot) -> list[Action]:
    """What makes the positions of an older version those of the table again."""
    keys = [commit_key(older.key, version) for version in range(older.version + 1, newest.version + 1)]
    since = [action for key in keys for action in read_commit(client.transport, key)]
    return restored_positions(older, since, newest.version + 1)
