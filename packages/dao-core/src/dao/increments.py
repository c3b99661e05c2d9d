"""How far a table has got in another one's versions: what an incremental pipeline remembers, and what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from dao.display import Displayed
from dao.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow

__all__ = ["Increment", "Position"]


def _check_source(instance: Any, attribute: Any, value: Any) -> None:
    if not (isinstance(value, str) and value.strip() and value.isprintable()):
        raise DataError(f"{attribute.name} of a position: found {value!r:.80}, expected a text of printable characters")


def _check_version(instance: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise DataError(
            f"{attribute.name} of a position: found {value!r:.80}, expected a version that is a whole number of 64 bits"
        )


def _check_since(instance: Any, attribute: Any, value: Any) -> None:
    if value is not None:
        _check_version(instance, attribute, value)


@frozen
class Position(Displayed):
    """Up to which version of a source a table has got. A table has one position of each of its sources.

    A write or upsert with ``position=`` keeps it in the commit of its rows, so that a pipeline that is killed anywhere
    and run again neither loses nor repeats a change. It belongs to the version that it was committed with: later
    writes keep it, restoring an older version brings that one's back, and ``mode="overwrite"`` without ``position=``
    leaves a table that has none, since its rows are others.

    Two pipelines can't apply one change twice: ``since`` is compared with the position that the table has at the
    moment of the commit, and a difference is a :class:`~dao.errors.ConflictError`. A write with ``mode="overwrite"``
    replaces the position together with the rows, whatever it was.

    Attributes:
        source: the source's name.
        version: the last version of the source whose changes the table has.
        since: the version that the table must have before, None for no position; no part of what is compared or kept.

    Raises:
        DataError: an attribute is of another type.

    >>> Position("bronze.flights", 7, since=4) == Position("bronze.flights", 7)
    True
    """

    source: str = field(validator=_check_source)
    version: int = field(validator=_check_version)
    since: int | None = field(default=None, eq=False, validator=_check_since)


@frozen
class Increment(Displayed):
    """What changed in a source since the version that a table has got to, as ``read_increment`` gives it.

    Attributes:
        changes: the rows, to be read once. With keys one per key, as it is at the end, and ``_change_type``:
            ``insert``, ``update_after`` or ``delete``. Without keys the rows to append. The first time these are all
            rows of the source, batch by batch as they are read.
        since: the version that the table has, None for none.
        until: the version of the source that it has with these rows.
        position: what goes into the ``position=`` of the write or upsert of these rows, or of what was made of them.
        is_empty: no row of the source changed since; there is nothing to write.
    """

    changes: pyarrow.RecordBatchReader = field(eq=False)
    since: int | None
    until: int
    position: Position
    is_empty: bool = False

    def __str__(self) -> str:
        if self.is_empty:
            return f"Increment of {self.position.source}: nothing changed since version {self.since}"
        since = "its beginning" if self.since is None else f"version {self.since}"
        return f"Increment of {self.position.source}: since {since}, until version {self.until}"

    def _shown(self) -> Iterable[tuple[str, Any]]:
        columns = ", ".join(self.changes.schema.names)
        return [("source", self.position.source), ("since", self.since), ("until", self.until), ("columns", columns)]
