"""The modes of a write, checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping

from dao._arguments import MODES
from dao.errors import DataError, UnsupportedError, did_you_mean

__all__ = ["check_mode"]


def check_mode(mode: str, allowed: tuple[str, ...] = MODES, *, lacks: Mapping[str, str] | None = None) -> None:
    """Check that a write can have this mode.

    Args:
        mode: the mode.
        allowed: the modes that the call accepts.
        lacks: the modes that the backend lacks, each with the reason: ``capabilities.lacks_modes``.

    Raises:
        DataError: the call doesn't accept the mode; the message has the nearest one that it accepts.
        UnsupportedError: the backend lacks the mode; the message has the reason and the modes that the backend has.
    """
    if mode not in allowed:
        hint = did_you_mean(mode, allowed) if isinstance(mode, str) else f"known: {', '.join(allowed)}"
        raise DataError(f"mode: found {mode!r}; {hint}")
    if lacks and mode in lacks:
        known = ", ".join(repr(name) for name in allowed if name not in lacks)
        raise UnsupportedError(f"mode: found {mode!r}, which this store doesn't have ({lacks[mode]}); it has {known}")
