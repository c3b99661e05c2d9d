"""The decision by ``mode=`` before anything is written: write, do nothing, or refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.errors import AlreadyExistsError
from dao_files._actions.contents import holds_table

if TYPE_CHECKING:
    from dao_files._actions.places import Place
    from dao_files._storage.storage import Change

__all__ = ["should_write"]


def should_write(change: Change, place: Place, mode: str) -> bool:
    """Decide whether to write; False if the object exists and the mode is ``ignore``.

    A table does not exist if there are only markers; a directory of any files exists then.

    Raises:
        AlreadyExistsError: the object exists and the mode is ``error``.
    """
    base = change.base
    if base is None:
        return True
    if not base.is_file and not place.whole and not holds_table(base.files, base.key):
        return True
    if mode == "error":
        raise AlreadyExistsError(
            f"{place.key!r} is already there; mode= 'append', 'overwrite' or 'ignore' says what to do about it"
        )
    return mode != "ignore"
