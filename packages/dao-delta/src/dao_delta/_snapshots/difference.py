"""Which files of a commit may have rows in common."""

from __future__ import annotations

from collections.abc import Sequence

from dao_delta._snapshots.stored import StoredFile

__all__ = ["alike"]

Files = Sequence[StoredFile]


def alike(gone: Files, came: Files) -> tuple[list[tuple[Files, Files]], list[StoredFile], list[StoredFile]]:
    """Files that may have rows in common: those of the same partition.

    Returns:
        Pairs of such files, and those of each side whose partition the other side doesn't have.
    """
    if len({frozenset(file.partition) for file in (*gone, *came)}) > 1:  # the partition columns are others by now
        return [(gone, came)], [], []
    left, right = _by_partition(gone), _by_partition(came)
    pairs: list[tuple[Files, Files]] = [(files, right[place]) for place, files in left.items() if place in right]
    return pairs, _elsewhere(left, right), _elsewhere(right, left)


def _by_partition(files: Files) -> dict[str, list[StoredFile]]:
    found: dict[str, list[StoredFile]] = {}
    for file in files:
        found.setdefault(repr(sorted(file.partition.items())), []).append(file)
    return found


def _elsewhere(some: dict[str, list[StoredFile]], others: dict[str, list[StoredFile]]) -> list[StoredFile]:
    return [file for place, files in some.items() if place not in others for file in files]
