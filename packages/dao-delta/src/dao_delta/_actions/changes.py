"""``read_changes``: rows that changed, from the change data feed or from the files that commits add and remove."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field, frozen

from dao.arrow.convert import select_fields
from dao.arrow.predicates import bind, parse
from dao.errors import DataError, NotFoundError, StoreError, UnsupportedError
from dao.memory import current, shown
from dao.progress import advance
from dao.results import Version
from dao.tables import CHANGE_COLUMNS, Selection, check_change_columns, mark_changes, select_changes, version_at
from dao_delta._snapshots.difference import alike
from dao_delta._snapshots.stored import StoredFile, StoredFiles, mapping_of
from dao_delta._snapshots.versions import history_of, open_version, told_by
from dao_delta._snapshots.widening import check_columns
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.keys import plain_path
from dao_delta._tables.log import Action, read_commit
from dao_delta._tables.log_files import LogFiles
from dao_delta._tables.partition_values import partition_value
from dao_files.lake import compared_bytes, without_common
from dao_files.storage import in_parallel

__all__ = ["changed_rows"]

Bound = int | str | datetime | None
Kind = Literal["insert", "delete", "update_before", "update_after"]

_READERS = 4
_FEED = "_change_type"
_KINDS: Mapping[str, Kind] = {
    "insert": "insert",
    "delete": "delete",
    "update_preimage": "update_before",
    "update_postimage": "update_after",
}
_CHANGE_TYPES = (pa.string(), pa.int64(), pa.timestamp("us", "UTC"))
_CHANGE_FIELDS = pa.schema(dict(zip(CHANGE_COLUMNS, _CHANGE_TYPES, strict=True)))


def changed_rows(client: Client, table: str, since: Bound, until: Bound, selection: Selection) -> pa.Table:
    """See :meth:`dao_delta.DeltaInterface.read_changes`."""
    newest = client.open(table)
    end = newest.version if until is None else _version(newest, until)
    begin = None if since is None else _version(newest, since)
    files = LogFiles.of(client.transport, table, -1 if begin is None else begin)
    if begin is None:
        begin = _oldest(files, end) - 1
    last = newest if end == newest.version else open_version(client, table, end, None)
    commits = [_commit(client, table, files, version) for version in range(begin + 1, end + 1)]
    check_change_columns(last.schema.names)
    reading = _Reading(client, last, selection, _uses_feed(client, last, begin, commits))
    return reading.read(commits)


@frozen
class _Commit:
    """A version of the range: its actions, and what it says of itself."""

    version: int
    actions: Sequence[Action]
    told: Version

    def of(self, kind: str) -> list[Action]:
        """The actions of a kind that change rows."""
        found = [action[kind] for action in self.actions if kind in action]
        return [one for one in found if kind == "cdc" or one.get("dataChange", True)]


def _commit(client: Client, table: str, files: LogFiles, version: int) -> _Commit:
    stat = files.commits.get(version)
    if stat is None:
        raise NotFoundError(
            f"the changes of version {version} of {table!r} are not kept any more: its commit is gone from the log; "
            "give a later since="
        )
    actions = read_commit(client.transport, stat.key)
    return _Commit(version, actions, told_by(version, actions, stat.modified))


def _version(newest: Snapshot, bound: Any) -> int:
    """The version that a bound means: a number, or the last one at or before a moment."""
    if isinstance(bound, datetime):
        return int(version_at(history_of(newest), bound).version)  # type: ignore[arg-type]
    if not isinstance(bound, int):
        raise NotFoundError(
            f"there is no version {bound!r} of {newest.key!r}: versions are numbers from 0, and moments are a date or "
            "datetime"
        )
    if not 0 <= bound <= newest.version:
        raise NotFoundError(f"there is no version {bound!r} of {newest.key!r}: the newest is {newest.version}")
    return bound


def _oldest(files: LogFiles, end: int) -> int:
    """The first version from which on all commits are there."""
    version = end
    while version - 1 in files.commits:
        version -= 1
    return version


def _uses_feed(client: Client, last: Snapshot, begin: int, commits: Sequence[_Commit]) -> bool:
    """Whether the change data feed was kept in all versions; checks that the rows of all fit the columns of the last.

    Raises:
        UnsupportedError: a column has another type by now.
    """
    changes = [(one.version, action["metaData"]) for one in commits for action in one.actions if "metaData" in action]
    if not changes:
        return last.has_change_feed
    kept = []
    for version, metadata in changes:
        check_columns(last, version, _fields(last.key, version, metadata))
        kept.append(str(metadata.get("configuration", {}).get("delta.enableChangeDataFeed")).lower() == "true")
    if begin >= 0:
        first = _first(client, last.key, begin)
        check_columns(last, first.version, first.fields)
        kept.append(first.has_change_feed or changes[0][0] == begin + 1)
    return all(kept)


def _fields(table: str, version: int, metadata: Action) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(metadata["schemaString"])["fields"]
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"version {version} of {table!r} is damaged: its metadata has no schema") from error
    return found


def _first(client: Client, table: str, begin: int) -> Snapshot:
    """The version before the range; the first one of the range where the log doesn't have it any more."""
    try:
        return open_version(client, table, begin, None)
    except NotFoundError:
        return open_version(client, table, begin + 1, None)


