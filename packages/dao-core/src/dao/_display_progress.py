"""The progress bar: text in a terminal, a widget in a notebook. Drawn by rich."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from dao.display import size, thousands
from dao.errors import PluginError
from dao.progress import Listener, Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


__all__ = ["Bar", "progress_bar"]


class Bar:
    """A listener that draws one line per action: its name, progress, rate and remaining time.

    If the total is unknown, the bar only shows activity. If the output is not a terminal, such as a log file, one line
    is written at the end. A bar may be reused for one action after another.

    Args:
        console: where to draw, a ``rich.console.Console``; by default standard error, or the notebook.

    Raises:
        PluginError: rich is not installed.
    """

    def __init__(self, console: Console | None = None) -> None:
        if find_spec("rich") is None:
            raise PluginError("a progress bar is drawn by rich, which is not installed: pip install 'dao-core[cli]'")
        self._console = console
        self._drawn: RichProgress | None = None
        self._task: TaskID | None = None

    def __call__(self, progress: Progress) -> None:
        """Draw a report."""
        if self._drawn is None:
            self._drawn = _drawing(self._console)
            self._task = self._drawn.add_task(f"{progress.action} {progress.subject}", total=None, told="")
            self._drawn.start()
        assert self._task is not None
        done, total = _measure(progress)
        self._drawn.update(self._task, completed=done, total=total, told=_describe(progress))
        if progress.done:
            self.ended()

    def ended(self) -> None:
        """Keep the line and release the terminal, also after a failed action."""
        if self._drawn is not None:
            self._drawn.stop()
        self._drawn = self._task = None


def progress_bar() -> Listener:
    """A listener that draws a bar: in a terminal as text, in a notebook as a widget.

    Raises:
        PluginError: rich, which draws it, is not installed (``pip install 'dao-core[cli]'``).
    """
    return Bar()


def _drawing(console: Console | None) -> RichProgress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    screen = console or Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=screen)


def _measure(progress: Progress) -> tuple[int, int | None]:
    """The amount done and the total; in bytes if their total is known, else in rows."""
    by_bytes = progress.total_bytes is not None
    done = progress.bytes if by_bytes else progress.rows
    total = progress.total_bytes if by_bytes else progress.total_rows
    if progress.done:  # then all is done, whatever was expected
        return 1, 1
    # What goes beyond an estimate is no more than all of it.
    return done, None if total is None else max(total, done)


def _describe(progress: Progress) -> str:
    rows = f"{thousands(progress.rows)} rows" if progress.rows else ""
    return ", ".join(filter(None, [rows, size(progress.bytes) if progress.bytes else ""]))
