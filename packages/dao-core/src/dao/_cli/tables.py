"""Formats rows of data as text that fits the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dao._cli.output import printable

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["data_table"]

_WIDEST_CELL = 32
_GAP = "  "


def data_table(batches: Sequence[pa.RecordBatch], schema: pa.Schema, width: int | None) -> list[str]:
    """The lines of a table: names, types, rows; numbers are right-aligned.

    Args:
        batches: the rows.
        schema: their schema.
        width: the width of the terminal; columns that don't fit are named below the table. ``None``: no limit.
    """
    import pyarrow.types as kinds

    names = [printable(name) for name in schema.names]
    # Not to_pylist() of the batch: a schema may have one name twice.
    values = [[v for batch in batches for v in batch.column(at).to_pylist()] for at in range(len(names))]
    columns = []
    for name, field, cells in zip(names, schema, values, strict=True):
        to_right = kinds.is_integer(field.type) or kinds.is_floating(field.type) or kinds.is_decimal(field.type)
        columns.append(_column([name, str(field.type), *map(_cell, cells)], to_right))
    kept = _fitting([_width(column[0]) for column in columns], width)
    lines = [_GAP.join(cells).rstrip() for cells in zip(*columns[:kept], strict=True)]
    if kept < len(names):
        lines += ["", f"not shown: {', '.join(names[kept:])}; --columns chooses"]
    return lines


def _column(cells: list[str], to_right: bool) -> list[str]:
    cells = [cell if _width(cell) <= _WIDEST_CELL else f"{_cut(cell, _WIDEST_CELL - 1)}…" for cell in cells]
    wide = max(map(_width, cells))
    padded = []
    for cell in cells:
        padding = " " * (wide - _width(cell))
        padded.append(padding + cell if to_right else cell + padding)
    return padded


def _cell(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return repr(value[:_WIDEST_CELL])
    return printable(value if isinstance(value, str) else str(value))


def _width(text: str) -> int:
    """The width of a text on a terminal: some characters take two cells, or none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _cut(text: str, wide: int) -> str:
    while _width(text) > wide:
        text = text[: max(wide, len(text) - max(1, (_width(text) - wide) // 2))]
    return text


def _fitting(widths: Sequence[int], width: int | None) -> int:
    """How many columns fit, at least one."""
    if width is None:
        return len(widths)
    taken = -len(_GAP)
    for at, wide in enumerate(widths):
        taken += wide + len(_GAP)
        if taken > width and at:
            return at
    return len(widths)
