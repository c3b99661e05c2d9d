"""``read_changes``: the rows that came and went, as the difference of the files of snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, frozen
from pyiceberg.schema import Schema
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot

from dao.arrow.convert import select_fields
from dao.arrow.predicates import bind, parse
from dao.errors import DataError, NotFoundError
from dao.memory import current, shown
from dao.progress import advance
from dao.results import Version
from dao.tables import CHANGE_COLUMNS, Selection, mark_changes, mark_renamed, select_changes, version_at
from dao_files.lake import compared_bytes, without_common
from dao_files.storage import in_parallel
from dao_iceberg._snapshots.moved_files import MovedFile, moved_files
from dao_iceberg._snapshots.renames import renamed
from dao_iceberg._snapshots.stored import StoredFiles
from dao_iceberg._snapshots.versions import history_of, version_of
from dao_iceberg._tables.client import Client, Snapshot
from dao_iceberg._tables.schemas import arrow_schema

__all__ = ["changed_rows"]

Bound = int | str | datetime | None
Kind = Literal["insert", "delete"]

_READERS = 4
_CHANGE_TYPES = (pa.string(), pa.int64(), pa.timestamp("us", "UTC"))
_CHANGE_FIELDS = pa.schema(dict(zip(CHANGE_COLUMNS, _CHANGE_TYPES, strict=True)))
_TOLD = {b"dao.changes": b"difference"}


def changed_rows(client: Client, table: str, since: Bound, until: Bound, selection: Selection, branch: str) -> pa.Table:
    """See :meth:`dao_iceberg.IcebergInterface.read_changes`."""
    newest = client.open(table, branch)
    end = newest.at if until is None else _found(newest, until)
    last = newest if end is newest.at else Snapshot(newest.client, table, newest.table, end, None)
    begin = None if since is None else _found(newest, since)
    return _Reading(last, selection, begin, _line(last, begin)).read()


def _found(newest: Snapshot, bound: Any) -> IcebergSnapshot:
    """The snapshot that a bound means: its id, or the last one at or before a moment.

    Raises:
        NotFoundError: there is none.
    """
    version = version_at(history_of(newest), bound).version if isinstance(bound, datetime) else bound
    found = newest.metadata.snapshot_by_id(version) if isinstance(version, int) else None
    if found is None:
        raise NotFoundError(f"there is no snapshot {bound!r} of {newest.key!r}: it never was, or it was expired")
    return found


def _line(last: Snapshot, begin: IcebergSnapshot | None) -> list[IcebergSnapshot]:
    """The snapshots after one up to the last, in order.

    Raises:
        NotFoundError: the last one doesn't come from the first, or one between them was expired.
    """
    found = _back(last, last.at, begin)
    if begin is None or (found and found[0].parent_snapshot_id == begin.snapshot_id):
        return found
    if last.at is not None and last.at in [begin, *_back(last, begin, None)]:
        return []
    raise NotFoundError(
        f"the changes of {last.key!r} since snapshot {begin.snapshot_id} can't be told: it isn't among those that led "
        f"to snapshot {last.version}, or some between the two were expired; give a later since="
    )


def _back(last: Snapshot, start: IcebergSnapshot | None, stop: IcebergSnapshot | None) -> list[IcebergSnapshot]:
    """The snapshots from one back to another, which isn't among them; the oldest first."""
    by_id = {one.snapshot_id: one for one in last.metadata.snapshots}
    found: list[IcebergSnapshot] = []
    while start is not None and start is not stop:
        found.insert(0, start)
        start = None if start.parent_snapshot_id is None else by_id.get(start.parent_snapshot_id)
    return found


@frozen(eq=False)
class _Commit:
    """A snapshot, and how the one before it differs."""

    told: Version
    stored: StoredFiles
    moved: Sequence[MovedFile]


