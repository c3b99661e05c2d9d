"""The files in which a snapshot differs from the one before, by the manifests that they don't have in common."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen
from pyiceberg.manifest import ManifestContent, ManifestFile

from dao_iceberg._snapshots.planning import DeleteIndex, StoredFile, vector_place
from dao_iceberg._tables.client import Snapshot
from dao_iceberg._tables.manifests import Entry

__all__ = ["MovedFile", "moved_files"]


@frozen(eq=False)
class MovedFile:
    """A data file that came or went, or of which other rows are deleted.

    Attributes:
        before: as it was; None for one that came.
        after: as it is; None for one that went.
    """

    before: StoredFile | None
    after: StoredFile | None

    @property
    def states(self) -> list[StoredFile]:
        """The file as it was, and as it is."""
        return [one for one in (self.before, self.after) if one is not None]

    @property
    def may_lose(self) -> bool:
        """Whether rows of it may be gone."""
        return _has_more(self.before, self.after)

    @property
    def may_gain(self) -> bool:
        """Whether rows of it may have come."""
        return _has_more(self.after, self.before)


def _has_more(one: StoredFile | None, other: StoredFile | None) -> bool:
    """Whether a file may have rows that it doesn't have in another state."""
    return one is not None and (other is None or not other.deleted_by <= one.deleted_by)


def moved_files(before: Snapshot | None, after: Snapshot) -> list[MovedFile]:
    """The files in which a snapshot differs from another one, whatever wrote it.

    A file is in both if its path is in both: manifests may have been written again. Only manifests that one of the two
    doesn't have are read, and all of them where deletes came or went.

    Args:
        before: the older one; None for nothing.
        after: the newer one.
    """
    old = {} if before is None else {one.manifest_path: one for one in before.manifests}
    new = {one.manifest_path: one for one in after.manifests}
    left = [one for path, one in old.items() if path not in new]
    made = [one for path, one in new.items() if path not in old]
    reader = after.client.reader
    lost = {one.path: one for one in reader.live(_of(left, ManifestContent.DATA))}
    found = {one.path: one for one in reader.live(_of(made, ManifestContent.DATA))}
    metadata = after.metadata
    then = DeleteIndex.of(reader.live(_of(old.values(), ManifestContent.DELETES)), metadata)
    now = DeleteIndex.of(reader.live(_of(new.values(), ManifestContent.DELETES)), metadata)
    moved = [MovedFile(then.applied_to(one), None) for path, one in lost.items() if path not in found]
    moved += [MovedFile(None, now.applied_to(one)) for path, one in found.items() if path not in lost]
    deletes = [_names(reader.live(_of(some, ManifestContent.DELETES))) for some in (left, made)]
    if deletes[0] != deletes[1]:
        came = found.keys() - lost.keys()
        stay = [one for one in reader.live(_of(new.values(), ManifestContent.DATA)) if one.path not in came]
        pairs = [(then.applied_to(one), now.applied_to(one)) for one in stay]
        moved += [MovedFile(was, is_) for was, is_ in pairs if was.deleted_by != is_.deleted_by]
    return moved


def _of(manifests: Iterable[ManifestFile], content: ManifestContent) -> list[ManifestFile]:
    return [one for one in manifests if one.content == content]


def _names(entries: Iterable[Entry]) -> set[object]:
    return {(one.path, vector_place(one)) for one in entries}
