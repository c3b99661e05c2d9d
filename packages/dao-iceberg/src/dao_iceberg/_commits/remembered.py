"""What a table remembers in its properties beside its rows: calls with an idempotency key, and positions in sources.

Properties are set in the commit of the rows, are kept when snapshots expire, and by other engines. Each names the
snapshot that it came with. A position belongs to its snapshot: it counts only while that is one of the branch's line,
so that a rollback by any engine makes it void. Summaries of snapshots have all positions once more, for a restore.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import frozen
from pyiceberg.table.metadata import TableMetadata

from dao.errors import DataError
from dao.increments import Position
from dao.results import WriteResult
from dao.tables import KeyedCall, check_position
from dao_iceberg._tables.client import MAIN, Snapshot

__all__ = [
    "NOTHING",
    "Keyed",
    "Remembered",
    "line_of",
    "listed_positions",
    "positions_of",
    "positions_property",
    "read_position",
    "stored_positions",
    "void_calls",
]

_CALL = "dao.call/"
_POSITIONS = "dao.positions"


def positions_property(branch: str) -> str:
    """The property with the positions of a branch."""
    return _POSITIONS if branch == MAIN else f"{_POSITIONS}@{branch}"


class Keyed(KeyedCall):
    """One call with an idempotency key, which is looked up in a table's properties and kept there."""

    def find_result(self, snapshot: Snapshot, read_rest: Callable[[], None]) -> WriteResult | None:
        """The result if the call was done before, else None.

        A call counts while its version leads to the branch's newest one, or was expired. That of a branch which was
        dropped before anything of it was published is done again, and so is one that another engine rolled back.

        Args:
            snapshot: the table.
            read_rest: reads the rows of the call that were not yet read.

        Raises:
            DataError: another call had this key, or one on another branch.
        """
        known = snapshot.properties.get(f"{_CALL}{self.key}")
        metadata = snapshot.metadata
        if known is None or not metadata.refs:
            return None
        digest, _, text = known.partition(" ")
        version = int(text)
        if not _is_in(metadata, version, line_of(metadata, snapshot.version)):
            if version not in _lines_of(metadata, metadata.refs):
                return None
            raise DataError(
                f"idempotency_key: {self.key!r} is that of a call which made version {version}, of another branch or "
                "tag; give this call a key of its own"
            )
        read_rest()
        difference = self.request.difference(digest)
        if difference:
            raise DataError(
                f"idempotency_key: {self.key!r} is that of another call, which made version {version}: {difference}; "
                "give this call a key of its own"
            )
        return WriteResult(0, 0, 0, 0, 0, version, version)


def void_calls(metadata: TableMetadata, names: Iterable[str]) -> list[str]:
    """The properties of calls that don't count any more where some branches and tags are all that a table has."""
    calls = {
        name: int(known.rpartition(" ")[2]) for name, known in metadata.properties.items() if name.startswith(_CALL)
    }
    if not calls:
        return []
    names = list(names)
    kept = _lines_of(metadata, names)
    return [name for name, version in calls.items() if not (names and _is_in(metadata, version, kept))]


def _lines_of(metadata: TableMetadata, names: Iterable[str]) -> set[int]:
    """The versions that lead to the newest one of some branches and tags."""
    return set[int]().union(*(line_of(metadata, metadata.refs[name].snapshot_id) for name in names))


def _is_in(metadata: TableMetadata, version: int, line: set[int]) -> bool:
    """Whether a version is one of a line, or was expired: then it was one, since void calls go before."""
    return version in line or metadata.snapshot_by_id(version) is None


