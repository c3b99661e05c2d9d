"""Deletion vectors as the log has them, which deltalake doesn't say: a commit that removes a file must name its vector.

Source: the Delta protocol, "Action Reconciliation", "Checkpoints" and "Deletion Vectors". A file is known by its path
and its vector; a checkpoint has the files of its version, in its parts or in sidecars.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dao.errors import StoreError
from dao_delta._log import LOG, Action, read_commit
from dao_delta._log_files import LogFiles, commit_stats, file_identity
from dao_files.manifest import Stat, Transport, native_file
from dao_files.storage import in_parallel

__all__ = ["vectors_in_log"]

_READERS = 8


def vectors_in_log(transport: Transport, table: str, version: int) -> dict[str, Mapping[str, Any]]:
    """The descriptors of the deletion vectors of a version, by the paths of the files.

    Args:
        transport: the store.
        table: the table's key.
        version: the version.

    Raises:
        StoreError: the log is damaged.
    """
    files = LogFiles.of(transport, table)
    begin = files.begin_of(version)
    parts = files.checkpoints.get(begin, ())
    active = {file_identity(add): add for stat in parts for add in _checkpointed(transport, table, stat)}
    commits = commit_stats(files, begin + 1 if parts else begin, version)
    for actions in in_parallel(lambda stat: read_commit(transport, stat.key), commits, _READERS):
        for action in actions:
            if "remove" in action:
                active.pop(file_identity(action["remove"]), None)
        active |= {file_identity(action["add"]): action["add"] for action in actions if "add" in action}
    return {add["path"]: _plain(add["deletionVector"]) for add in active.values() if add.get("deletionVector")}


def _plain(vector: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in vector.items() if value is not None}


def _checkpointed(transport: Transport, table: str, stat: Stat) -> Iterator[Action]:
    """The ``add`` actions of a file of a checkpoint that have a deletion vector, and of the sidecars that it names."""
    if stat.key.endswith(".json"):
        actions = read_commit(transport, stat.key)
        yield from (action["add"] for action in actions if "add" in action)
        sidecars = [action["sidecar"] for action in actions if "sidecar" in action]
    else:
        yield from _column(transport, stat, "add", "deletionVector")
        sidecars = list(_column(transport, stat, "sidecar", "path"))
    for one in sidecars:
        key = f"{table}/{LOG}/_sidecars/{one['path'].rpartition('/')[2]}"
        yield from _column(transport, Stat(key, one["sizeInBytes"]), "add", "deletionVector")


def _column(transport: Transport, stat: Stat, name: str, needed: str) -> Iterator[Action]:
    """The actions of a kind in a Parquet file that have a certain field."""
    try:
        with pq.ParquetFile(native_file(transport, stat)) as file:
            kind = file.schema_arrow.field(name).type if name in file.schema_arrow.names else pa.struct([])
            if kind.get_field_index(needed) < 0:
                return
            wanted = [f"{name}.{one.name}" for one in kind if one.name in ("path", "sizeInBytes", "deletionVector")]
            for batch in file.iter_batches(columns=wanted):
                column = batch.column(name)
                yield from column.filter(pc.struct_field(column, needed).is_valid()).to_pylist()
    except pa.ArrowInvalid as error:
        raise StoreError(f"the checkpoint {stat.key!r} is damaged: {error}") from error
