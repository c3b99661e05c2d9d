"""Short tracebacks in notebooks, which end at the user's own line."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from types import TracebackType

__all__ = ["notebook_lines"]

_SHOW_ALL = "DAO_FULL_TRACEBACK"


def notebook_lines(error: BaseException) -> list[str]:
    """The lines that IPython shows for an error.

    Frames inside DAO and IPython are left out, and causes are reduced to their messages. The error itself keeps
    everything, for ``%debug`` and for logs. ``DAO_FULL_TRACEBACK`` in the environment shows everything.
    """
    if os.environ.get(_SHOW_ALL):
        return _lines(traceback.format_exception(error))
    frames = traceback.StackSummary.from_list(_own_frames(error.__traceback__))
    shown = ["Traceback (most recent call last):\n", *frames.format()] if frames else []
    return _lines([*shown, *traceback.format_exception_only(error), *_causes(error)])


def _own_frames(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    """The frames from the user's first to the last before DAO's."""
    found: list[traceback.FrameSummary] = []
    for (frame, _), summary in zip(traceback.walk_tb(trace), traceback.extract_tb(trace), strict=True):
        room = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if room == "dao" and found:
            break
        if room not in ("IPython", "dao"):
            found.append(summary)
    return found


def _causes(error: BaseException) -> Iterator[str]:
    cause = error.__cause__
    seen = {id(error)}
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield f"caused by {''.join(traceback.format_exception_only(cause))}"
        cause = cause.__cause__


def _lines(texts: list[str]) -> list[str]:
    return "".join(texts).splitlines()
