"""How things look to a person: aligned text in a terminal, a small table in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from attrs import fields, frozen

__all__ = ["Displayed", "TableView", "table_of"]


@frozen
class TableView:
    """A few rows of text under their headings, to be shown either way."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""

    def text(self) -> str:
        """The rows in aligned columns, the title above, no trailing spaces."""
        lines = [self.heads, *self.rows] if any(self.heads) else list(self.rows)
        widths = [max((len(line[i]) for line in lines), default=0) for i in range(len(self.heads))]
        body = (
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        )
        return "\n".join([self.title, *body] if self.title else body)

    def html(self) -> str:
        """The same as an HTML table, everything escaped."""
        caption = f"<caption>{escape(self.title)}</caption>" if self.title else ""
        head = f"<tr>{''.join(f'<th>{escape(h)}</th>' for h in self.heads)}</tr>" if any(self.heads) else ""
        body = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in row)}</tr>" for row in self.rows)
        return f'<table class="dao">{caption}{head}{body}</table>'


def table_of(heads: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> TableView:
    """A view of rows of anything; ``None`` shows as an empty cell.

    >>> print(table_of(["name", "rows"], [["flights", 336776], ["planes", None]]).text())
    name     rows
    flights  336776
    planes
    """
    return TableView(tuple(heads), tuple(tuple("" if c is None else str(c) for c in row) for row in rows), title)


class Displayed:
    """Gives an attrs record its HTML view: its fields and their values. Its repr stays attrs' own."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        pairs: list[tuple[str, Any]] = [(f.name, getattr(self, f.name)) for f in fields(type(self))]  # type: ignore[arg-type]
        return table_of(["", ""], pairs, type(self).__name__).html()
