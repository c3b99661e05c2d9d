"""The lines of the logger ``dao`` about actions: one each at the level DEBUG. Retries, at INFO, are named here.

A line has names and figures only: no argument's value, no option and no text of an error, so it can have no secret.
"""

from __future__ import annotations

import logging

from dao.display import size, thousands
from dao.events import Outcome, Request

__all__ = ["LOGGER", "ROOT", "log_action", "name_of"]

LOGGER = logging.getLogger("dao")

ROOT = logging.getLogger()
"""Where :data:`LOGGER` takes its level from while it has none of its own."""


def name_of(request: Request) -> str:
    """An action and its objects, and the start of its id, by which the lines of one call are found."""
    to = f" to {request.target.full_name!r}" if request.target is not None else ""
    return f"[{request.id[:8]}] {request.action} {request.data_object.full_name!r}{to}"


def log_action(request: Request, outcome: Outcome, error: BaseException | None = None) -> None:
    """Log one action that has ended."""
    if not LOGGER.isEnabledFor(logging.DEBUG):
        return
    by = f" by {request.interface}" if request.interface else ""
    what = f": {_moved(outcome)}" if error is None else f" failed: {type(error).__name__}, "
    LOGGER.debug("%s%s%s%.3f s", name_of(request), by, what, outcome.seconds)


def _moved(outcome: Outcome) -> str:
    counts = [(outcome.rows, "row"), (outcome.files, "file")]
    told = [f"{thousands(count)} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count is not None]
    return "".join(f"{part}, " for part in [*told, size(outcome.bytes)] if part)
