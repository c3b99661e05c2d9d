"""The modes of a write, checked before anything is written."""

from __future__ import annotations

from dao._arguments import MODES
from dao.errors import DataError, did_you_mean

__all__ = ["check_mode"]


def check_mode(mode: str, allowed: tuple[str, ...] = MODES) -> None:
    """Check that a write can have this mode.

    A mode that the interface's class declares absent is refused before its method is called.

    Args:
        mode: the mode.
        allowed: the modes that the call accepts.

    Raises:
        DataError: the call doesn't accept the mode; the message has the nearest one that it accepts.
    """
    if mode not in allowed:
        hint = did_you_mean(mode, allowed) if isinstance(mode, str) else f"known: {', '.join(allowed)}"
        raise DataError(f"mode: found {mode!r}; {hint}")
