"""Where values are, for messages: the column, the path below it, the row."""

from __future__ import annotations

from collections.abc import Sequence

from dao.errors import DataError

__all__ = ["Place"]


class Place:
    """Where values are: the column's path and the row of each."""

    def __init__(self, path: str, rows: Sequence[int] | None) -> None:
        self.path = path
        self.rows = rows

    def fault(self, index: int | None, message: str) -> DataError:
        row = index if index is None or self.rows is None else self.rows[index]
        return DataError(f"column {self.path!r}" + ("" if row is None else f", row {row}") + f": {message}")

    def below(self, step: str, rows: Sequence[int] | None = None) -> Place:
        """Where the values of a field, or the items of lists, are."""
        return Place(f"{self.path}{step}", self.rows if rows is None else rows)

    def row(self, index: int) -> int:
        return index if self.rows is None else self.rows[index]
