"""What a table's log holds: its commits and checkpoints by version, which versions can still be read, and the checks of
commits that deltalake leaves out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from attrs import define, field, frozen

from dao.errors import StoreError
from dao_delta._tables.log import LOG, Action, commit_key, read_commit
from dao_files.manifest import Stat, Transport
from dao_files.storage import in_parallel

__all__ = ["CommitChecks", "LogFiles", "commit_stats", "file_identity"]

_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(
    r"(?P<version>\d{20})\.checkpoint(\.(?P<part>\d{10})\.(?P<parts>\d{10})|\.[0-9a-fA-F-]{36})?\.(parquet|json)"
)
_READERS = 8


@frozen(slots=False)
class LogFiles:
    """The files of a log.

    Attributes:
        commits: the commits by version.
        checkpoints: by version the files of a complete checkpoint.
    """

    commits: Mapping[int, Stat]
    checkpoints: Mapping[int, Sequence[Stat]]

    @classmethod
    def of(cls, transport: Transport, table: str, after: int = -1) -> LogFiles:
        """List the log of a table.

        Args:
            transport: the store.
            table: the table's key.
            after: only what is of later versions.
        """
        commits: dict[int, Stat] = {}
        parts: dict[tuple[int, int], list[Stat]] = {}
        begin = commit_key(table, after) if after >= 0 else None
        for stat in transport.list(f"{table}/{LOG}/", after=begin):
            name = stat.key.rpartition("/")[2]
            if found := _COMMIT.fullmatch(name):
                commits[int(found[1])] = stat
            elif (found := _CHECKPOINT.fullmatch(name)) and stat.size:
                parts.setdefault((int(found["version"]), int(found["parts"] or 1)), []).append(stat)
        complete = {version: stats[:whole] for (version, whole), stats in parts.items() if len(stats) >= whole}
        return cls(commits, complete)

    @cached_property
    def readable(self) -> Sequence[int]:
        """The versions that can be read by the log, the oldest first."""
        found: list[int] = []
        for version in sorted(self.checkpoints.keys() | self.commits.keys()):
            follows = bool(found) and found[-1] == version - 1
            if version in self.checkpoints or (version in self.commits and (follows or version == 0)):
                found.append(version)
        return found

    def begin_of(self, version: int) -> int:
        """The first version whose commit, or checkpoint, is needed to read a version."""
        return max((one for one in self.checkpoints if one <= version), default=0)


def commit_stats(files: LogFiles, begin: int, end: int) -> list[Stat]:
    """The commits from a version to another, both included, as far as they are there."""
    return [files.commits[version] for version in range(begin, end + 1) if version in files.commits]


@define(eq=False)
class CommitChecks:
    """Checks of commits, each of which is made once by a client."""

    _checked: dict[str, int] = field(factory=dict)

    def check(self, transport: Transport, table: str, version: int) -> None:
        """Check the commits that a version is made of; those of older ones that were checked are not read again.

        Raises:
            StoreError: one is empty, or says twice what may be said once.
        """
        known = self._checked.get(table, -1)
        if version == known:
            return
        after = known if known < version else -1
        files = LogFiles.of(transport, table, after)
        begin = max(files.begin_of(version), after + 1)
        for _ in in_parallel(lambda stat: _check(transport, stat), commit_stats(files, begin, version), _READERS):
            pass
        self._checked[table] = max(version, known)

    def forget(self, table: str) -> None:
        """Check everything again: from now on the table is another one."""
        self._checked.pop(table, None)


def _check(transport: Transport, stat: Stat) -> None:
    actions = read_commit(transport, stat.key)
    if not actions:
        raise StoreError(f"the commit {stat.key!r} is empty: it was cut off when it was written")
    for kind in ("metaData", "protocol"):
        if sum(kind in action for action in actions) > 1:
            raise StoreError(f"the commit {stat.key!r} is damaged: it has more than one action {kind}")
    added = Counter(file_identity(action["add"]) for action in actions if "add" in action)
    twice = next((path for (path, _), count in added.items() if count > 1), None)
    if twice is not None:
        raise StoreError(f"the commit {stat.key!r} is damaged: it adds the file {twice!r} twice")


def file_identity(action: Action) -> tuple[str, str]:
    """What a file is known by, of its ``add`` or ``remove``: its path and its deletion vector."""
    vector = action.get("deletionVector") or {}
    return action["path"], f"{vector.get('storageType')}{vector.get('pathOrInlineDv')}@{vector.get('offset')}"
