"""Human-readable views: aligned text in a terminal, a small table in a notebook.

All views are built here, so they look alike: numbers are right-aligned with thousands separators, unknown values are
left out, long texts are wrapped to the width, and in HTML everything is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import fields, frozen

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Displayed", "TableView", "even_half_made", "moment", "size", "table_of", "thousands"]

T = TypeVar("T")

WIDTH = 100
"""Columns that a text view takes at most, where its words allow."""

_GAP = "  "
_LEAST = 24
"""The narrowest a wrapped column gets: below that it is more readable when it sticks out."""


def even_half_made(kind: type[T]) -> type[T]:
    """A class's ``repr`` made to give a text, too, for an object whose construction failed.

    Whatever shows the local variables of a traceback asks for one.
    """
    whole = kind.__repr__

    @wraps(whole)
    def shown(self: T) -> str:
        try:
            return whole(self)
        except AttributeError:
            return f"<{type(self).__name__}, whose construction failed>"

    kind.__repr__ = shown  # type: ignore[assignment, method-assign]
    return kind


def thousands(number: float | None) -> str:
    """A number with thousands separators; empty for ``None``.

    >>> thousands(336776), thousands(None)
    ('336,776', '')
    """
    return "" if number is None else f"{number:,}"


def size(bytes: int | None) -> str:
    """A human-readable amount of bytes, in powers of 1,000; empty for ``None``.

    >>> size(412), size(4_101_332), size(999_999)
    ('412 B', '4.1 MB', '1.0 MB')
    """
    if bytes is None:
        return ""
    if abs(bytes) < 1000:
        return f"{bytes} B"
    # Rounding first: 999,999 bytes are 1.0 MB, not 1000.0 kB.
    power = min(int(math.log10(float(f"{abs(bytes):.2g}"))) // 3, 6)
    return f"{bytes / 1000**power:.1f} {'kMGTPE'[power - 1]}B"


def moment(when: datetime | None) -> str:
    """A point in time to the second, with its zone unless that is UTC; empty for ``None``."""
    if when is None:
        return ""
    zone = f"{when:%z}" if when.utcoffset() else ""
    return f"{when:%Y-%m-%d %H:%M:%S}{zone}"


@frozen
class TableView:
    """A few rows of text under their headings, to be shown either way.

    Attributes:
        heads: the headings; all empty for a view without.
        rows: the cells.
        title: stands above; empty for none.
        right: for each column whether its cells stand to the right.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    right: tuple[bool, ...] = ()

    def text(self, width: int = WIDTH) -> str:
        """The rows in aligned columns, the title above, no trailing spaces.

        The last column is wrapped where a line would be longer than ``width``.
        """
        lines = [line for row in self._lines() for line in self._wrapped(row, width)]
        widths = self._widths(lines)
        sides = [str.rjust if to_right else str.ljust for to_right in self._right()]
        body = [
            _GAP.join(side(cell, wide) for side, cell, wide in zip(sides, line, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, *body] if self.title else body)

    def _lines(self) -> list[tuple[str, ...]]:
        return [self.heads, *self.rows] if any(self.heads) else list(self.rows)

    def _right(self) -> tuple[bool, ...]:
        return self.right or (False,) * len(self.heads)

    def _widths(self, lines: Sequence[Sequence[str]]) -> list[int]:
        return [max((len(line[i]) for line in lines), default=0) for i in range(len(self.heads))]

    def _wrapped(self, row: tuple[str, ...], width: int) -> list[tuple[str, ...]]:
        before = sum(self._widths(self._lines())[:-1]) + len(_GAP) * (len(self.heads) - 1)
        room = max(width - before, _LEAST)
        *first, last = row
        if len(last) <= room and "\n" not in last:
            return [row]
        from textwrap import wrap

        parts = [
            part
            for line in last.splitlines()
            for part in wrap(line, room, break_long_words=False, break_on_hyphens=False) or [""]
        ]
        return [(*(first if at == 0 else ("",) * len(first)), part) for at, part in enumerate(parts)]

    def html(self) -> str:
        """The same as an HTML table, everything escaped."""
        title = _html_text(self.title)
        caption = f'<caption style="text-align:left;font-weight:bold">{title}</caption>' if title else ""
        head = self._html_row("th", self.heads) if any(self.heads) else ""
        body = "".join(self._html_row("td", row) for row in self.rows)
        return f'<table class="dao">{caption}{head}{body}</table>'

    def _html_row(self, tag: str, row: Sequence[str]) -> str:
        # Notebooks put cells to the right by themselves, so each says where it stands.
        cells = (
            f'<{tag} style="text-align:{"right" if to_right else "left"}">{_html_text(cell)}</{tag}>'
            for cell, to_right in zip(row, self._right(), strict=True)
        )
        return f"<tr>{''.join(cells)}</tr>"


def _html_text(text: str) -> str:
    from html import escape

    return escape(text).replace("\n", "<br>")


def table_of(heads: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> TableView:
    """A view of rows of anything.

    ``None`` shows as an empty cell, an ``int`` with thousands separators; columns of numbers stand to the right.

    >>> print(table_of(["name", "rows"], [["flights", 336776], ["planes", None]]).text())
    name        rows
    flights  336,776
    planes
    """
    given = [tuple(row) for row in rows]
    columns = [[row[at] for row in given] for at in range(len(heads))]
    right = tuple(
        all(c is None or _is_number(c) for c in column) and any(map(_is_number, column)) for column in columns
    )
    return TableView(tuple(heads), tuple(tuple(map(_cell, row)) for row in given), title, right)


def _holds_numbers(column: Sequence[object]) -> bool:
    known = [cell for cell in column if cell is not None]
    return bool(known) and all(map(_is_number, known))


def _is_number(cell: object) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _cell(cell: object) -> str:
    if cell is None:
        return ""
    return f"{cell:,}" if type(cell) is int else str(cell)


class Displayed:
    """Gives an attrs record its HTML view: those of its fields that are known. Its repr stays attrs' own."""

    __slots__ = ()

    def _shown(self) -> Iterable[tuple[str, Any]]:
        """The names and values to be shown."""
        return [(f.name.replace("_", " "), getattr(self, f.name)) for f in fields(type(self))]  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        pairs = [(name, value) for name, value in self._shown() if value is not None and value != {}]
        return table_of(["", ""], pairs, type(self).__name__).html()
