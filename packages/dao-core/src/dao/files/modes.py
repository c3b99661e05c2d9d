"""What ``mode=`` means before anything is written: go on, do nothing, or refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.arguments import MODES
from dao.errors import AlreadyExistsError, DataError, did_you_mean
from dao.files.contents import holds_table

if TYPE_CHECKING:
    from dao.files.places import Place
    from dao.files.storage import Change

__all__ = ["begins", "check_mode"]


def check_mode(mode: str, allowed: tuple[str, ...] = MODES) -> None:
    """Raise a DataError where ``mode`` is none, or none that can be meant here."""
    if mode not in allowed:
        hint = did_you_mean(mode, allowed) if isinstance(mode, str) else f"known: {', '.join(allowed)}"
        raise DataError(f"mode: found {mode!r}; {hint}")


def begins(change: Change, place: Place, mode: str) -> bool:
    """Whether to write; False where something is there and the mode is ``ignore``.

    Markers alone are no table. They are something in a directory that is meant as all of its files.

    Raises:
        AlreadyExistsError: something is there and the mode is ``error``.
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
