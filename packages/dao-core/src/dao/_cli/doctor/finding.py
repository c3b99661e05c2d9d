"""Findings of ``dao doctor``, with advice."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from dao.errors import ConfigError, DaoError, NotFoundError, PermissionDeniedError, PluginError, TransientError

__all__ = ["Finding", "Level", "advice_for", "of_error"]

Level = Literal["ok", "note", "warning", "error"]


@frozen
class Finding:
    """The result of one check.

    Attributes:
        area: ``packages``, ``plugins``, ``catalog``, ``stores`` or ``capabilities``.
        subject: the package, plugin, file or store that was checked.
        level: ``ok``; ``note``, good to know; ``warning``, may go wrong; ``error``, goes wrong.
        message: what was found.
        advice: what to do about it; empty if nothing.
        seconds: the store's response time, if it was queried.
    """

    area: str
    subject: str
    level: Level
    message: str
    advice: str = ""
    seconds: float | None = None


_ADVICE: tuple[tuple[type[BaseException], str], ...] = (
    (PluginError, "install or repair the plugin, then run `dao plugins`"),
    (ConfigError, "correct it in the catalog; an editor that knows its JSON Schema helps"),
    (PermissionDeniedError, "check which credentials are used here, that they have not expired, and what they may do"),
    (NotFoundError, "check the place that the catalog names: its bucket, database or folder has to be there"),
    (TransientError, "check the network and the endpoint, then try again"),
    (DaoError, "read the message: it says what was asked and what would have worked"),
)


def advice_for(error: BaseException) -> str:
    """What to do about an error, judging by its type."""
    return next(
        (advice for kind, advice in _ADVICE if isinstance(error, kind)), "this looks like a bug in the interface"
    )


def of_error(area: str, subject: str, error: Exception) -> list[Finding]:
    """The findings for an error: one per fault of a config."""
    advice = advice_for(error)
    if isinstance(error, ConfigError):
        return [Finding(area, subject, "error", str(fault), advice) for fault in error.faults]
    told = str(error) if isinstance(error, DaoError) else f"{type(error).__name__}: {error}"
    return [Finding(area, subject, "error", told, advice)]