@frozen
class Remembered:
    """What a commit keeps beside its rows.

    Attributes:
        keyed: the call, if it has an idempotency key.
        positions: up to which version of each of some sources the table has got with it.
        replaces: whether all rows are replaced, and so the positions that belong to them.
        restored: the snapshot whose rows the table gets again, and with them the positions of then.
    """

    keyed: Keyed | None = None
    positions: tuple[Position, ...] = ()
    replaces: bool = False
    restored: int | None = None

    def check(self, snapshot: Snapshot | None) -> None:
        """Check that the table has the positions from which the rows continue.

        Raises:
            ConflictError: it has other ones.
        """
        for position in self.positions:
            stored = None if snapshot is None else read_position(snapshot, position.source)
            check_position(position, stored, "overwrite" if self.replaces else "append")

    def properties(self, snapshot: Snapshot | None, version: int, branch: str) -> dict[str, str]:
        """The properties that the commit of a snapshot sets.

        Args:
            snapshot: the version before.
            version: the id of the new one.
            branch: whose newest it will be.
        """
        found = {}
        if self.keyed is not None:
            found[f"{_CALL}{self.keyed.key}"] = f"{self.keyed.request.text} {version}"
        had = {} if snapshot is None else positions_of(snapshot)
        kept = {} if self.replaces else dict(had)
        if self.restored is not None and snapshot is not None:
            then = _positions_at(snapshot.metadata, self.restored)
            kept = {source: (known, version) for source, known in then.items()}
        kept |= {position.source: (position.version, version) for position in self.positions}
        if kept != had or (snapshot is not None and positions_property(branch) in snapshot.properties and not kept):
            found[positions_property(branch)] = json.dumps(kept)
        return found

    def summary(self, snapshot: Snapshot | None) -> dict[str, str]:
        """What the summary of the new snapshot says: all positions that the table has with it."""
        had = {} if snapshot is None or self.replaces else positions_of(snapshot)
        kept = {source: version for source, (version, _) in had.items()}
        if self.restored is not None and snapshot is not None:
            kept = dict(_positions_at(snapshot.metadata, self.restored))
        kept |= {position.source: position.version for position in self.positions}
        return {_POSITIONS: json.dumps(kept)} if kept or had else {}

    @property
    def needs_commit(self) -> bool:
        """Whether there is a commit even if no row changes."""
        return self.keyed is not None or bool(self.positions)


NOTHING = Remembered()
"""A commit of rows alone."""


def listed_positions(given: Position | Sequence[Position] | None) -> tuple[Position, ...]:
    """What ``position=`` was given, as a tuple.

    Raises:
        DataError: two of them are of one source.
    """
    found = () if given is None else (given,) if isinstance(given, Position) else tuple(given)
    names = [one.source for one in found]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise DataError(f"position: found two of the source {repeated!r}")
    return found


def read_position(snapshot: Snapshot, source: str) -> Position | None:
    """Up to which version of a source a table has got; None if it doesn't say."""
    found = positions_of(snapshot).get(source)
    return None if found is None else Position(source, found[0])


def positions_of(snapshot: Snapshot) -> Mapping[str, tuple[int, int]]:
    """The positions that count for the newest snapshot of a branch: by source the version, and the snapshot.

    A branch has those of the table until it gets its own.
    """
    stored = stored_positions(snapshot)
    if not stored:
        return {}
    line = line_of(snapshot.metadata, snapshot.version)
    return {source: (version, at) for source, (version, at) in stored.items() if _is_in(snapshot.metadata, at, line)}


def stored_positions(snapshot: Snapshot) -> Mapping[str, tuple[int, int]]:
    """The positions that a branch has in the table's properties, whether they count or not."""
    own = positions_property(snapshot.branch or MAIN)
    text = snapshot.properties.get(own, snapshot.properties.get(_POSITIONS))
    found = {} if text is None else json.loads(text)
    return {source: (int(version), int(at)) for source, (version, at) in found.items()}


def line_of(metadata: TableMetadata, version: int | None) -> set[int]:
    """The ids of a snapshot and those before it, as far as the metadata has them."""
    parents = {one.snapshot_id: one.parent_snapshot_id for one in metadata.snapshots}
    found: set[int] = set()
    while version is not None and version not in found:
        found.add(version)
        version = parents.get(version)
    return found


def _positions_at(metadata: TableMetadata, version: int) -> Mapping[str, int]:
    """The positions that a table had with an older snapshot, by its summaries: for a restore of it."""
    by_id = {one.snapshot_id: one for one in metadata.snapshots}
    current = by_id.get(version)
    while current is not None:
        text = None if current.summary is None else current.summary.get(_POSITIONS)
        if text is not None:
            return {source: int(found) for source, found in json.loads(text).items()}
        current = None if current.parent_snapshot_id is None else by_id.get(current.parent_snapshot_id)
    return {}
