"""What the log says of a version's data files, as files are skipped by it."""

from __future__ import annotations

from functools import partial

from dao_delta._snapshots.bounds import bounds_of
from dao_delta._tables.client import Snapshot
from dao_files.lake import FileFacts

__all__ = ["facts_of"]


def facts_of(snapshot: Snapshot) -> FileFacts:
    """What is known of the files, in the order of :attr:`Snapshot.files`."""
    partitions = {
        name: snapshot.files.column(f"partition.{name}").combine_chunks().cast(snapshot.schema.field(name).type)
        for name in snapshot.partition_by
    }
    return FileFacts(snapshot.files.num_rows, snapshot.schema, partitions, partial(bounds_of, snapshot.files))
