"""Which manifests of a table are to be one: each commit adds some, and all are listed and read by each plan of a read.

As Iceberg's own library does it, with the table properties that it has for it; what is merged stays below its size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyiceberg.manifest import ManifestFile

from dao_iceberg._tables.properties import is_on, number_in

__all__ = ["MANIFEST_BYTES", "MANIFEST_TARGET", "merged"]

MANIFEST_TARGET = "commit.manifest.target-size-bytes"
MANIFEST_BYTES = 8 << 20

_ENABLED = "commit.manifest-merge.enabled"
_LEAST, _LEAST_COUNT = "commit.manifest.min-count-to-merge", 100


def merged(manifests: Sequence[ManifestFile], properties: Mapping[str, str]) -> list[list[ManifestFile]]:
    """The manifests of a snapshot in groups, of which each is to be one: most are of one that stays as it is.

    Args:
        manifests: the newest first.
        properties: of the table.
    """
    if not is_on(properties, _ENABLED, default=True):
        return [[one] for one in manifests]
    size = number_in(properties, MANIFEST_TARGET, MANIFEST_BYTES)
    least = number_in(properties, _LEAST, _LEAST_COUNT)
    kinds: dict[Any, list[ManifestFile]] = {}
    for one in manifests:
        kinds.setdefault((one.partition_spec_id, one.content), []).append(one)
    found: list[list[ManifestFile]] = []
    for group in kinds.values():
        newest, *full = _packed(group, size)
        found += [newest] if len(newest) >= least else [[one] for one in newest]
        found += full
    return found


def _packed(manifests: Sequence[ManifestFile], size: int) -> list[list[ManifestFile]]:
    """Neighbours that are of a size together, filled from the oldest on; the newest first."""
    packs: list[list[ManifestFile]] = []
    used = 0
    for one in reversed(manifests):
        if not packs or used + one.manifest_length > size:
            packs.append([])
            used = 0
        packs[-1].append(one)
        used += one.manifest_length
    return [pack[::-1] for pack in reversed(packs)]