@define(eq=False, slots=False)
class _Reading:
    """Reads the changes of snapshots in the columns of the last one.

    Attributes:
        last: the last snapshot.
        selection: the columns and rows that are asked for.
        begin: the snapshot before them.
        line: the snapshots.
    """

    last: Snapshot
    selection: Selection
    begin: IcebergSnapshot | None
    line: Sequence[IcebergSnapshot]

    @cached_property
    def columns(self) -> Schema:
        """The columns of the last snapshot; those that a row of the range may lack may be null."""
        metadata = self.last.metadata
        lived = [one for one in (self.begin, *self.line) if one is not None]
        schemas = [metadata.schema_by_id(one.schema_id) for one in lived if one.schema_id is not None]
        required = [{one.field_id for one in known.fields if one.required} for known in schemas if known is not None]
        return Schema(
            *(
                one.model_copy(update={"required": one.required and all(one.field_id in known for known in required)})
                for one in self.last.columns.fields
            )
        )

    @cached_property
    def everything(self) -> pa.Schema:
        """The columns of the table."""
        return arrow_schema(self.columns)

    @cached_property
    def wanted(self) -> pa.Schema:
        """The columns of the result."""
        chosen = select_fields(pa.schema([*self.everything, *_CHANGE_FIELDS]), self.selection.columns)
        return pa.schema([*(one for one in chosen if one.name not in CHANGE_COLUMNS), *_CHANGE_FIELDS], _TOLD)

    @cached_property
    def needed(self) -> pa.Schema:
        """The columns by which rows are chosen, and those that are asked for; one at least."""
        names = set(self.wanted.names)
        if self.selection.where is not None:
            names |= bind(parse(self.selection.where), pa.schema([*self.everything, *_CHANGE_FIELDS])).columns
        found = [one for one in self.everything if one.name in names]
        return pa.schema(found or [self.everything.field(0)])

    def read(self) -> pa.Table:
        """The changes of all snapshots that the selection chooses."""
        left = self.selection.limit
        nothing = mark_changes(self.needed.empty_table(), "insert", Version(None))
        found = [self._limited(nothing, left)]  # what is wrong with the selection is an error where nothing changed too
        for commit in self._commits():
            for rows in self._changed(commit):
                found.append(self._limited(rows, left))
                advance(rows=found[-1].num_rows)
                left = None if left is None else left - found[-1].num_rows
            if left is not None and left <= 0:
                break
        return mark_renamed(pa.concat_tables(found), self._renamed())

    def _renamed(self) -> dict[str, str]:
        """The columns of the result that had other names before the range."""
        if self.begin is None:
            return {}
        before = Snapshot(self.last.client, self.last.key, self.last.table, self.begin, None)
        found = renamed(before.columns, self.last.columns)
        return {name: old for name, old in found.items() if name in self.wanted.names}

    def _limited(self, rows: pa.Table, limit: int | None) -> pa.Table:
        found = select_changes(rows, self.wanted.names, self.selection.where, limit)
        return pa.Table.from_arrays(found.columns, schema=self.wanted)

    def _commits(self) -> Iterator[_Commit]:
        client, key, table = self.last.client, self.last.key, self.last.table
        before = None if self.begin is None else Snapshot(client, key, table, self.begin, None)
        for one in self.line:
            after = Snapshot(client, key, table, one, None)
            if one.summary is None or one.summary.operation != Operation.REPLACE:
                moved = moved_files(before, after)
                states = [state for file in moved for state in file.states]
                yield _Commit(version_of(one), StoredFiles(after, states, self.columns), moved)
            before = after

    def _changed(self, commit: _Commit) -> Iterator[pa.Table]:
        """The changes of a commit, deletions first."""
        inserted: list[pa.Table] = []
        gone: list[MovedFile] = []
        came: list[MovedFile] = []
        for losing, gaining in _alike(commit.moved):
            if losing and gaining:
                less, more = without_common(*self._compared(commit, losing, gaining))
                yield self._chosen(less.select(self.needed.names), "delete", commit)
                inserted.append(self._chosen(more.select(self.needed.names), "insert", commit))
            else:
                gone += losing
                came += gaining
        for rows in self._tables(commit, gone, "delete", self.needed):
            yield self._chosen(rows, "delete", commit)
        yield from inserted
        for rows in self._tables(commit, came, "insert", self.needed):
            yield self._chosen(rows, "insert", commit)

    def _chosen(self, rows: pa.Table, kind: Kind, commit: _Commit) -> pa.Table:
        """The rows of a change that the selection chooses, of which there may be few: the others aren't held."""
        return select_changes(mark_changes(rows, kind, commit.told), None, self.selection.where)

    def _compared(
        self, commit: _Commit, losing: Sequence[MovedFile], gaining: Sequence[MovedFile]
    ) -> tuple[pa.Table, pa.Table]:
        """All rows that may be gone, and that may have come, to be compared with one another.

        Raises:
            DataError: they take more than their share of the call's memory.
        """
        found, size, share = [], 0, current().upserted
        kinds: tuple[tuple[Sequence[MovedFile], Kind], ...] = ((losing, "delete"), (gaining, "insert"))
        for files, kind in kinds:
            tables = [self.everything.empty_table()]
            for rows in self._tables(commit, files, kind, self.everything):
                size += compared_bytes(rows)
                if size > share:
                    raise DataError(
                        f"memory_limit={shown(current().limit or 0)}: version {commit.told.version} rewrote rows that "
                        f"take at least {size:,} bytes to be compared, and they are held in a quarter of the limit: "
                        "give a limit of four times their size"
                    )
                tables.append(rows)
            found.append(pa.concat_tables(tables))
        return found[0], found[1]

    def _tables(self, commit: _Commit, files: Sequence[MovedFile], kind: Kind, schema: pa.Schema) -> Iterator[pa.Table]:
        """The rows of files that went or came, in tables of a file or, within a memory limit, of a batch."""
        names = schema.names

        def batches(file: MovedFile) -> Iterator[pa.RecordBatch]:
            try:
                yield from _moved_rows(commit.stored, file, kind, names)
            except FileNotFoundError as error:
                raise commit.stored.missing(file.states[0].path) from error

        if current().limit is not None:
            yield from (pa.Table.from_batches([batch], schema) for file in files for batch in batches(file))
            return
        with closing(in_parallel(lambda file: pa.Table.from_batches(batches(file), schema), files, _READERS)) as found:
            yield from found


def _alike(moved: Iterable[MovedFile]) -> list[tuple[list[MovedFile], list[MovedFile]]]:
    """Files that may have rows in common, those of one partition: which may lose rows, and which may gain some."""
    files = list(moved)
    if len({file.states[0].place[0] for file in files}) > 1:  # of several specs: any of them may
        groups: dict[Any, list[MovedFile]] = {None: files}
    else:
        groups = {}
        for file in files:
            groups.setdefault(file.states[0].place, []).append(file)
    return [([one for one in some if one.may_lose], [one for one in some if one.may_gain]) for some in groups.values()]


def _moved_rows(stored: StoredFiles, file: MovedFile, kind: Kind, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a file that went, or that came."""
    this, other = (file.before, file.after) if kind == "delete" else (file.after, file.before)
    assert this is not None
    for rows, kept in stored.read_states([this] if other is None else [this, other], names):
        mask = kept[0]
        if other is not None:
            hidden = pa.repeat(pa.scalar(False), rows.num_rows) if kept[1] is None else pc.invert(kept[1])
            mask = hidden if mask is None else pc.and_(mask, hidden)
        yield rows if mask is None else rows.filter(mask)