@define(eq=False)
class _Reading:
    """Reads the changes of commits in the columns of the last one.

    Attributes:
        client: the store.
        last: the last version.
        selection: the columns and rows that are asked for.
        feed: whether the change data feed tells the changes.
    """

    client: Client
    last: Snapshot
    selection: Selection
    feed: bool
    _seen: dict[int, Snapshot] = field(factory=dict)

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of the result."""
        wanted = [one for one in self._wanted if one.name not in CHANGE_COLUMNS]
        told = {b"dao.changes": b"feed" if self.feed else b"difference"}
        return pa.schema([*wanted, *_CHANGE_FIELDS], metadata=told)

    @cached_property
    def _wanted(self) -> pa.Schema:
        everything = pa.schema([*self.last.schema, *_CHANGE_FIELDS])
        return pa.schema(select_fields(everything, self.selection.columns))

    @cached_property
    def _needed(self) -> pa.Schema:
        """The columns by which rows are chosen, and those that are asked for; one at least."""
        everything = pa.schema([*self.last.schema, *_CHANGE_FIELDS])
        names = set(self._wanted.names)
        if self.selection.where is not None:
            names |= bind(parse(self.selection.where), everything).columns
        found = [one for one in self.last.schema if one.name in names]
        return pa.schema(found or [self.last.schema.field(0)])

    def read(self, commits: Iterable[_Commit]) -> pa.Table:
        """The changes of all commits that the selection chooses."""
        left = self.selection.limit
        nothing = pa.Table.from_batches([], self._needed)
        # what is wrong with the selection is an error also where nothing changed
        found = [self._chosen(nothing, "insert", Version(None))]
        for commit in commits:
            for rows in self._changed(commit):
                found.append(rows.slice(0, left))
                advance(rows=found[-1].num_rows)
                left = None if left is None else left - found[-1].num_rows
            if left is not None and left <= 0:
                break
        return pa.concat_tables(found)

    def _chosen(self, rows: pa.Table, kind: Kind, told: Version) -> pa.Table:
        """The rows of a change that the selection chooses, of which there may be few: the others aren't held."""
        found = select_changes(mark_changes(rows, kind, told), self.schema.names, self.selection.where)
        return pa.Table.from_arrays(found.columns, schema=self.schema)

    def _changed(self, commit: _Commit) -> Iterator[pa.Table]:
        """The changes of a commit, deletions first."""
        fed = commit.of("cdc") if self.feed else []
        return self._fed(commit, fed) if fed else self._moved(commit, commit.of("remove"), commit.of("add"))

    def _fed(self, commit: _Commit, fed: Sequence[Action]) -> Iterator[pa.Table]:
        schema = self._needed.append(pa.field(_FEED, pa.string()))
        files = [self._file(one, commit, commit.version) for one in fed]
        found: dict[str, list[pa.Table]] = {stored: [] for stored in _KINDS}
        for rows in self._tables(commit, files, schema):
            for stored, kind in _KINDS.items():
                chosen = rows.filter(pc.equal(rows[_FEED], stored)).drop_columns(_FEED)
                found[stored].append(self._chosen(chosen, kind, commit.told))
        for tables in found.values():
            yield from tables

    def _moved(self, commit: _Commit, removed: Sequence[Action], added: Sequence[Action]) -> Iterator[pa.Table]:
        """The rows that are gone, and then those that came."""
        old = {one["path"]: self._file(one, commit, commit.version - 1) for one in removed}
        new = {one["path"]: self._file(one, commit, commit.version) for one in added}
        again = sorted(old.keys() & new.keys())  # the same file with another deletion vector
        gone = [file for path, file in old.items() if path not in again]
        came = [file for path, file in new.items() if path not in again]
        inserted = []
        if gone and came and not self.feed:
            pairs, gone, came = alike(gone, came)
            for left, right in pairs:
                less, more = without_common(*self._compared(commit, left, right))
                yield self._chosen(less.select(self._needed.names), "delete", commit.told)
                inserted.append(self._chosen(more.select(self._needed.names), "insert", commit.told))
        gone += [self._seen_through(old[path], new[path]) for path in again]
        came += [self._seen_through(new[path], old[path]) for path in again]
        for rows in self._tables(commit, gone, self._needed):
            yield self._chosen(rows, "delete", commit.told)
        yield from inserted
        for rows in self._tables(commit, came, self._needed):
            yield self._chosen(rows, "insert", commit.told)

    def _compared(self, commit: _Commit, gone: Sequence[StoredFile], came: Sequence[StoredFile]) -> list[pa.Table]:
        """All rows of files, to be compared with one another.

        Raises:
            DataError: they take more than their share of the call's memory.
        """
        found, size, share = [], 0, current().upserted
        for files in (gone, came):
            tables = [pa.Table.from_batches([], self.last.schema)]
            for rows in self._tables(commit, files, self.last.schema):
                size += compared_bytes(rows)
                if size > share:
                    raise DataError(
                        f"memory_limit={shown(current().limit or 0)}: version {commit.version} rewrote rows that take "
                        f"at least {size:,} bytes to be compared, and they are held in a quarter of the limit: give a "
                        "limit of four times their size, or let the table keep a change data feed"
                    )
                tables.append(rows)
            found.append(pa.concat_tables(tables))
        return found

    def _seen_through(self, file: StoredFile, other: StoredFile) -> StoredFile:
        """The file with the rows alone that the other one's deletion vector hides."""
        if other.kept is None:
            return StoredFile(file.path, file.key, file.size, file.rows, file.partition, _none_of(self._count(file)))
        size = max(len(other.kept), 0 if file.kept is None else len(file.kept), self._count(file))
        kept = pc.and_not(_filled(file.kept, size), _filled(other.kept, size))
        return StoredFile(file.path, file.key, file.size, file.rows, file.partition, kept)

    def _count(self, file: StoredFile) -> int:
        return StoredFiles(self.client.transport, self.last.schema).rows_of(file)

    def _tables(self, commit: _Commit, files: Sequence[StoredFile], schema: pa.Schema) -> Iterator[pa.Table]:
        """The rows of files, in tables of a file or, within a memory limit, of a batch."""
        loose = pa.schema([one.with_nullable(True) for one in schema])  # older rows may lack columns that came later
        reader = StoredFiles(self.client.transport, loose, mapping_of(self.last))

        def batches(file: StoredFile) -> Iterator[pa.RecordBatch]:
            try:
                yield from (pa.RecordBatch.from_arrays(rows.columns, schema=schema) for rows in reader.read(file))
            except StoreError as error:
                self._check_there(commit, file, error)
                raise

        if current().limit is not None:
            yield from (pa.Table.from_batches([batch], schema) for file in files for batch in batches(file))
            return
        with closing(in_parallel(lambda file: pa.Table.from_batches(batches(file), schema), files, _READERS)) as found:
            yield from found

    def _check_there(self, commit: _Commit, file: StoredFile, error: Exception) -> None:
        try:
            self.client.transport.head(file.key)
        except NotFoundError:
            raise NotFoundError(
                f"the changes of version {commit.version} of {self.last.key!r} are not kept any more: vacuum deleted "
                f"{file.key!r}; give a later since="
            ) from error

    def _file(self, action: Action, commit: _Commit, version: int) -> StoredFile:
        """The file of an action, as it is in a version."""
        path = plain_path(action["path"])
        key = f"{self.last.key}/{path}"
        kept = None
        if action.get("deletionVector"):
            kept = self._snapshot(version).kept_rows.get(path)
            if kept is None:
                raise UnsupportedError(f"the deletion vector of {key!r} in version {version} can't be found")
        size = action.get("size")
        if size is None:
            size = self.client.transport.head(key).size
        return StoredFile(action["path"], key, size, None, self._partition(action, version), kept)

    def _partition(self, action: Action, version: int) -> dict[str, Any]:
        texts = action.get("partitionValues")
        if texts is None:  # an old writer's removal
            files = self._snapshot(version).files
            row = files.filter(pc.equal(files["path"], action["path"])).to_pylist()[0]
            return {name: row[f"partition.{name}"] for name in self.last.partition_by}
        mapping = mapping_of(self.last)
        known = {one.name: (mapping.physical(one.name), one.type) for one in self.last.schema}
        return {
            name: partition_value(texts[physical], kind)
            for name, (physical, kind) in known.items()
            if physical in texts
        }

    def _snapshot(self, version: int) -> Snapshot:
        if version not in self._seen:
            self._seen[version] = open_version(self.client, self.last.key, version, None)
        return self._seen[version]


def _none_of(count: int) -> pa.Array:
    return pa.repeat(pa.scalar(False), count)


def _filled(kept: pa.Array | None, size: int) -> pa.Array:
    """A deletion vector as long as its file: rows beyond its end are kept."""
    found = pa.array([], pa.bool_()) if kept is None else kept
    return pa.concat_arrays([found, pa.repeat(pa.scalar(True), size - len(found))])
