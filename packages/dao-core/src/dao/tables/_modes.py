"""The modes of a write, checked before anything is written."""

from __future__ import annotations

from dao._arguments import MODES
from dao.errors import DataError, did_you_mean

__all__ = ["check_mode"]


def check_mode(mode: str, allowed: tuple[str, ...] = MODES) -> None:
    """Raise a DataError where ``mode`` is none, or none that can be meant here."""
    if mode not in allowed:
        hint = did_you_mean(mode, allowed) if isinstance(mode, str) else f"known: {', '.join(allowed)}"
        raise DataError(f"mode: found {mode!r}; {hint}")
