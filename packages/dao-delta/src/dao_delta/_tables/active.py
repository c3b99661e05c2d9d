"""The files of a version as the log has them, word for word: deltalake says some of it, and in other words.

Source: the Delta protocol, "Action Reconciliation" and "Checkpoints". A file is known by its path and its deletion
vector; a checkpoint has the files of its version, in its parts or in sidecars.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dao.errors import StoreError
from dao_delta._tables.log import LOG, Action, read_commit
from dao_delta._tables.log_files import LogFiles, commit_stats, file_identity
from dao_files.manifest import Stat, Transport, native_file
from dao_files.storage import in_parallel

__all__ = ["active_files"]

_READERS = 8
_MAPS = ("partitionValues", "tags")
_FIELDS = frozenset({
    *_MAPS, "path", "size", "modificationTime", "stats", "deletionVector", "baseRowId", "defaultRowCommitVersion",
    "clusteringProvider", "sizeInBytes",
})  # fmt: skip
"""What an ``add`` and a ``sidecar`` may say, but for what a checkpoint says once more in other types."""


def active_files(
    transport: Transport, table: str, version: int, needed: str = "path"
) -> dict[tuple[str, str], dict[str, Any]]:
    """What the ``add`` actions of the files of a version say, by what each file is known by.

    Args:
        transport: the store.
        table: the table's key.
        version: the version.
        needed: only files whose action has this field; ``deletionVector`` for those with one.

    Raises:
        StoreError: the log is damaged.
    """
    files = LogFiles.of(transport, table)
    begin = files.begin_of(version)
    parts = files.checkpoints.get(begin, ())
    active = {file_identity(add): add for stat in parts for add in _checkpointed(transport, table, stat, needed)}
    commits = commit_stats(files, begin + 1 if parts else begin, version)
    for actions in in_parallel(lambda stat: read_commit(transport, stat.key), commits, _READERS):
        for action in actions:
            if "remove" in action:
                active.pop(file_identity(action["remove"]), None)
        active |= {file_identity(action["add"]): action["add"] for action in actions if "add" in action}
    return {known: _said(add) for known, add in active.items() if add.get(needed)}


def _said(found: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that an action has: a checkpoint has all of them, null where the action has none."""
    said = {name: value for name, value in found.items() if value is not None}
    return {
        name: dict(value) if name in _MAPS else _said(value) if isinstance(value, Mapping) else value
        for name, value in said.items()
    }


def _checkpointed(transport: Transport, table: str, stat: Stat, needed: str) -> Iterator[Action]:
    """What the ``add`` actions of a file of a checkpoint say, and those of the sidecars that it names."""
    if stat.key.endswith(".json"):
        actions = read_commit(transport, stat.key)
        yield from (action["add"] for action in actions if "add" in action)
        sidecars = [action["sidecar"] for action in actions if "sidecar" in action]
    else:
        yield from _column(transport, stat, "add", needed)
        sidecars = list(_column(transport, stat, "sidecar", "path"))
    for one in sidecars:
        key = f"{table}/{LOG}/_sidecars/{one['path'].rpartition('/')[2]}"
        yield from _column(transport, Stat(key, one["sizeInBytes"]), "add", needed)


def _column(transport: Transport, stat: Stat, name: str, needed: str) -> Iterator[Action]:
    """The actions of a kind in a Parquet file that have a certain field."""
    try:
        with pq.ParquetFile(native_file(transport, stat)) as file:
            kind = file.schema_arrow.field(name).type if name in file.schema_arrow.names else pa.struct([])
            if kind.get_field_index(needed) < 0:
                return
            wanted = [f"{name}.{one.name}" for one in kind if one.name in _FIELDS]
            for batch in file.iter_batches(columns=wanted):
                column = batch.column(name)
                yield from column.filter(pc.struct_field(column, needed).is_valid()).to_pylist()
    except pa.ArrowInvalid as error:
        raise StoreError(f"the checkpoint {stat.key!r} is damaged: {error}") from error
