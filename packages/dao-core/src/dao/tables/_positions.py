"""The check of a write's position against the one that its table has."""

from __future__ import annotations

from dao.errors import ConflictError
from dao.increments import Position

__all__ = ["StalePositionError", "check_position"]


class StalePositionError(ConflictError):
    """The table has got to another version of the source meanwhile: trying again as it stands is of no use."""

    __module__ = "dao.tables"  # where it is public, for tracebacks


def check_position(position: Position | None, stored: Position | None, mode: str = "append") -> None:
    """Check that a write continues from where its table is; a backend calls it in each attempt to commit.

    Args:
        position: the write's; None for a write without one.
        stored: the position that the table has of that source now, None if it has none.
        mode: the mode of the write; an overwrite replaces the position and isn't checked.

    Raises:
        StalePositionError: a ConflictError that :func:`retry_conflicts` raises at once.

    >>> check_position(Position("bronze.flights", 7, since=4), Position("bronze.flights", 4))
    >>> check_position(Position("bronze.flights", 7, since=4), Position("bronze.flights", 7))
    Traceback (most recent call last):
    dao.tables.StalePositionError: the increment of 'bronze.flights' goes from version 4 to 7, ...
    """
    if position is None or mode == "overwrite":
        return
    found = None if stored is None else stored.version
    if found != position.since:
        start = "the beginning" if position.since is None else f"version {position.since}"
        has = "has none of it" if found is None else f"has got to {found} already"
        raise StalePositionError(
            f"the increment of {position.source!r} goes from {start} to {position.version}, and the table {has}: "
            "read the increment again"
        )
