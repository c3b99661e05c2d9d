"""Positions: up to which version of a source a table has got, kept in its log."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from dao.data_object import DataObject
from dao.errors import NotFoundError
from dao.increments import Position
from dao.tables import check_position
from dao_files._actions.log import Log
from dao_files._actions.places import place_of

if TYPE_CHECKING:
    from dao_files._storage.storage import Change, Storage

__all__ = ["read_position", "refuse_stale"]


def read_position(storage: Storage, data_object: DataObject, source: str) -> Position | None:
    """See :meth:`dao_files._actions.interface.FilesInterface.read_position`."""
    place = place_of(storage, data_object)
    try:
        with closing(storage.snapshot(place.key, place.wanted)) as snapshot:
            return Log.of(snapshot).position(source)
    except NotFoundError:
        return None


def refuse_stale(position: Position | None, change: Change, mode: str) -> None:
    """Refuse a position that doesn't continue from the one that the base of a change has.

    Raises:
        ConflictError: it doesn't.
    """
    if position is not None and mode != "overwrite":
        log = Log() if change.base is None else Log.of(change.base)
        check_position(position, log.position(position.source), mode)
