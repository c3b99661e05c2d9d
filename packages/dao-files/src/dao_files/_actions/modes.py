"""The decision by ``mode=`` before anything is written: write, do nothing, or refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.errors import AlreadyExistsError
from dao.results import WriteResult
from dao_files._actions.contents import holds_table
from dao_files._actions.log import Log

if TYPE_CHECKING:
    from dao_files._actions.places import Place
    from dao_files._storage.storage import Change, Snapshot

__all__ = ["is_there", "result_of_nothing", "should_write"]


def is_there(found: Snapshot | None, place: Place) -> bool:
    """Check whether the object of a place exists, by a snapshot of its key.

    A table does not exist if there are only markers; a directory of any files exists then.
    """
    return found is not None and (found.is_file or place.whole or holds_table(found.files, found.key))


def result_of_nothing(found: Snapshot | None) -> WriteResult:
    """Return the result of a call that leaves an object as it is: its version is the same before and after."""
    version = Log.of(found).version if found is not None else None
    return WriteResult(0, 0, 0, 0, 0, version, version)


def should_write(change: Change, place: Place, mode: str) -> bool:
    """Decide whether to write; False if the object exists and the mode is ``ignore``.

    Raises:
        AlreadyExistsError: the object exists and the mode is ``error``.
    """
    if not is_there(change.base, place):
        return True
    if mode == "error":
        raise AlreadyExistsError(
            f"{place.key!r} is already there; mode= 'append', 'overwrite' or 'ignore' says what to do about it"
        )
    return mode != "ignore"
