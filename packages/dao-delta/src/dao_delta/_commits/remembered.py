"""What a table remembers in its log beside its rows: calls with an idempotency key, and positions in sources.

A ``txn`` action is a name with a number. It is in the commit of the rows, stays in checkpoints, and is found without
the history. Each call has two: the digest of what was asked, and the version that it made. So has each position: the
version of the source, and the table's own version. An overwrite makes all earlier positions void by one more.

Source: the Delta protocol, "Transaction Identifiers". By the table's property ``delta.setTransactionRetentionDuration``
Spark forgets old ones; without it they are kept for ever.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from dao.errors import DataError
from dao.increments import Position
from dao.results import WriteResult
from dao.tables import KeyedCall, check_position
from dao_delta._tables.client import Snapshot
from dao_delta._tables.log import Action, now

__all__ = ["NOTHING", "Keyed", "Remembered", "read_position", "restored_positions"]

_CALL = "dao.call/"
_MADE = "dao.call.version/"
_POSITION = "dao.position/"
_AT = "dao.position.version/"
_RESET = "dao.position.reset"


def _txn(name: str, number: int) -> Action:
    return {"txn": {"appId": name, "version": number, "lastUpdated": now()}}


class Keyed(KeyedCall):
    """One call with an idempotency key, which is looked up in a table's log and kept there."""

    def find_result(self, snapshot: Snapshot, read_rest: Callable[[], None]) -> WriteResult | None:
        """The result if the call was done before, else None.

        Args:
            snapshot: the table.
            read_rest: reads the rows of the call that were not yet read.

        Raises:
            DataError: another call had this key.
        """
        known = snapshot.table.transaction_version(f"{_CALL}{self.key}")
        if known is None:
            return None
        read_rest()
        version = snapshot.table.transaction_version(f"{_MADE}{self.key}")
        if known != self.request.number:
            raise DataError(
                f"idempotency_key: {self.key!r} is that of another call, which made version {version}: the action, the "
                "arguments or the data differ; give this call a key of its own"
            )
        return WriteResult(0, 0, 0, 0, 0, version, version)

    def actions(self, version: int) -> list[Action]:
        """What the log keeps of the call, after all of its rows were read."""
        return [_txn(f"{_CALL}{self.key}", self.request.number), _txn(f"{_MADE}{self.key}", version)]


@frozen
class Remembered:
    """What a commit keeps beside its rows.

    Attributes:
        keyed: the call, if it has an idempotency key.
        position: up to which version of a source the table has got with it.
        replaces: whether all rows are replaced, and so the positions that belong to them.
    """

    keyed: Keyed | None = None
    position: Position | None = None
    replaces: bool = False

    def check(self, snapshot: Snapshot | None) -> None:
        """Check that the table has the position from which the rows continue.

        Raises:
            ConflictError: it has another one.
        """
        if self.position is not None:
            stored = None if snapshot is None else read_position(snapshot, self.position.source)
            check_position(self.position, stored, "overwrite" if self.replaces else "append")

    def actions(self, version: int) -> list[Action]:
        """The actions for a commit that makes a version."""
        found = [] if self.keyed is None else self.keyed.actions(version)
        if self.replaces and version:
            found.append(_txn(_RESET, version))
        if self.position is not None:
            found.append(_txn(f"{_POSITION}{self.position.source}", self.position.version))
            found.append(_txn(f"{_AT}{self.position.source}", version))
        return found

    @property
    def needs_commit(self) -> bool:
        """Whether there is a commit even if no row changes."""
        return self.keyed is not None or self.position is not None


NOTHING = Remembered()
"""A commit of rows alone."""


def read_position(snapshot: Snapshot, source: str) -> Position | None:
    """Up to which version of a source a table has got; None if it doesn't say."""
    found = snapshot.table.transaction_version(f"{_POSITION}{source}")
    at = snapshot.table.transaction_version(f"{_AT}{source}")
    if found is None or at is None or at < 0:
        return None
    reset = snapshot.table.transaction_version(_RESET)
    return None if reset is not None and at < reset else Position(source, found)


def restored_positions(older: Snapshot, since: list[Action], version: int) -> list[Action]:
    """The ``txn`` actions that bring back the positions of an older version, in a commit that makes a version.

    Args:
        older: the version that is restored.
        since: the actions of all commits after it.
        version: the version that is made.
    """
    names = [action["txn"]["appId"] for action in since if "txn" in action]
    sources = dict.fromkeys(name.removeprefix(_POSITION) for name in names if name.startswith(_POSITION))
    found: dict[str, int] = {}
    for source in sources:
        position = read_position(older, source)
        found[f"{_POSITION}{source}"] = -1 if position is None else position.version
        found[f"{_AT}{source}"] = -1 if position is None else version
    if _RESET in names:
        found[_RESET] = older.table.transaction_version(_RESET) or 0
    return [_txn(name, number) for name, number in found.items()]
