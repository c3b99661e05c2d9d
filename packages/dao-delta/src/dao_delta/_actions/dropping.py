"""Deletes whole tables: the table is there whole until one request, and isn't from then on."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence

from attrs import frozen

from dao.errors import NotFoundError, UnsupportedError
from dao.results import WriteResult
from dao_delta._actions.writing import gone_rows
from dao_delta._commits.own_files import has_own_form, removed_files
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.keys import deletion_mark, is_plain, plain_path
from dao_delta._tables.log import LOG

__all__ = ["LogKeys", "drop_table", "odd_files", "own_paths"]


def drop_table(client: Client, table: str, *, moved: bool = False, kept: Collection[str] = frozenset()) -> WriteResult:
    """Delete a table: its log, and what else below its folder is its own. What others put there stays.

    First the checkpoints go, the newest first, then the commits, the oldest first. So the log begins with its first
    commit, or an older checkpoint, and readers see the newest version, until what it begins with goes: from then on
    there is no table. Never is an older version seen, as it would be if the newest commits went first. The data files
    go after that, so that no reader misses one of a table that it sees.

    If it is cut off, there is the table or none, and repeating it deletes what is left: a mark in the log says so, and
    names the files that only the log tells from those of others.

    Args:
        client: the store.
        table: the table's key.
        moved: whether its rows are in another place by now.
        kept: the paths of files that stay: another table's, which comes in its place.

    Raises:
        NotFoundError: there is no table, and nothing left of one.
        UnsupportedError: the table is append-only.
    """
    snapshot = client.find(table)
    if snapshot is None and not client.remains(table):
        raise NotFoundError(f"there is no Delta table at {table!r}")
    if snapshot is not None and snapshot.is_append_only and not moved:
        raise UnsupportedError(f"the table {table!r} is append-only (delta.appendOnly): it can't be deleted")
    version = None if snapshot is None else snapshot.version
    rows = None if snapshot is None or snapshot.has_deletion_vectors else gone_rows(snapshot, snapshot.files)
    client.forget(table)
    mark = deletion_mark(table)
    odd = _marked(client, mark) if snapshot is None else odd_files(snapshot)
    client.transport.put(mark, json.dumps(sorted(odd)).encode())
    for paths in LogKeys.of(client, table).to_delete():
        client.transport.delete(f"{table}/{path}" for path in paths)
    gone = (path for path in own_paths(client, table, odd) if path not in kept)
    client.transport.delete(f"{table}/{path}" for path in gone)
    client.transport.delete([mark])
    return WriteResult(rows_deleted=rows, bytes=0, files=0, version_before=version)


def odd_files(snapshot: Snapshot) -> set[str]:
    """The files of a table that aren't known as its own by their names."""
    paths = snapshot.files["path"].to_pylist()
    named = {plain_path(path) for path in paths if is_plain(path)} | removed_files(snapshot)
    return {path for path in named if not has_own_form(path)}


def _marked(client: Client, mark: str) -> set[str]:
    """Those that a deletion which was cut off has noted."""
    content = bytes(client.transport.get(mark))
    return set(json.loads(content)) if content else set()


def own_paths(client: Client, table: str, odd: Collection[str]) -> Iterator[str]:
    """The paths of a table's own files that are there, below its folder; without a deletion's mark.

    Args:
        client: the store.
        table: the table's key.
        odd: those that aren't known by their names.
    """
    start, mark = f"{table}/", deletion_mark(table)
    for stat in client.transport.list(start):
        path = stat.key.removeprefix(start)
        if stat.key != mark and (path in odd or has_own_form(path)):
            yield path


@frozen
class LogKeys:
    """The files of a log, as paths below the table's folder.

    Attributes:
        begin: what says which checkpoint is the newest.
        whole: checkpoints, the newest first, and several commits in one.
        commits: the oldest first.
        rest: what checkpoints refer to, in folders of the log, and what readers can do without.
    """

    begin: tuple[str, ...]
    whole: tuple[str, ...]
    commits: tuple[str, ...]
    rest: tuple[str, ...]

    @classmethod
    def of(cls, client: Client, table: str) -> LogKeys:
        """List the log of a table; without a deletion's mark."""
        mark = deletion_mark(table)
        keys = [key.removeprefix(f"{table}/{LOG}/") for key in client.log_keys(table) if key != mark]
        commits = [key for key in keys if _is_commit(key)]
        whole = sorted((key for key in keys if key[:1].isdigit() and not _is_commit(key)), reverse=True)
        begin = [key for key in keys if key == "_last_checkpoint"]
        rest = sorted({*keys} - {*begin, *whole, *commits})
        return cls(*(tuple(f"{LOG}/{key}" for key in group) for group in (begin, whole, commits, rest)))

    @property
    def is_complete(self) -> bool:
        """Whether all commits are there, from the first to the last one."""
        return bool(self.commits) and self.commits[-1].endswith(f"/{len(self.commits) - 1:020d}.json")

    def to_delete(self) -> Iterator[Sequence[str]]:
        """The files in groups, to be deleted one after the other."""
        yield self.begin
        yield from ([path] for path in self.whole)
        yield self.commits[:1]
        yield self.commits[1:]
        yield self.rest


def _is_commit(key: str) -> bool:
    name, _, kind = key.partition(".")
    return kind == "json" and name.isdigit() and len(name) == 20
