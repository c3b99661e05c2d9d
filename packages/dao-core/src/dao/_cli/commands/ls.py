"""``dao ls``."""

from __future__ import annotations

from collections.abc import Iterable

import click

from dao._cli import output
from dao._cli.options import STORE_OR_OBJECT
from dao._cli.options import command as subcommand
from dao._cli.session import Session
from dao.display import moment, size, thousands
from dao.results import Listed, TableInfo

__all__ = ["command"]


@click.argument("name", metavar="STORE[.OBJECT]", type=STORE_OR_OBJECT)
def ls(session: Session, name: str) -> None:
    """List the files, or the tables, of a store or of an object.

    They come in the order in which the store gives them, page by page. What
    it says of none, such as the size of tables, has no column.

    \b
    Keys of --json, one line each:
      key (from the store's root), size (bytes), modified (ISO 8601), etag,
      version; of a table key, kind, rows, size, modified; null for what the
      store doesn't say

    \b
    Example:
      dao ls bronze.flights
    """
    found = session.access().list(name)
    if session.as_json:
        for info in found:
            output.record(info)
    else:
        _write(found)


def _write(found: Iterable[Listed]) -> None:
    """Write a line each, and one that counts them; what the store says of none has no column."""
    lines = _Lines()
    count, noun, total = 0, "file", None
    try:
        for info in found:
            count += 1
            noun = "table" if isinstance(info, TableInfo) else noun
            total = total if info.size is None else (total or 0) + info.size
            lines.add(info)
    except Exception:
        lines.end()  # what was found before an error is shown
        raise
    lines.end()
    known = "" if total is None else f", {size(total)}"
    output.line(f"{thousands(count)} {noun}{'' if count == 1 else 's'}{known}" if count else "nothing")


class _Lines:
    """Lines of a listing, held back while a column is empty in all of them, up to some number."""

    def __init__(self) -> None:
        self._held: list[Listed] = []
        self._has = {"size": False, "modified": False}
        self._is_open = True

    def add(self, info: Listed) -> None:
        """Write a line, or hold it."""
        self._has = {name: had or getattr(info, name) is not None for name, had in self._has.items()}
        self._held.append(info)
        if not self._is_open or all(self._has.values()) or len(self._held) == _HELD:
            self.end()

    def end(self) -> None:
        """Write what is held; all further lines are written at once."""
        for info in self._held:
            output.line(self._line(info))
        self._held.clear()
        self._is_open = False

    def _line(self, info: Listed) -> str:
        # Sizes and times first, in fixed columns: lines can be written before the longest key is known.
        cells = {"size": f"{thousands(info.size):>15}", "modified": f"{moment(info.modified):19}"}
        shown = [cell for name, cell in cells.items() if self._has[name]]
        return "  ".join([*shown, output.printable(info.key)])


_HELD = 1000
"""Lines that are held at the most, so that a long listing is written as it is read."""


command = subcommand(ls)
