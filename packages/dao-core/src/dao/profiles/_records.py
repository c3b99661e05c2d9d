"""What a profile says, as data that reads as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen

from dao.display import WIDTH, Displayed, TableView, table_of, thousands

__all__ = ["ColumnProfile", "Histogram", "Profile"]

_BARS = "▁▂▃▄▅▆▇█"
_CUTS = (32, 24, 19, 16, 13, 10, 7)
"""How long cells may be: the first with which a view fits its width."""

_FLOAT = 10
"""A longer float has six digits."""

_NAME = 16
"""Names are cut last: to this."""


@frozen
class Histogram(Displayed):
    """How the values of a column spread over bins of one width.

    ``str`` draws it, one character a bin: blank for none, else a bar.

    >>> str(Histogram(0.0, 0.5, (4, 0, 1, 8)))
    '▄ ▁█'

    Attributes:
        start: where the first bin begins: a number; a date, time or duration is counted in its type's unit.
        width: how wide each bin is, in the same unit; a power of 2.
        counts: how many values are in each bin; its lower end belongs to it, its upper end doesn't.
    """

    start: float
    width: float
    counts: tuple[int, ...]

    def _shown(self) -> Iterable[tuple[str, Any]]:
        return [("start", self.start), ("width of a bin", self.width), ("values", str(self))]

    def __str__(self) -> str:
        most = max(self.counts, default=0)
        return "".join(_BARS[-(-count * len(_BARS) // most) - 1] if count else " " for count in self.counts)


@frozen
class ColumnProfile(Displayed):
    """What is known of one column.

    Attributes:
        name: its name.
        type: its Arrow type, as text.
        nulls: how many values are null.
        nan: how many are NaN; None for a type without NaN.
        distinct: how many different values there are, null and NaN not counted; None for nested types.
        distinct_exact: whether ``distinct`` is counted; else it is an estimate, within 5% of it nearly always.
        min: the least value, null and NaN not counted; None where there is none, or the type has no order.
        max: the greatest one.
        histogram: how numbers, dates, times and truth values spread, infinite ones not counted; None for other types.
    """

    name: str
    type: str
    nulls: int
    nan: int | None = None
    distinct: int | None = None
    distinct_exact: bool = True
    min: Any = None
    max: Any = None
    histogram: Histogram | None = None


@frozen(repr=False)
class Profile:
    """The profile of an object; ``print`` it, or look at it in a notebook.

    Attributes:
        name: the object's full name.
        rows: how many rows were read.
        columns: one entry a column, in the object's order.
    """

    name: str
    rows: int
    columns: tuple[ColumnProfile, ...]

    def text(self, width: int = WIDTH) -> str:
        """The profile as text; names, types and values are cut until its lines fit the width, if they can."""
        lines: list[str] = []
        for cut in _CUTS:
            # Not the view's own width: a histogram must not be wrapped.
            lines = [self._headline, *self._view(cut).text(width=10_000).splitlines()]
            if max(map(len, lines)) <= width:
                break
        return "\n".join([*lines, *self._notes()])

    @property
    def _headline(self) -> str:
        rows, columns = self.rows, len(self.columns)
        return f"{self.name}: {_number(rows, 'row')}, {_number(columns, 'column')}"

    def _notes(self) -> list[str]:
        if any(not column.distinct_exact for column in self.columns):
            return ["~: an estimate, within 5% nearly always"]
        return []

    def _view(self, cut: int) -> TableView:
        nan = any(column.nan for column in self.columns)
        heads = ["column", "type", "nulls", *(["NaN"] if nan else []), "distinct", "min", "max", "histogram"]
        rows = [
            [
                _cut(column.name, max(cut, _NAME)),
                _cut(column.type, cut),
                column.nulls,
                *([column.nan] if nan else []),
                _distinct(column),
                _value(column.min, cut),
                _value(column.max, cut),
                str(column.histogram or ""),
            ]
            for column in self.columns
        ]
        view = table_of(heads, rows)
        return TableView(view.heads, view.rows, "", tuple(head in ("nulls", "NaN", "distinct") for head in heads))

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        view = self._view(_CUTS[0])
        titled = TableView(view.heads, view.rows, self._headline, view.right)
        return titled.html() + "".join(f"<p>{note}</p>" for note in self._notes())


def _distinct(column: ColumnProfile) -> str | None:
    if column.distinct is None:
        return None
    return ("" if column.distinct_exact else "~") + thousands(column.distinct)


def _number(count: int, noun: str) -> str:
    return f"{thousands(count)} {noun}{'' if count == 1 else 's'}"


def _value(value: Any, cut: int) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value) if len(repr(value)) <= _FLOAT else f"{value:.6g}"
    return _cut(repr(value[:cut]) if isinstance(value, bytes) else str(value), cut)


def _cut(text: str, cut: int) -> str:
    shown = text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[:cut])
    return shown if len(shown) <= cut else f"{shown[: cut - 1]}…"
