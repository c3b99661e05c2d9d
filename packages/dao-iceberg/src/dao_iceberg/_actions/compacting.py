"""Writes small files, and files of which rows are deleted, again as few large ones; and manifests as few ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
from attrs import define, evolve, field
from pyiceberg.manifest import ManifestContent

from dao.errors import DataError, NotFoundError
from dao.results import WriteResult
from dao_files.lake import FileSettings
from dao_iceberg._actions.rewriting import NewFiles
from dao_iceberg._actions.writing import layout_of
from dao_iceberg._commits.transaction import Change, commit
from dao_iceberg._snapshots.planning import StoredFile, plan_files
from dao_iceberg._snapshots.stored import StoredFiles
from dao_iceberg._tables.client import Client, Snapshot
from dao_iceberg._tables.files import Layout
from dao_iceberg._tables.manifest_merging import MANIFEST_BYTES, MANIFEST_TARGET
from dao_iceberg._tables.manifests import Entry
from dao_iceberg._tables.properties import file_settings, number_in

__all__ = ["compact", "rewrite_manifests"]

_SMALL = 0.75
"""A file is small below this part of the wanted size."""

_TARGET = "write.target-file-size-bytes"


def compact(
    client: Client, table: str, timeout: float, settings: FileSettings, target_size: int | None, branch: str
) -> WriteResult:
    """See :meth:`dao_iceberg.IcebergInterface.run_compact`."""
    client.open(table, branch)
    if target_size is not None and target_size < 1:
        raise DataError(f"target_size: found {target_size!r}, expected a number of bytes of at least 1")
    compaction = _Compaction(table, NewFiles(client, settings), target_size)
    result = commit(client, table, compaction.plan, timeout, compaction.new.discard, branch=branch)
    return result if result.details else evolve(result, details={"files_removed": 0, "files_added": 0})


@define(eq=False)
class _Compaction:
    """One compaction, whose new files are used again where another writer came first and left the old ones alone.

    Attributes:
        table: the table's key.
        new: the files that are written.
        target: the wanted size of a file; None for that of the table or the store.
    """

    table: str
    new: NewFiles
    target: int | None
    _done: Sequence[StoredFile] = field(default=(), init=False)
    _made_for: Any = field(default=None, init=False)

    def plan(self, snapshot: Snapshot | None) -> Change:
        if snapshot is None:
            raise NotFoundError(f"there is no Iceberg table {self.table!r}")
        snapshot.check_writable()
        files = plan_files(snapshot)
        layout = layout_of(snapshot)
        if self.target is not None:
            layout = evolve(layout, properties={**layout.properties, _TARGET: str(self.target)})
        chosen = self._still_there(files, layout)
        if chosen is None:
            self.new.discard()
            groups = _groups(
                files, layout.spec.spec_id, file_settings(self.new.settings, layout.properties).target_size
            )
            for group in groups:
                self.new.begin(layout).write(_rows(snapshot, group, layout))
            chosen = [one for group in groups for one in group]
            self._done, self._made_for = chosen, layout.made_of
        if not chosen:
            return Change()
        unneeded = _unneeded(snapshot, files, chosen)
        return Change(
            operation="replace",
            added=self.new.added,
            removed=[*(one.entry for one in chosen), *unneeded],
            result=WriteResult(
                0,
                0,
                0,
                self.new.size,
                self.new.count,
                details={"files_removed": len(chosen) + len(unneeded), "files_added": self.new.count},
            ),
        )

    def _still_there(self, files: Sequence[StoredFile], layout: Layout) -> list[StoredFile] | None:
        """The files of an earlier attempt as they are now; None if one of them is another by now."""
        if not self._done or layout.made_of != self._made_for:
            return None
        now = {one.path: one for one in files}
        found = [now.get(one.path) for one in self._done]
        same = [one for one, then in zip(found, self._done, strict=True) if one and one.deleted_by == then.deleted_by]
        return same if len(same) == len(found) else None


def _groups(files: Sequence[StoredFile], spec_id: int, target: int) -> list[list[StoredFile]]:
    """The files that are written again, those of a partition together, the oldest first.

    Files of older partitions are among them: then all of the table's files have the newest.
    """
    found: dict[Any, list[StoredFile]] = {}
    for one in sorted(files, key=lambda file: file.entry.sequence):
        older = one.place[0] != spec_id
        if older or one.has_deletes or one.entry.file.file_size_in_bytes < _SMALL * target:
            found.setdefault(None if older else one.place, []).append(one)
    return [
        group
        for place, group in found.items()
        if place is None or len(group) > 1 or any(one.has_deletes for one in group)
    ]


def _rows(snapshot: Snapshot, group: Sequence[StoredFile], layout: Layout) -> Iterator[pa.RecordBatch]:
    stored = StoredFiles(snapshot, group, layout.columns)
    for one in group:
        yield from stored.read(one)


def _unneeded(snapshot: Snapshot, files: Sequence[StoredFile], gone: Sequence[StoredFile]) -> list[Entry]:
    """The delete files that no data file has any more."""
    paths = {one.path for one in gone}
    needed = {entry.path for one in files if one.path not in paths for entry in (*one.positions, *one.equality)}
    manifests = [one for one in snapshot.manifests if one.content == ManifestContent.DELETES]
    return [one for one in snapshot.client.reader.live(manifests) if one.path not in needed]


def rewrite_manifests(client: Client, table: str, timeout: float, branch: str) -> WriteResult:
    """See :meth:`dao_iceberg.IcebergInterface.run_rewrite_manifests`."""
    client.open(table, branch)
    result = commit(client, table, partial(_plan_manifests, table), timeout, lambda: None, branch=branch)
    return result if result.details else evolve(result, details={"manifests_removed": 0, "manifests_added": 0})


def _plan_manifests(table: str, snapshot: Snapshot | None) -> Change:
    if snapshot is None:
        raise NotFoundError(f"there is no Iceberg table {table!r}")
    snapshot.check_writable()
    target = number_in(snapshot.properties, MANIFEST_TARGET, MANIFEST_BYTES)
    kinds: dict[Any, list[Any]] = {}
    for one in snapshot.manifests:
        kinds.setdefault((one.partition_spec_id, one.content), []).append(one)
    groups, gone = [], 0
    for manifests in kinds.values():
        entries = sorted(snapshot.client.reader.live(manifests), key=lambda one: repr(tuple(one.file.partition)))
        count = max(1, round(sum(one.manifest_length for one in manifests) / target))
        if not entries or count >= len(manifests):
            continue  # they are as few as they should be
        step = -(-len(entries) // count)
        groups += [entries[begin : begin + step] for begin in range(0, len(entries), step)]
        gone += len(manifests)
    return Change(
        operation="replace",
        regrouped=groups,
        result=WriteResult(0, 0, 0, details={"manifests_removed": gone, "manifests_added": len(groups)}),
    )
