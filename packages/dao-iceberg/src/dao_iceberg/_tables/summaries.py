"""What a snapshot says of itself: how many files and rows came and went, and how many there are now.

Source: the Iceberg specification, "Optional Snapshot Summary Fields".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pyiceberg.manifest import DataFile, DataFileContent
from pyiceberg.table.snapshots import Operation, Snapshot, Summary

__all__ = ["summary_of"]

_KINDS = {
    DataFileContent.DATA: ("data-files", "records"),
    DataFileContent.POSITION_DELETES: ("delete-files", "position-deletes"),
    DataFileContent.EQUALITY_DELETES: ("delete-files", "equality-deletes"),
}
_WENT = {"data-files": "deleted-data-files", "records": "deleted-records"}
"""What is called otherwise than ``removed-...`` when it goes."""


def summary_of(
    operation: str,
    added: Sequence[DataFile],
    removed: Sequence[DataFile],
    more: Mapping[str, str],
    parent: Snapshot | None,
) -> Summary:
    """The summary of a new snapshot.

    Args:
        operation: ``append``, ``overwrite``, ``delete`` or ``replace``.
        added: the files that come.
        removed: the files that go.
        more: what it says beside the counts.
        parent: the snapshot before.
    """
    came, went = _counts(added), _counts(removed)
    found = {f"added-{name}": str(count) for name, count in came.items()}
    found |= {_WENT.get(name, f"removed-{name}"): str(count) for name, count in went.items()}
    partitions = {(file.spec_id, *file.partition) for file in (*added, *removed)}
    found["changed-partition-count"] = str(len(partitions))
    return Summary(operation=Operation(operation), **found, **_totals(came, went, parent), **more)


def _counts(files: Iterable[DataFile]) -> dict[str, int]:
    found: dict[str, int] = {}
    for file in files:
        many, rows = _KINDS[file.content]
        for name, count in ((many, 1), (rows, file.record_count), ("files-size", file.file_size_in_bytes)):
            found[name] = found.get(name, 0) + count
    return found


def _totals(came: Mapping[str, int], went: Mapping[str, int], parent: Snapshot | None) -> dict[str, str]:
    """The totals, where the snapshot before has them."""
    found = {}
    for name in ("data-files", "delete-files", "records", "files-size", "position-deletes", "equality-deletes"):
        before = "0" if parent is None else (parent.summary or {}).get(f"total-{name}") if parent.summary else None
        if before is not None and before.isdigit():
            total = int(before) + came.get(name, 0) - went.get(name, 0)
            if total >= 0:
                found[f"total-{name}"] = str(total)
    return found
